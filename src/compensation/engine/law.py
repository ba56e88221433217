"""The law as data: packs of dated, cited rules of a jurisdiction, and which of them a case must meet."""

import datetime
import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.engine.condition import Check, When
from compensation.engine.document import fingerprint
from compensation.engine.harm import Wording
from compensation.engine.report import Code, Country
from compensation.engine.taxonomy import DueKind

RuleCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{2,31}\Z")]
DeadlineDays = Annotated[int, Meta(ge=1, le=365)]
ValidMonths = Annotated[int, Meta(ge=1, le=240)]


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
        return list(ConsentForm).index(self)


class LegalRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule. ``due`` is what it gives the customer, ``refuses`` what may not take its place.

    ``in_kind_first`` bars money until repair, replacement or repetition has failed or cannot be had.
    """

    code: RuleCode
    citation: Annotated[str, Meta(min_length=3, max_length=400)]
    words: Wording
    due: DueKind
    when: When
    effective_from: datetime.date
    effective_until: datetime.date | None = None
    review_by: datetime.date
    verification: Verification
    verification_note: str
    consent: ConsentForm
    refuses: tuple[Code, ...] = ()
    in_kind_first: bool = False
    deadline_days: DeadlineDays | None = None
    same_means: bool = False
    no_fee: bool = False

    def in_force(self, on: datetime.date) -> bool:
        return self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)


class ValidityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The least time that value standing in for a sum owed stays valid. Goodwill is promotional and exempt."""

    code: RuleCode
    citation: str
    words: Wording
    months: ValidMonths
    remedies: tuple[Code, ...]
    effective_from: datetime.date
    effective_until: datetime.date | None = None
    review_by: datetime.date
    verification: Verification
    verification_note: str


class LegalPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``catalog/legal/*.toml``. ``countries`` empty means everywhere."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,31}\Z")]
    name: Wording
    dated: datetime.date
    countries: tuple[Country, ...] = ()
    rule: tuple[LegalRule, ...] = ()
    validity: tuple[ValidityRule, ...] = ()

    def covers(self, country: str) -> bool:
        return not self.countries or country in self.countries


class ReadyRule(msgspec.Struct, frozen=True):
    """A rule with its pack and its compiled condition."""

    pack: str
    rule: LegalRule
    checks: tuple[Check, ...]


class Law:
    """All packs, compiled once. Immutable after it is made; ``hashes`` name the packs in a receipt."""

    def __init__(self, packs: tuple[LegalPack, ...]) -> None:
        self.packs = tuple(sorted(packs, key=lambda pack: pack.code))
        codes = [rule.code for pack in self.packs for rule in pack.rule]
        codes += [rule.code for pack in self.packs for rule in pack.validity]
        if len(set(codes)) != len(codes) or len({pack.code for pack in self.packs}) != len(self.packs):
            raise ValueError("A legal pack or rule is named twice.")
        self.hashes = {pack.code: fingerprint(pack) for pack in self.packs}
        self._ready = tuple(ReadyRule(pack.code, rule, rule.when.ready()) for pack in self.packs for rule in pack.rule)
        self._countries = {pack.code: pack for pack in self.packs}

    def rules(self, country: str, on: datetime.date) -> tuple[ReadyRule, ...]:
        """The rules that are in force there on that day, in the order of their packs."""
        return tuple(
            ready for ready in self._ready if self._countries[ready.pack].covers(country) and ready.rule.in_force(on)
        )

    def rule(self, code: str) -> LegalRule | None:
        return next((ready.rule for ready in self._ready if ready.rule.code == code), None)

    def least_months(self, country: str, on: datetime.date, remedy: str) -> "tuple[int, str] | None":
        """The least validity of a remedy that stands in for a sum owed, and the rule that says so."""
        found = [
            (rule.months, rule.code)
            for pack in self.packs
            if pack.covers(country)
            for rule in pack.validity
            if remedy in rule.remedies
            and rule.effective_from <= on
            and (rule.effective_until is None or on <= rule.effective_until)
        ]
        return max(found, default=None)
