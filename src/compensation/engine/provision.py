"""The provisions of a legal pack as data: what each one obliges us to, where it stands, and how far it was checked.

Fields that came after the first receipts are left out of a document that does not use them (``UNSET``), so that an
older pack keeps its hash and the receipts that name it keep verifying.
"""

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.condition import When
from compensation.engine.harm import Wording
from compensation.engine.report import Code, Country, Region
from compensation.engine.taxonomy import DueKind

RuleCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{2,31}\Z")]
DeadlineDays = Annotated[int, Meta(ge=1, le=365)]
ValidMonths = Annotated[int, Meta(ge=1, le=240)]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s<>\"]+\Z", max_length=400)]


class Verification(enum.StrEnum):
    """How far the wording of a rule was checked. It is shown wherever the rule is."""

    unverified = "unverified"
    """The statute was not read."""
    excerpt = "excerpt"
    """An excerpt of the text was read, not the whole."""
    verified = "verified"
    """A lawyer or the text itself confirmed it."""


class ConsentForm(enum.StrEnum):
    """How a customer may agree to something else than the rule gives. From the loosest to the strictest."""

    express = "express"
    """By an act of his own, recorded with its time and its words."""
    signed = "signed"
    """By a signed agreement; a recorded tick is not enough by itself."""
    never = "never"
    """Not at all, or the rule is silent and we read it strictly."""

    @property
    def strictness(self) -> int:
        return _STRICTNESS[self]


_STRICTNESS = {form: place for place, form in enumerate(ConsentForm)}


class Provision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every provision says of itself. ``regions`` are ISO 3166-2 subdivisions; without them it holds everywhere
    in the pack's countries. ``source`` is where the text stands, ``read_on`` the day somebody read it."""

    code: RuleCode
    citation: Annotated[str, Meta(min_length=3, max_length=400)]
    words: Wording
    effective_from: datetime.date
    effective_until: datetime.date | None = None
    review_by: datetime.date
    verification: Verification
    verification_note: str
    regions: tuple[Region, ...] | UnsetType = UNSET
    source: Address | UnsetType = UNSET
    read_on: datetime.date | UnsetType = UNSET

    def holds(self, region: str, on: datetime.date) -> bool:
        """Whether it is in force there on that day. A customer whose region is not known is in none."""
        in_force = self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)
        return in_force and (not self.regions or region in self.regions)


class LegalRule(Provision, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule. ``due`` is what it gives the customer, ``refuses`` what may not take its place.

    ``in_kind_first`` bars money until repair, replacement or repetition has failed or cannot be had.
    """

    due: DueKind
    when: When
    consent: ConsentForm
    refuses: tuple[Code, ...] = ()
    in_kind_first: bool = False
    deadline_days: DeadlineDays | None = None
    same_means: bool = False
    no_fee: bool = False
    carries_out: tuple[RuleCode, ...] | UnsetType = UNSET
    """Rules of a wider pack, such as a directive's, that this one is the national form of: they are not told twice."""

    def __post_init__(self) -> None:
        if self.when.asks_of_goods:
            raise ValueError("What is owed does not depend on an inspection: it may change goodwill alone.")

    def no_weaker_than(self, other: "LegalRule") -> bool:
        """Whether it gives all that the other gives, on the same facts. A national form may only add."""
        soon = other.deadline_days is None or (self.deadline_days or 366) <= other.deadline_days
        return (
            (self.due, self.when) == (other.due, other.when)
            and self.consent.strictness >= other.consent.strictness
            and set(self.refuses) >= set(other.refuses)
            and self.in_kind_first >= other.in_kind_first
            and self.same_means >= other.same_means
            and self.no_fee >= other.no_fee
            and soon
        )


class ValidityRule(Provision, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The least time that value standing in for a sum owed stays valid. Goodwill is promotional and exempt.

    ``months`` None means that such value may not expire at all.
    """

    months: ValidMonths | None = None
    remedies: tuple[Code, ...]


class CashOutRule(Provision, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is left on value standing in for a sum owed is paid out in money on demand, up to ``at_most``.

    ``at_most`` is in major units by currency, the sum itself included: "less than 15" is written 14.99.
    """

    at_most: dict[str, Decimal]
    remedies: tuple[Code, ...]

    def __post_init__(self) -> None:
        for currency, amount in self.at_most.items():
            try:
                Money.parse(str(amount), currency)
            except Invalid as wrong:
                raise ValueError(wrong.detail) from None

    def limit(self, currency: str) -> Money | None:
        """The most that is paid out, None in a currency that the rule does not name."""
        most = self.at_most.get(currency)
        return None if most is None else Money.parse(str(most), currency)


class Notice(Provision, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text that must stand beside stored value: ``words``, wherever the recipient sees it.

    ``part`` says for which value: what stands in for a sum owed, or what was given as goodwill.
    """

    part: Literal["owed", "goodwill"]
    remedies: tuple[Code, ...]


class LegalPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``catalog/legal/*.toml``. ``countries`` empty means everywhere."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,31}\Z")]
    name: Wording
    dated: datetime.date
    countries: tuple[Country, ...] = ()
    rule: tuple[LegalRule, ...] = ()
    validity: tuple[ValidityRule, ...] = ()
    cash_out: tuple[CashOutRule, ...] | UnsetType = UNSET
    notice: tuple[Notice, ...] | UnsetType = UNSET

    def covers(self, country: str) -> bool:
        return not self.countries or country in self.countries

    @property
    def provisions(self) -> tuple[Provision, ...]:
        """Everything it says, of whatever kind."""
        return (*self.rule, *self.validity, *(self.cash_out or ()), *(self.notice or ()))
