"""The extent of a harm: what is owed, each due counted once whatever families claim it, and the law that applies."""

import datetime
import enum

import msgspec

from compensation.core.money import Money
from compensation.engine.harm import Family, Severity
from compensation.engine.reason import Reason, Tried
from compensation.engine.report import Report


class DueKind(enum.StrEnum):
    price = "price"
    """The price paid goes back."""
    duplicate = "duplicate"
    """A sum taken twice goes back."""
    costs = "costs"
    """An accepted cost line is made good."""
    promise = "promise"
    """Store credit that was promised is given."""
    conformity = "conformity"
    """Defective goods are put right: repair or replacement; or the price, where no rule puts repair first."""
    performance = "performance"
    """A poor service is done again; or part of the price."""

    @property
    def in_kind(self) -> bool:
        return self in (DueKind.conformity, DueKind.performance)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the customer has a right to. ``source`` is what it is counted by, so that nothing is owed twice.

    ``amount`` is None for a due in kind that a rule allows no money for yet; for one that may be met in money
    instead it is that sum.
    """

    kind: DueKind
    source: str
    amount: Money | None
    reason: Reason
    harms: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    remedy: str | None = None
    """The remedy that pays a cost line: reimbursement or cash compensation."""


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """A legal rule that applied, with what it demands. ``verification`` is shown wherever the rule is."""

    code: str
    pack: str
    citation: str
    verification: str
    due: DueKind | None
    deadline_days: int | None
    same_means: bool
    no_fee: bool
    consent: str
    """``never``, ``express`` or ``signed``: how the customer may agree to a substitute."""
    refuses: tuple[str, ...]
    """Remedies that may not take the place of what is owed, except by that consent."""
    reason: Reason


class HarmFound(msgspec.Struct, frozen=True, kw_only=True):
    """One harm of the case, merged where it was reported twice, with the worse severity."""

    type: str
    family: Family
    severity: Severity


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a case put in order. ``owed`` is the sum of the money dues."""

    report: Report
    on: datetime.date
    currency: str
    harms: tuple[HarmFound, ...]
    days_late: int
    dues: tuple[Due, ...]
    obligations: tuple[Obligation, ...]
    owed: Money
    tried: tuple[Tried, ...]
