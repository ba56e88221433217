"""What merchants' systems do all day, drawn by a seed: issue, spend, bring back, report harms, and ask again."""

import asyncio
import random

import asyncpg
import msgspec

from tests.faults.caller import Caller
from tests.faults.journey import Outcome, decide, enjoy

HABITS = ("prompt",) * 6 + ("busy", "busy", "pending")
"""How the payment processor behaves. Lost answers take it twelve seconds each; tests/partners tries those."""


class Held(msgspec.Struct):
    """A card, and what must be on it after everything that was acknowledged."""

    reward_id: str
    balance: int


class Trader:
    """One system with its own chance and its own keys. It remembers what it was promised."""

    def __init__(self, caller: Caller, name: str, seed: int) -> None:
        self.caller, self.name = caller, name
        self.cards: list[Held] = []
        self.cases: list[Outcome] = []
        self._chance = random.Random(f"{seed} {name}")
        self._number = 0

    async def trade(self, enough: asyncio.Event) -> None:
        """Until it is enough; what was begun is brought to its end."""
        while not enough.is_set():
            self._number += 1
            deal = self._chance.choices((self.sell, self.make_good, self.ask_again), (6, 3, 2))[0]
            await deal(f"{self.name}-{self._number}")

    async def sell(self, name: str) -> None:
        """A card, some sales that are paid with it, of which some come back, and one that it does not cover."""
        worth, bonus = self._chance.randrange(5_00, 50_00), self._chance.randrange(0, 5_00)
        item = {"kind": "gift_card", "amount": _euro(worth)} | ({"bonus": _euro(bonus)} if bonus else {})
        order = (await self.caller.post("/v1/orders", {"items": [item]}, f"{name}-order")).json()
        card = Held(order["rewards"][0]["id"], worth + bonus)
        self.cards.append(card)
        code = await self.caller.reveal(card.reward_id)
        for turn in range(self._chance.randrange(4)):
            # A cent stays on it: an empty card would be refused like a wrong code, and wrong codes are counted.
            amount = self._chance.randrange(1, card.balance)
            body = {"code": code, "amount": _euro(amount)}
            sale = (await self.caller.post("/v1/gift-cards/redeem", body, f"{name}-sale-{turn}")).json()
            card.balance -= amount
            assert sale["balance"]["amount"] == card.balance, (name, turn)
            if self._chance.random() < 0.4:
                back = self._chance.randrange(1, amount + 1)
                body = {"redemption_id": sale["id"], "amount": _euro(back)}
                await self.caller.post("/v1/gift-cards/return", body, f"{name}-back-{turn}")
                card.balance += back
        body = {"code": code, "amount": _euro(card.balance + 1)}
        refused = await self.caller.post("/v1/gift-cards/redeem", body, f"{name}-too-much")
        assert refused.status_code == 422, refused.text

    async def make_good(self, name: str) -> None:
        """A whole case: money back through the processor, store credit, a letter."""
        decided = await decide(self.caller, name, self._chance.choice(HABITS))
        outcome = await enjoy(self.caller, name, decided)
        self.cases.append(outcome)
        self.cards.append(Held(outcome.reward_id, outcome.credit - outcome.spent))

    async def ask_again(self, name: str) -> None:
        """An old promise, by its key: the same bytes."""
        if not self.caller.kept:
            return
        key, kept = self._chance.choice(list(self.caller.kept.items()))
        again = await self.caller.post(kept.path, kept.body, key)
        assert again.content == kept.answer, f"{name} asked for {key} again and got another answer"


async def broken_promises(owner: asyncpg.Connection, traders: list[Trader]) -> list[str]:
    """Every acknowledged answer that is not in the books as it was given, and every card that holds something else."""
    answers = {row["key"]: row["answer"] for row in await owner.fetch("SELECT key, answer FROM idempotency_keys")}
    broken = []
    for caller in {trader.caller for trader in traders}:
        broken += [
            f"{key}: lost"
            for key, kept in caller.kept.items()
            if not _stands(kept.status, kept.answer, answers.get(key))
        ]
    held = {
        row["owner_id"]: row["held"]
        for row in await owner.fetch(
            "SELECT owner_id, sum(balance)::bigint AS held FROM accounts WHERE role = 'card' GROUP BY 1"
        )
    }
    for trader in traders:
        broken += [
            f"{card.reward_id}: {held.get(card.reward_id)} instead of {card.balance}"
            for card in trader.cards
            if held.get(card.reward_id) != card.balance
        ]
    return broken


def _stands(status: int, given: bytes, kept: bytes | None) -> bool:
    """A refusal is kept as its code and worded anew; everything else is kept as the bytes that were given."""
    if status < 400 or kept is None:
        return given == kept
    return bool(msgspec.json.decode(kept)["code"] == msgspec.json.decode(given)["code"])


def _euro(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "EUR"}
