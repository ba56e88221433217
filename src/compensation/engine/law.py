"""The law: packs of dated, cited provisions, and which of them a case must meet."""

import datetime
from typing import TypeVar

import msgspec

from compensation.core.money import Money
from compensation.engine.condition import Check
from compensation.engine.document import fingerprint
from compensation.engine.provision import (
    CashOutRule,
    ConsentForm,
    LegalPack,
    LegalRule,
    Notice,
    Provision,
    ValidityRule,
    Verification,
)
from compensation.engine.reason import Tried

__all__ = ["ConsentForm", "Law", "LegalPack", "LegalRule", "Payable", "Provision", "ReadyRule", "Verification"]

P = TypeVar("P", bound=Provision)
Place = tuple[str, str, datetime.date]
"""Country, region (empty where it is not known) and day."""
_PLACES_KEPT = 512


class ReadyRule(msgspec.Struct, frozen=True):
    """A rule with its pack and its compiled condition; ``holds`` is what a receipt says where it holds."""

    pack: str
    rule: LegalRule
    checks: tuple[Check, ...]
    holds: Tried


class Payable(msgspec.Struct, frozen=True, gc=False):
    """What is left on stored value is paid out on demand once it is no more than ``at_most``, by ``rule``."""

    at_most: Money
    rule: str


class _Here(msgspec.Struct, frozen=True):
    """What is in force at one place and day, looked for in all packs once. ``payable`` is worked out when asked."""

    rules: tuple[ReadyRule, ...]
    validity: tuple[ValidityRule, ...]
    cash_out: tuple[CashOutRule, ...]
    notices: tuple[Notice, ...]
    payable: dict[tuple[str, str], Payable | None]
    """By remedy and currency: both are few, and come from the documents and ISO 4217."""


class Law:
    """All packs, compiled once. Immutable after it is made; ``hashes`` name the packs in a receipt.

    Raises ValueError on a pack or provision named twice, and on a rule that carries out another and gives less.
    """

    def __init__(self, packs: tuple[LegalPack, ...]) -> None:
        self.packs = tuple(sorted(packs, key=lambda pack: pack.code))
        self._known = {one.code: one for pack in self.packs for one in pack.provisions}
        count = sum(len(pack.provisions) for pack in self.packs)
        if len(self._known) != count or len({pack.code for pack in self.packs}) != len(self.packs):
            raise ValueError("A legal pack or rule is named twice.")
        self.hashes = {pack.code: fingerprint(pack) for pack in self.packs}
        self._ready = {
            rule.code: ReadyRule(pack.code, rule, rule.when.ready(), Tried(rule=rule.code, passed=True))
            for pack in self.packs
            for rule in pack.rule
        }
        for ready in self._ready.values():
            for wider in ready.rule.carries_out or ():
                if wider not in self._ready or not ready.rule.no_weaker_than(self._ready[wider].rule):
                    raise ValueError(f"{ready.rule.code} carries out {wider}, which is unknown or gives more.")
        self._places: dict[Place, _Here] = {}

    def rules(self, country: str, on: datetime.date, region: str = "") -> tuple[ReadyRule, ...]:
        """The rules that are in force there on that day, in the order of their packs; a national form for its own."""
        return self._here(country, on, region).rules

    def rule(self, code: str) -> LegalRule | None:
        ready = self._ready.get(code)
        return ready.rule if ready else None

    def provision(self, code: str) -> Provision | None:
        """The provision of that code, of whatever kind."""
        return self._known.get(code)

    def least_validity(self, country: str, on: datetime.date, remedy: str, region: str = "") -> ValidityRule | None:
        """The rule that keeps a remedy standing in for a sum owed valid the longest; None where no rule does."""
        found = [rule for rule in self._here(country, on, region).validity if remedy in rule.remedies]
        return max(found, key=lambda rule: (rule.months is None, rule.months or 0, rule.code), default=None)

    def cash_out(self, country: str, on: datetime.date, remedy: str, currency: str, region: str = "") -> Payable | None:
        """The most that must be paid out in money of such a remedy, by whichever rule gives most."""
        here = self._here(country, on, region)
        if (remedy, currency) not in here.payable:
            found = [
                (most.amount, rule.code)
                for rule in here.cash_out
                if remedy in rule.remedies and (most := rule.limit(currency)) is not None
            ]
            amount, code = max(found, default=(0, ""))
            here.payable[remedy, currency] = Payable(Money(amount, currency), code) if found else None
        return here.payable[remedy, currency]

    def notices(self, country: str, on: datetime.date, remedy: str, part: str, region: str = "") -> tuple[str, ...]:
        """The codes of the texts that must stand beside such value."""
        return tuple(
            notice.code
            for notice in self._here(country, on, region).notices
            if part == notice.part and remedy in notice.remedies
        )

    def _here(self, country: str, on: datetime.date, region: str) -> _Here:
        place = country, region, on
        here = self._places.get(place)
        if here is None:
            if len(self._places) >= _PLACES_KEPT:
                self._places.clear()
            here = self._places[place] = self._in_force(
                [pack for pack in self.packs if pack.covers(country)], region, on
            )
        return here

    def _in_force(self, packs: list[LegalPack], region: str, on: datetime.date) -> _Here:
        found = [self._ready[rule.code] for pack in packs for rule in pack.rule if rule.holds(region, on)]
        told = {wider for ready in found for wider in ready.rule.carries_out or ()}
        return _Here(
            rules=tuple(ready for ready in found if ready.rule.code not in told),
            validity=tuple(rule for pack in packs for rule in pack.validity if rule.holds(region, on)),
            cash_out=tuple(rule for pack in packs for rule in pack.cash_out or () if rule.holds(region, on)),
            notices=tuple(notice for pack in packs for notice in pack.notice or () if notice.holds(region, on)),
            payable={},
        )
