"""Deals with cards: sold, spent, held, brought back, corrected, joined. Each says what must be on them afterwards."""

from datetime import UTC, datetime, timedelta

from tests.faults.trader import Held, Trader, euro

CARDS, REWARDS = "/v1/gift-cards", "/v1/rewards"
WEEK = 7 * 24 * 60


async def sell(trader: Trader, name: str) -> None:
    """A card, some sales that are paid with it, of which some come back, and one that it does not cover."""
    card = await trader.buy(name)
    for turn in range(trader.chance.randrange(4)):
        amount = trader.part(card.balance)
        body = {"code": card.code, "amount": euro(amount)}
        sale = await trader.ask(f"{CARDS}/redeem", body, f"{name}-sale-{turn}", 201)
        card.balance -= amount
        assert sale["balance"]["amount"] == card.balance, (name, turn)
        if trader.chance.random() < 0.4:
            back = trader.chance.randrange(1, amount + 1)
            body = {"redemption_id": sale["id"], "amount": euro(back)}
            await trader.ask(f"{CARDS}/return", body, f"{name}-back-{turn}", 201)
            card.balance += back
    body = {"code": card.code, "amount": euro(card.balance + 1)}
    await trader.ask(f"{CARDS}/redeem", body, f"{name}-too-much", 422)


async def reserve(trader: Trader, name: str) -> None:
    """Value set aside three times: captured in part and brought back, let go, and left aside."""
    card = await trader.buy(name)
    for end in ("capture", "release", "leave"):
        amount = trader.part(card.balance)
        body = {"code": card.code, "amount": euro(amount), "minutes": WEEK}
        held = await trader.ask(f"{CARDS}/hold", body, f"{name}-{end}-hold", 201)
        if end == "capture":
            taken = trader.chance.randrange(1, amount + 1)
            body = {"hold_id": held["id"], "amount": euro(taken)}
            use = await trader.ask(f"{CARDS}/capture", body, f"{name}-capture", 200)
            body = {"redemption_id": use["redemption_id"], "amount": euro(taken)}
            back = await trader.ask(f"{CARDS}/return", body, f"{name}-back", 201)
            assert back["balance"]["amount"] == card.balance, name
        elif end == "release":
            await trader.ask(f"{CARDS}/release", {"hold_id": held["id"]}, f"{name}-release", 200)
        else:
            card.balance -= amount


async def correct(trader: Trader, name: str) -> None:
    """A card made good for longer, replaced, taken back in part or beyond what is there, and another one cancelled."""
    card = await trader.buy(name)
    until = (datetime.now(UTC) + timedelta(days=365 * 8)).isoformat()
    await trader.ask(f"{REWARDS}/{card.reward_id}/extend", {"until": until}, f"{name}-extend", 200)
    done = await trader.ask(f"{REWARDS}/{card.reward_id}/reissue", {"reason": "lost"}, f"{name}-reissue", 201)
    new = Held(done["to_reward_id"], await trader.caller.reveal(done["to_reward_id"]), card.balance)
    trader.cards.append(new)
    card.balance = 0
    wanted = trader.chance.randrange(1, 2 * new.balance)
    body = {"amount": euro(wanted), "reason": "error"}
    done = await trader.ask(f"{REWARDS}/{new.reward_id}/clawback", body, f"{name}-clawback", 200)
    taken = min(wanted, new.balance)
    assert (done["amount"], done["shortfall"]) == (euro(taken), euro(wanted - taken)), name
    new.balance -= taken
    other = await trader.buy(f"{name}-other")
    await trader.ask(f"{REWARDS}/{other.reward_id}/void", {"reason": "error"}, f"{name}-void", 200)
    other.balance = 0
    await trader.ask(f"{REWARDS}/{other.reward_id}/void", {"reason": "error"}, f"{name}-void-again", 422)


async def join(trader: Trader, name: str) -> None:
    """Store credit moved to a card, two cards made into one, and a sale paid from two."""
    credit = await trader.buy(f"{name}-credit", "store_credit")
    first, second, third = [await trader.buy(f"{name}-{each}") for each in ("first", "second", "third")]
    amount = trader.part(credit.balance)
    body = {"code": credit.code, "into": first.code, "amount": euro(amount)}
    await trader.ask(f"{CARDS}/transfer", body, f"{name}-transfer", 200)
    credit.balance -= amount
    first.balance += amount
    await trader.ask(f"{CARDS}/merge", {"code": first.code, "into": second.code}, f"{name}-merge", 200)
    second.balance += first.balance
    first.balance = 0
    amount = trader.part(second.balance + third.balance)
    body = {"codes": [second.code, third.code], "amount": euro(amount)}
    done = await trader.ask(f"{CARDS}/tender", body, f"{name}-tender", 201)
    assert done["due"] == euro(0), name
    spent = {use["reward_id"]: use["amount"]["amount"] for use in done["redemptions"]}
    assert sum(spent.values()) == amount, name
    for card in (second, third):
        card.balance -= spent.get(card.reward_id, 0)
