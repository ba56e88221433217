"""The payment simulator as the bank test meets it: the real library, on a wire that may fail in every known way."""

from typing import Literal

import msgspec

from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.issuance.payment import Declined, Failed, Found, PaymentPort, Pending, Refunded, Succeeded, Unknown
from compensation.partners.payment_simulator.book import SETTLING

Fate = Literal["well", "dies", "lost before", "lost after", "away"]
Heard = Found | Declined

RANKS = {Pending: 1, Succeeded: 2, Failed: 3, Declined: 3}
"""A refund only ever goes forward: on its way, gone, or come back and never gone."""
REMEMBERED = 20 * 3600


class Died(Exception):
    """The worker is killed over its call: nobody writes down what was answered."""


class Wire:
    """One call's way to the processor and back. ``answers`` has whatever the processor said, heard or not."""

    def __init__(self, port: PaymentPort, fate: Fate, answers: list[Heard]) -> None:
        self._port, self._fate, self._answers = port, fate, answers

    async def refund(self, reference: str, payment: str, amount: Money) -> Refunded:
        if self._fate == "lost before":
            return Unknown("The request never arrived.")
        answer = await self._port.refund(reference, payment, amount)
        assert not isinstance(answer, Unknown), answer
        self._answers.append(answer)
        if self._fate == "dies":
            raise Died
        return Unknown("No answer came back.") if self._fate == "lost after" else answer

    async def find_refund(self, reference: str, payment: str) -> Found | None:
        if self._fate == "away":
            raise Unavailable("processor_away", "It does not answer.", retry_after=1)
        found = await self._port.find_refund(reference, payment)
        if found is not None:
            self._answers.append(found)
        return found


class Owed(msgspec.Struct, eq=False):
    """A refund on paper. ``since`` and ``made`` are seconds since 1970; ``heard`` is the furthest that we were told."""

    id: str
    payment: str
    habit: str
    amount: int
    since: float
    made: float | None = None
    tries: int = 0
    turned_away: bool = False
    heard: int = 0
    answers: list[Heard] = []

    def truth(self, now: float) -> int | None:
        """How far it is at the processor; None while there is none."""
        if self.made is None:
            return None
        settled = now >= self.made + SETTLING
        if self.habit == "pending":
            return 2 if settled else 1
        if self.habit == "pending-fails":
            return 3 if settled else 1
        return 3 if settled and self.habit == "bounces" else 2

    def worked(self, fate: Fate, now: float) -> tuple[int, str | None]:
        """How far we have heard after one more piece of work, and what it ended in, if not in peace."""
        self.tries += 1
        if self.heard == 3:
            return 3, None
        if self.tries > 1 or self.heard:
            if fate == "away":
                return self.heard, "processor_away"
            found = self.truth(now)
            if found is not None:
                return max(self.heard, found), None
            if now - self.since > REMEMBERED:
                return 3, None
        return self._asked(fate, now)

    def _asked(self, fate: Fate, now: float) -> tuple[int, str | None]:
        if fate == "lost before":
            return self.heard, "refund_unknown"
        if self.habit == "busy" and not self.turned_away:
            self.turned_away = True
            return self.heard, "payments_unavailable"
        if self.habit != "declined":
            self.made = now
        if fate == "dies":
            return self.heard, "died"
        if fate == "lost after":
            return self.heard, "refund_unknown"
        found = self.truth(now)
        return (3 if found is None else found), None
