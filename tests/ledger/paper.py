"""The same bank as one would keep it on paper: plain sums, no SQL, no transaction, no key, nothing that can fail."""

from collections import Counter
from datetime import datetime

import msgspec

from compensation.db.answers import Who

EUR = "EUR"


class Card(msgspec.Struct):
    """A card of the model. ``taken`` is what each of its uses holds still, principal and bonus apart."""

    id: str
    code: str
    lots: list[int]
    expires_at: datetime
    state: str = "issued"
    taken: dict[str, list[int]] = {}

    @property
    def balance(self) -> int:
        return sum(self.lots)


class Use(msgspec.Struct, frozen=True):
    id: str
    card: Card


class Paper:
    """One merchant with one program. ``accounts`` has every account by its id."""

    def __init__(self, who: Who, program: str, now: datetime) -> None:
        self.who, self.program, self.now = who, program, now
        self.accounts: Counter[str] = Counter()
        self.cards: list[Card] = []

    def move(self, source: str, destination: str, amount: int) -> None:
        self.accounts[source] -= amount
        self.accounts[destination] += amount

    def of(self, role: str) -> str:
        owner = self.program if role in ("budget", "spent") else self.who.merchant_id
        return f"{role}:{owner}:{EUR}"

    def lots_of(self, card: Card) -> tuple[str, str]:
        return f"card:{card.id}:{EUR}:principal", f"card:{card.id}:{EUR}:bonus"

    def issued(self, card: Card) -> None:
        self.move(self.of("budget"), self.of("spent"), card.balance)
        for lot, amount in zip(self.lots_of(card), card.lots, strict=True):
            self.move(self.of("expense.goodwill"), lot, amount)
        self.cards.append(card)

    def refusal_to_spend(self, card: Card, amount: int, currency: str) -> str | None:
        usable = card.state in ("issued", "partly_redeemed") and self.now < card.expires_at and card.balance
        if not usable:
            return "code_not_usable"
        if currency != EUR:
            return "currency_mismatch"
        return "insufficient_balance" if amount > card.balance else None

    def spent(self, card: Card, use_id: str, amount: int) -> None:
        """The principal first, then the bonus."""
        principal = min(amount, card.lots[0])
        card.taken[use_id] = [principal, amount - principal]
        self._shift(card, card.taken[use_id], -1)
        card.state = "partly_redeemed" if card.balance else "redeemed"

    def refusal_to_return(self, use: Use, amount: int) -> str | None:
        if use.card.state == "expired" or self._late(use.card):
            return "wrong_state"
        return "more_than_spent" if amount > sum(use.card.taken[use.id]) else None

    def returned(self, use: Use, amount: int) -> None:
        """To the lots it came from, in the order in which it was taken."""
        taken = use.card.taken[use.id]
        principal = min(amount, taken[0])
        back = [principal, amount - principal]
        use.card.taken[use.id] = [held - given for held, given in zip(taken, back, strict=True)]
        self._shift(use.card, back, +1)
        use.card.state = "partly_redeemed"

    def swept(self) -> int:
        overdue = [card for card in self.cards if card.state in ("issued", "partly_redeemed") and self._late(card)]
        for card in overdue:
            for place, lot in enumerate(self.lots_of(card)):
                self.move(lot, self.of("breakage"), card.lots[place])
            card.lots, card.state = [0, 0], "expired"
        return len(overdue)

    def _late(self, card: Card) -> bool:
        return card.expires_at <= self.now

    def _shift(self, card: Card, amounts: list[int], sign: int) -> None:
        for place, (lot, amount) in enumerate(zip(self.lots_of(card), amounts, strict=True)):
            card.lots[place] += sign * amount
            self.move(self.of("sales"), lot, sign * amount)
