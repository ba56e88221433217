"""Every harm, cost type and fact a report may name, as data: what each harm is called, and what is owed for it."""

import enum
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid
from compensation.engine.condition import Check, When
from compensation.engine.document import fingerprint
from compensation.engine.harm import Family, Severity, Wording
from compensation.engine.report import FACTS, Wants


class DueKind(enum.StrEnum):
    """What a customer may have a right to."""

    price = "price"
    """The price paid goes back."""
    reduction = "reduction"
    """A part of the price goes back; the customer keeps what he bought."""
    duplicate = "duplicate"
    """A sum taken twice goes back."""
    costs = "costs"
    """An accepted cost line is made good."""
    promise = "promise"
    """Store credit that was promised is given."""
    conformity = "conformity"
    """Defective goods are put right: repair or replacement; or the price, where no rule puts repair first."""
    performance = "performance"
    """A poor service is done again; or a part of the price."""

    @property
    def in_kind(self) -> bool:
        return self in _IN_KIND


_IN_KIND = frozenset((DueKind.conformity, DueKind.performance))

Percent = Annotated[int, Meta(ge=0, le=100)]


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Per cent by severity. It may not fall: more harm never earns less."""

    low: Percent
    medium: Percent
    high: Percent
    critical: Percent

    def __post_init__(self) -> None:
        if not self.low <= self.medium <= self.high <= self.critical:
            raise ValueError("A scale may not fall as severity rises.")

    def at(self, rank: int) -> int:
        return (self.low, self.medium, self.high, self.critical)[rank]


class Owes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A due that a harm brings by its nature, when the facts are so, with or without a statute."""

    due: DueKind
    when: When = When()

    def __post_init__(self) -> None:
        if self.when.asks_of_goods:
            raise ValueError("What is owed does not depend on an inspection: it may change goodwill alone.")


class HarmKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A subtype such as ``material.defective_product``.

    ``reduction`` is the part of the price that goes back where a reduction is due.
    """

    code: str
    family: Family
    label: Wording
    owes: tuple[Owes, ...] = ()
    needs_order: bool = False
    reduction: Scale | None = None

    def __post_init__(self) -> None:
        if self.code.partition(".")[0] != self.family:
            raise ValueError(f"{self.code!r} must begin with its family, {self.family.value}.")
        if self.reduction is None and any(o.due in (DueKind.reduction, DueKind.performance) for o in self.owes):
            raise ValueError(f"{self.code} owes a part of the price, so it must say which: reduction.")


class CostKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of cost line and the remedy that pays it: reimbursement of an expense, or cash for damage."""

    code: str
    remedy: str
    label: Wording


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a code that the engine knows: a family, a severity, a fact, a wish."""

    code: str
    label: Wording


class HarmBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``catalog/harms.toml``. Raises ValueError on a code named twice or a word left without its label."""

    family: tuple[Named, ...]
    severity: tuple[Named, ...]
    fact: tuple[Named, ...]
    wish: tuple[Named, ...]
    harm: tuple[HarmKind, ...]
    cost: tuple[CostKind, ...]

    def __post_init__(self) -> None:
        for what, named, fixed in (
            ("family", self.family, set(Family)),
            ("severity", self.severity, set(Severity)),
            ("fact", self.fact, FACTS),
            ("wish", self.wish, set(Wants)),
            ("harm", self.harm, None),
            ("cost", self.cost, None),
        ):
            codes = [one.code for one in named]
            if len(set(codes)) != len(codes):
                raise ValueError(f"A {what} is named twice.")
            if fixed is not None and set(codes) != fixed:
                raise ValueError(f"Every {what} needs its label: {', '.join(sorted(set(codes) ^ fixed))}.")


class Taxonomy:
    """The book of harms, compiled once. Immutable after it is made."""

    def __init__(self, book: HarmBook) -> None:
        self.book = book
        self.hash = fingerprint(book)
        self._harms = {kind.code: kind for kind in book.harm}
        self._costs = {kind.code: kind for kind in book.cost}
        self._owes = {kind.code: tuple((owes.due, owes.when.ready()) for owes in kind.owes) for kind in book.harm}

    def knows(self, code: str) -> bool:
        return code in self._harms

    def harm_kind(self, code: str) -> HarmKind:
        """Raises Invalid, naming the allowed codes, when there is no such harm."""
        try:
            return self._harms[code]
        except KeyError:
            raise _unknown("unknown_harm", "harm", code, self._harms) from None

    def cost_kind(self, code: str) -> CostKind:
        """Raises Invalid, naming the allowed codes, when there is no such type of cost."""
        try:
            return self._costs[code]
        except KeyError:
            raise _unknown("unknown_cost_type", "type of cost", code, self._costs) from None

    def owes(self, code: str) -> tuple[tuple[DueKind, tuple[Check, ...]], ...]:
        """What this harm may bring, each with its compiled condition."""
        return self._owes[code]


def _unknown(problem: str, what: str, code: str, known: Iterable[str]) -> Invalid:
    allowed = sorted(known)
    return Invalid(problem, f"There is no {what} {code!r}. Allowed: {', '.join(allowed)}.", allowed=allowed)
