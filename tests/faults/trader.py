"""One merchant's system: its own chance, its own keys, and all that it was promised."""

import random
from typing import Any

import msgspec

from tests.faults.caller import Caller
from tests.faults.journey import Outcome


class Held(msgspec.Struct):
    """A card, and what must be on it after everything that was acknowledged."""

    reward_id: str
    code: str
    balance: int


class Patron(msgspec.Struct):
    """A customer with a wallet. ``credit`` is on cards of his; ``points`` can be spent."""

    id: str
    points: int = 0
    credit: dict[str, Held] = {}


class Trader:
    """What it was promised: ``cards``, ``cases``, its ``patron``, and how many lines of which ``files`` are issued."""

    def __init__(self, caller: Caller, number: int, seed: int) -> None:
        self.caller, self.number, self.name = caller, number, f"trader{number}"
        self.chance = random.Random(f"{seed} {self.name}")
        self.cards: list[Held] = []
        self.cases: list[Outcome] = []
        self.files: dict[str, int] = {}
        self.patron: Patron | None = None
        self.doubtful = False
        """Whether a process has died since it asked for old promises again."""

    async def ask(self, path: str, body: Any, key: str, status: int) -> Any:
        """The lasting answer, which must be of this status."""
        answer = await self.caller.post(path, body, key)
        assert answer.status_code == status, f"{key}: {answer.status_code} {answer.text}"
        return answer.json()

    async def buy(self, key: str, kind: str = "gift_card", customer_id: str | None = None) -> Held:
        """A new card with its code."""
        worth, bonus = self.chance.randrange(5_00, 50_00), self.chance.randrange(0, 5_00)
        item = {"kind": kind, "amount": euro(worth)} | ({"bonus": euro(bonus)} if bonus else {})
        body = {"items": [item]} | ({"customer_id": customer_id} if customer_id else {})
        order = await self.ask("/v1/orders", body, f"{key}-order", 201)
        reward_id = order["rewards"][0]["id"]
        card = Held(reward_id, await self.caller.reveal(reward_id), worth + bonus)
        self.cards.append(card)
        return card

    def part(self, whole: int) -> int:
        """Some of it. A cent stays on a card: an empty one would be refused like a wrong code, which is counted."""
        return self.chance.randrange(1, max(2, whole))


def euro(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "EUR"}
