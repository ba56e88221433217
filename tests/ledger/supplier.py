"""The supplier simulator as the bank test meets it: our real client, on a wire that may fail in every known way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from compensation.core.dates import add_months
from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.issuance.supplier import Found, Ordered, Quote, SupplierPort, Unknown
from compensation.partners.supplier_simulator.book import SETTLING
from compensation.partners.supplier_simulator.habits import Habit
from tests.ledger.processor import Died, Fate

REMEMBERED, PATIENCE, LONGEST = timedelta(hours=20), timedelta(hours=36), timedelta(days=3)
"""When a card that was not found is ordered no more; when no answer, or no code, is waited for no more."""
VALID_MONTHS = 24
DEARER = 1_00

State = Literal["pending", "issued", "needs_review", "refused", "expired"]


class Line:
    """One call's way to the supplier and back. ``answers`` has whatever the supplier said of an order, heard or not."""

    def __init__(self, port: SupplierPort, fate: Fate, answers: list[Found]) -> None:
        self._port, self._fate, self._answers = port, fate, answers

    async def quote(self, product: str, amount: Money) -> Quote | None:
        return await self._port.quote(product, amount)

    async def order(self, reference: str, product: str, amount: Money, most: Money) -> Ordered:
        if self._fate == "lost before":
            return Unknown("The request never arrived.")
        answer = await self._port.order(reference, product, amount, most)
        assert not isinstance(answer, Unknown), answer
        self._answers.append(answer)
        if self._fate == "dies":
            raise Died
        return Unknown("No answer came back.") if self._fate == "lost after" else answer

    async def find_order(self, reference: str) -> Found | None:
        if self._fate == "away":
            raise Unavailable("supplier_away", "He does not answer.", retry_after=1)
        found = await self._port.find_order(reference)
        if found is not None:
            self._answers.append(found)
        return found


class Bought(msgspec.Struct, eq=False):
    """A card of another brand on paper. ``made`` is when the supplier sold it; None while he did not."""

    id: str
    habit: Habit
    amount: int
    since: datetime
    state: State = "pending"
    made: datetime | None = None
    accepted: bool = False
    """We have heard that the order is taken."""
    kept: bool = False
    """We have its code, though it may wait for a person."""
    tries: int = 0
    turned_away: bool = False
    expires_at: datetime | None = None
    answers: list[Found] = []

    def worked(self, fate: Fate, now: datetime, post: Callable[["Bought", int], None]) -> str | None:
        """One more piece of the worker's work, and what it ends in if not in peace. ``post`` is told of what a card
        that is there, or refused, costs."""
        if self.state != "pending":
            return None
        self.tries += 1
        age = now - self.since
        if self.tries > 1 or self.accepted:
            if fate == "away":
                return self._unclear("supplier_away", age)
            if self.made is not None:
                self.heard(now, post)
                return None
            if self.accepted or age > REMEMBERED:
                self.state = "needs_review"
                return None
        if self.habit is Habit.out_of_stock:
            self._ended("refused", 0, post)
            return None
        if self.habit is Habit.dearer:
            self.state = "needs_review"
            return None
        return self._ordered(fate, now, age, post)

    def _ordered(self, fate: Fate, now: datetime, age: timedelta, post: Callable[["Bought", int], None]) -> str | None:
        if fate == "lost before":
            return self._unclear("supplier_unknown", age)
        if self.habit is Habit.busy and not self.turned_away:
            self.turned_away = True
            return self._unclear("supplier_unavailable", age)
        sells = self.habit not in (Habit.sold_out, Habit.dearer_later)
        self.made = now if sells else None
        if fate == "dies":
            return "died"
        if fate == "lost after":
            return self._unclear("supplier_unknown", age)
        if sells:
            self.heard(now, post)
        elif self.habit is Habit.sold_out:
            self._ended("refused", 0, post)
        else:
            self.state = "needs_review"
        return None

    def heard(self, now: datetime, post: Callable[["Bought", int], None]) -> None:
        """What the supplier has of it now is written down."""
        assert self.made is not None
        settled = now >= self.made + timedelta(seconds=SETTLING)
        if self.habit is Habit.later_refused and settled:
            self._ended("refused", 0, post)
        elif self.habit in (Habit.later, Habit.later_refused) and not settled:
            self.accepted = True
            if now - self.since > LONGEST:
                self.state = "needs_review"
        elif self.habit is Habit.other_card:
            self.state = "needs_review"
        else:
            self.arrived(now, post)

    def arrived(self, now: datetime, post: Callable[["Bought", int], None]) -> None:
        """Its code has come, as late as may be."""
        self.kept, self.expires_at = True, add_months(now, VALID_MONTHS)
        if self.habit is Habit.overcharged:
            self.state = "needs_review"
        else:
            self._ended("issued", self.amount - (self.habit is Habit.cheaper), post)

    def settled(
        self, outcome: Literal["issued", "refused"], now: datetime, post: Callable[["Bought", int], None]
    ) -> None:
        """A person's word: what was stated is owed, or nothing."""
        if outcome == "issued" and not self.kept:
            self.expires_at = add_months(now, VALID_MONTHS)
        self._ended(outcome, self.amount if outcome == "issued" else 0, post)

    def _ended(self, state: State, cost: int, post: Callable[["Bought", int], None]) -> None:
        self.state = state
        post(self, cost)

    def _unclear(self, code: str, age: timedelta) -> str | None:
        if age <= PATIENCE:
            return code
        self.state = "needs_review"
        return None
