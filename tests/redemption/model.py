"""Stored value as one would keep it on paper: cards, lots, holds and uses; plain sums and nothing that can fail."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from compensation.db.answers import Who

EUR = "EUR"
Key = tuple[str, str]
"""A lot by the card it was issued on and its name there."""


class Card(msgspec.Struct, eq=False):
    id: str
    code: str
    kind: str
    lots: dict[Key, int]
    issued_at: datetime
    expires_at: datetime
    state: str = "issued"
    used: int = 0
    breakage: dict[Key, int] = {}
    replaces: "Card | None" = None
    moved_to: "Card | None" = None

    @property
    def left(self) -> int:
        return sum(self.lots.values())

    @property
    def spendable(self) -> bool:
        return self.state in ("issued", "partly_redeemed")

    @property
    def was_used(self) -> bool:
        total, card = 0, self
        while True:
            total += card.used
            if card.replaces is None:
                return total > 0
            card = card.replaces

    def named(self, key: Key) -> str:
        """What the lot is called on this card."""
        return key[1] if key[0] == self.id else f"{key[1]}.{key[0][4:]}"

    def account(self, key: Key) -> str:
        return f"card:{self.id}:{EUR}:{self.named(key)}"

    def ordered(self) -> list[Key]:
        return sorted(self.lots, key=self.named, reverse=True)


class Held(msgspec.Struct, eq=False):
    id: str
    card: Card
    parts: dict[Key, int]
    expires_at: datetime
    state: str = "held"


class Use(msgspec.Struct, eq=False):
    id: str
    card: Card
    taken: dict[Key, int]


class Model:
    """One merchant with one program. Each verb is two: ``…_refusal`` says why not, the other does it."""

    def __init__(self, who: Who, program: str, budget: int, now: datetime) -> None:
        self.who, self.program, self.now = who, program, now
        self.accounts: Counter[str] = Counter()
        self.cards: list[Card] = []
        self.holds: list[Held] = []
        self.move(self.of("funding"), self.of("budget"), budget)

    def move(self, source: str, destination: str, amount: int) -> None:
        self.accounts[source] -= amount
        self.accounts[destination] += amount

    def of(self, role: str) -> str:
        owner = self.program if role in ("budget", "spent") else self.who.merchant_id
        return f"{role}:{owner}:{EUR}"

    def held(self, card: Card) -> bool:
        return any(one.card is card and one.state == "held" for one in self.holds)

    def usable(self, card: Card) -> bool:
        return card.spendable and self.now < card.expires_at

    def issued(self, card: Card) -> None:
        self.move(self.of("budget"), self.of("spent"), card.left)
        for key, amount in card.lots.items():
            self.move(self.of("expense.goodwill"), card.account(key), amount)
        self.cards.append(card)

    def out(self, card: Card, amount: int) -> dict[Key, int]:
        """Take from the lots in their order, whether or not there is enough."""
        taken: dict[Key, int] = {}
        for key in card.ordered():
            part = min(card.lots[key], amount)
            if part:
                taken[key] = part
                card.lots[key] -= part
                amount -= part
        return taken

    def back(self, card: Card, parts: dict[Key, int]) -> None:
        for key, part in parts.items():
            card.lots[key] = card.lots.get(key, 0) + part

    # -- at the till ------------------------------------------------------------------------------------------------
    def spend_refusal(self, card: Card, amount: int) -> str | None:
        if not self.usable(card) or not card.left:
            return "code_not_usable"
        return "insufficient_balance" if amount > card.left else None

    def spent(self, card: Card, use_id: str, amount: int) -> Use:
        taken = self.out(card, amount)
        for key, part in taken.items():
            self.move(card.account(key), self.of("sales"), part)
        return self._used(card, use_id, taken)

    def _used(self, card: Card, use_id: str, taken: dict[Key, int]) -> Use:
        card.used += sum(taken.values())
        card.state = "partly_redeemed" if card.left or self.held(card) else "redeemed"
        return Use(use_id, card, taken)

    def holding(self, card: Card, hold_id: str, amount: int, minutes: int) -> Held:
        held = Held(hold_id, card, self.out(card, amount), self.now + timedelta(minutes=minutes))
        for key, part in held.parts.items():
            self.move(card.account(key), self.aside(held, key), part)
        self.holds.append(held)
        return held

    def aside(self, held: Held, key: Key) -> str:
        return f"held:{held.id}:{EUR}:{held.card.named(key)}"

    def capture_refusal(self, held: Held, amount: int) -> str | None:
        if held.state != "held" or self.now >= held.expires_at:
            return "hold_ended"
        return "more_than_held" if amount > sum(held.parts.values()) else None

    def captured(self, held: Held, use_id: str, amount: int) -> Use:
        taken: dict[Key, int] = {}
        for key in sorted(held.parts, key=held.card.named, reverse=True):
            part = min(held.parts[key], amount)
            if part:
                taken[key] = part
                held.parts[key] -= part
                amount -= part
                self.move(self.aside(held, key), self.of("sales"), part)
        self.released(held, "captured")
        return self._used(held.card, use_id, taken)

    def released(self, held: Held, state: str = "released") -> None:
        for key, part in held.parts.items():
            self.move(self.aside(held, key), held.card.account(key), part)
        self.back(held.card, held.parts)
        held.parts, held.state = {}, state

    def give_refusal(self, use: Use, amount: int) -> str | None:
        card = self.standing(use.card)
        if card.state in ("voided", "expired") or card.expires_at <= self.now:
            return "wrong_state"
        return "more_than_spent" if amount > sum(use.taken.values()) else None

    def given(self, use: Use, amount: int) -> None:
        card = self.standing(use.card)
        card.used -= amount
        for key, part in use.taken.items():
            some = min(part, amount)
            use.taken[key] -= some
            amount -= some
            self.move(self.of("sales"), card.account(key), some)
            self.back(card, {key: some})
        card.state = "partly_redeemed"

    def standing(self, card: Card) -> Card:
        while card.moved_to is not None:
            card = card.moved_to
        return card

    # -- at the desk ------------------------------------------------------------------------------------------------
    def taken_back(self, card: Card, amount: int) -> int:
        taken = self.out(card, amount)
        for key, part in taken.items():
            self.move(card.account(key), self.of("expense.goodwill"), part)
            self.move(self.of("spent"), self.of("budget"), part)
        return sum(taken.values())

    def void_refusal(self, card: Card) -> str | None:
        if card.state == "redeemed" or card.was_used:
            return "already_used"
        if not card.spendable:
            return "wrong_state"
        if self.held(card):
            return "value_is_held"
        return "void_window_over" if self.now > card.issued_at + timedelta(days=14) else None

    def clawed_back(self, card: Card, amount: int) -> int:
        taken = self.taken_back(card, amount)
        if taken and not card.left and not self.held(card):
            card.state = "redeemed" if card.was_used else "voided"
        return taken

    def reissue_refusal(self, card: Card) -> str | None:
        if not self.usable(card):
            return "wrong_state"
        return "value_is_held" if self.held(card) else None

    def carried(self, card: Card, to: Card, amount: int) -> None:
        """So much of one card goes to the other, with the names of its lots."""
        taken = self.out(card, amount)
        for key, part in taken.items():
            self.move(card.account(key), to.account(key), part)
        self.back(to, taken)
        to.expires_at = max(card.expires_at, to.expires_at)

    def gone(self, card: Card, to: Card) -> None:
        card.state, card.moved_to = "voided", to

    def pair_refusal(self, card: Card, to: Card) -> str | None:
        if not self.usable(card) or not self.usable(to):
            return "code_not_usable"
        return "same_card" if card is to else None

    def extend_refusal(self, card: Card, until: datetime) -> str | None:
        if not card.spendable and card.state != "expired":
            return "wrong_state"
        return "not_later" if until <= card.expires_at or until <= self.now else None

    def extended(self, card: Card, until: datetime) -> None:
        card.expires_at = until
        if card.state == "expired":
            for key, part in card.breakage.items():
                self.move(self.of("breakage"), card.account(key), part)
            self.back(card, card.breakage)
            card.state = "partly_redeemed" if card.was_used else "issued"

    # -- by the clock -----------------------------------------------------------------------------------------------
    def swept(self) -> tuple[int, int]:
        due = [held for held in self.holds if held.state == "held" and held.expires_at <= self.now]
        for held in due:
            self.released(held, "expired")
        late = [c for c in self.cards if c.spendable and c.expires_at <= self.now and not self.held(c)]
        for card in late:
            card.breakage = {key: part for key, part in card.lots.items() if part}
            for key, part in card.breakage.items():
                self.move(card.account(key), self.of("breakage"), part)
            card.lots, card.state = dict.fromkeys(card.lots, 0), "expired"
        return len(due), len(late)
