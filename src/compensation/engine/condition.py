"""When a rule holds: a typed table, and one optional predicate in CEL over the same facts.

Severity is reachable only through ``severity_at_least``, never from CEL. So a worse harm passes every rule that a
lighter one passes, and more harm can never earn less.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.circumstances import Circumstances
from compensation.engine.harm import Family, Severity
from compensation.engine.inspection import FOUND, Grade
from compensation.engine.predicate import answer, compiled
from compensation.engine.report import FACTS, Code, Country, Wants

Failure = tuple[str, Any]
"""The name of a condition that does not hold, and the value that was seen."""
_KNOWN = FACTS | FOUND
Check = Callable[[Circumstances], Failure | None]


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The condition of a rule. Everything that is written must hold; of a list, one member must match.

    ``harms``, ``families`` and ``severity_at_least`` speak of one and the same harm of the case.
    """

    harms: tuple[Code, ...] = ()
    families: tuple[Family, ...] = ()
    severity_at_least: Severity | None = None
    countries: tuple[Country, ...] = ()
    tiers: tuple[Code, ...] = ()
    reason_codes: tuple[Code, ...] = ()
    categories: tuple[Code, ...] = ()
    facts: tuple[Code, ...] = ()
    not_facts: tuple[Code, ...] = ()
    grades: tuple[Grade, ...] = ()
    """Of goods that were inspected. Of goods that nobody looked at, it does not hold."""
    wants: tuple[Wants, ...] = ()
    wants_not: tuple[Wants, ...] = ()
    days_late_at_least: Annotated[int, Meta(ge=0)] | None = None
    order_at_least: dict[str, Decimal] = {}
    """Major units by currency; in a currency that is not listed the condition does not hold."""
    cases_at_least: Annotated[int, Meta(ge=1)] | None = None
    apologies_at_least: Annotated[int, Meta(ge=1)] | None = None
    gestures_at_least: Annotated[int, Meta(ge=1)] | None = None
    cel: str | None = None

    def __post_init__(self) -> None:
        for name in (*self.facts, *self.not_facts):
            if name not in _KNOWN:
                raise ValueError(f"{name!r} is not a fact. Facts: {', '.join(sorted(_KNOWN))}.")
        for currency, value in self.order_at_least.items():
            try:
                Money.parse(str(value), currency)
            except Invalid as wrong:
                raise ValueError(wrong.detail) from None
        if self.cel is not None:
            compiled(self.cel)

    @property
    def asks_of_goods(self) -> bool:
        """Whether it looks at what an inspection found."""
        return bool(self.grades or FOUND.intersection((*self.facts, *self.not_facts)))

    def ready(self) -> tuple[Check, ...]:
        """The checks to run, cheapest first. Compile once, when the document is loaded."""
        checks: list[Check] = []
        if self.harms or self.families or self.severity_at_least:
            checks.append(_some_harm(self))
        for name, of, allowed in (
            ("countries", "country", self.countries),
            ("tiers", "tier", self.tiers),
            ("reason_codes", "reason_code", self.reason_codes),
            ("categories", "category", self.categories),
            ("wants", "wants", self.wants),
            ("grades", "grade", self.grades),
        ):
            if allowed:
                checks.append(_one_of(name, of, frozenset(str(value) for value in allowed)))
        if self.wants_not:
            checks.append(_none_of(frozenset(str(value) for value in self.wants_not)))
        checks.extend(_is_so(fact) for fact in self.facts)
        checks.extend(_is_not_so(fact) for fact in self.not_facts)
        for of in ("days_late", "cases", "apologies", "gestures"):
            least = getattr(self, f"{of}_at_least")
            if least is not None:
                checks.append(_at_least(of, least))
        if self.order_at_least:
            checks.append(_order_at_least(self.order_at_least))
        if self.cel is not None:
            checks.append(_predicate(self.cel))
        return tuple(checks)


def first_failure(checks: tuple[Check, ...], case: Circumstances) -> Failure | None:
    """The first condition that does not hold, with the value seen; None when all hold."""
    for check in checks:
        failure = check(case)
        if failure is not None:
            return failure
    return None


def _some_harm(when: When) -> Check:
    types, families = frozenset(when.harms), frozenset(when.families)
    rank = when.severity_at_least.rank if when.severity_at_least else 0

    def check(case: Circumstances) -> Failure | None:
        for harm in case.harms:
            if harm.rank >= rank and (not types or harm.type in types) and (not families or harm.family in families):
                return None
        return "harms", [harm.words for harm in case.harms]

    return check


def _one_of(name: str, of: str, allowed: frozenset[str]) -> Check:
    def check(case: Circumstances) -> Failure | None:
        seen = getattr(case, of) or ""
        return None if seen in allowed else (name, seen)

    return check


def _none_of(refused: frozenset[str]) -> Check:
    return lambda case: ("wants_not", case.wants) if case.wants in refused else None


def _is_so(fact: str) -> Check:
    return lambda case: None if fact in case.facts else (fact, False)


def _is_not_so(fact: str) -> Check:
    return lambda case: (fact, True) if fact in case.facts else None


def _at_least(of: str, least: int) -> Check:
    def check(case: Circumstances) -> Failure | None:
        seen = getattr(case, of)
        return None if seen >= least else (f"{of}_at_least", seen)

    return check


def _order_at_least(least: dict[str, Decimal]) -> Check:
    minor = {currency: Money.parse(str(value), currency).amount for currency, value in least.items()}

    def check(case: Circumstances) -> Failure | None:
        floor = minor.get(case.currency)
        return None if floor is not None and case.order_amount >= floor else ("order_at_least", case.order_amount)

    return check


def _predicate(text: str) -> Check:
    program = compiled(text)
    names = program.variables()

    def check(case: Circumstances) -> Failure | None:
        holds, seen = answer(program, names, case)
        return None if holds else ("cel", seen)

    return check
