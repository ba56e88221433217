"""Deals with a customer who comes back: his wallet, his points, and files of orders. One trader knows one patron."""

from tests.faults.journey import report_of
from tests.faults.trader import Held, Patron, Trader, euro

POINTS_A_CENT = 10
"""The rate of the house; fewer points make no cent, and are refused."""


async def patron_of(trader: Trader) -> Patron:
    """Known by a report of his that nobody has decided yet, and by a number only, so that no letter goes to him."""
    if trader.patron is None:
        name = f"{trader.name}-patron"
        report = report_of(name) | {"customer": {"reference": name}}
        case = await trader.ask("/v1/cases", report, f"{name}-report", 201)
        trader.patron = Patron(case["customer_id"])
    return trader.patron


async def shop(trader: Trader, name: str) -> None:
    """A patron is given store credit, and spends it as one sum over all he has."""
    patron = await patron_of(trader)
    for each in range(2):
        card = await trader.buy(f"{name}-{each}", "store_credit", patron.id)
        patron.credit[card.reward_id] = card
    there = sum(card.balance for card in patron.credit.values())
    amount = trader.part(there)
    spent = await trader.ask(f"/v1/customers/{patron.id}/wallet/spend", {"amount": euro(amount)}, f"{name}-wallet", 201)
    assert spent["balance"] == euro(there - amount), name
    for use in spent["redemptions"]:
        patron.credit[use["reward_id"]].balance -= use["amount"]["amount"]
        assert patron.credit[use["reward_id"]].balance == use["balance"]["amount"], name
    assert sum(card.balance for card in patron.credit.values()) == there - amount, name


async def collect(trader: Trader, name: str) -> None:
    """Points earned for two purchases, one of them pending at first; spent, turned into credit, taken back."""
    patron = await patron_of(trader)
    path = f"/v1/customers/{patron.id}/points"
    for each in ("at-once", "later"):
        count = trader.chance.randrange(200, 900)
        body = {"points": count, "reference": f"{name}-{each}", "pending": each == "later"}
        await trader.ask(f"{path}/earn", body, f"{name}-earn-{each}", 201)
        if each == "later":
            await trader.ask(f"{path}/release", {"reference": f"{name}-{each}"}, f"{name}-release", 200)
        patron.points += count
    count = trader.part(patron.points)
    done = await trader.ask(f"{path}/spend", {"points": count}, f"{name}-spend", 201)
    patron.points -= count
    assert done["balance"] == patron.points, name
    count = max(POINTS_A_CENT, patron.points // 3)
    if count <= patron.points:
        done = await trader.ask(f"{path}/convert", {"points": count, "currency": "EUR"}, f"{name}-convert", 201)
        patron.points -= done["use"]["points"]
        assert done["use"]["balance"] == patron.points, name
        card = Held(done["use"]["reward_id"], "", done["credit"]["amount"])
        trader.cards.append(card)
        patron.credit[card.reward_id] = card
    body = {"reference": f"{name}-at-once"}
    done = await trader.ask(f"{path}/take-back", body, f"{name}-take-back", 201)
    patron.points -= done["points"]
    assert done["balance"] == patron.points, name


async def send_a_file(trader: Trader, name: str) -> None:
    """Two files of orders, approved; the second is called off, unless its issuing has begun."""
    for each in ("kept", "called-off"):
        lines = trader.chance.randrange(2, 7)
        amounts = [trader.chance.randrange(1, 20) for _ in range(lines)]
        rows = [f"{name}-{each}-{line},gift_card,{amount}.50,EUR" for line, amount in enumerate(amounts)]
        sheet = "\n".join(["key,kind,amount,currency", *rows, ""]).encode()
        found = await trader.ask("/v1/imports", sheet, f"{name}-{each}-upload", 201)
        assert (found["state"], found["lines"]) == ("checked", lines), name
        await trader.ask(f"/v1/imports/{found['id']}/approve", {"lines": lines}, f"{name}-{each}-approve", 200)
        trader.files[found["id"]] = lines
    answer = await trader.caller.post(f"/v1/imports/{found['id']}/cancel", None, f"{name}-cancel")
    assert answer.status_code in (200, 409, 422), answer.text
    if answer.status_code == 200:
        trader.files[found["id"]] = 0
