"""What can go wrong for a customer: four fixed families, and subtypes and cost types that are data."""

import enum
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from compensation.core.errors import Invalid


class Family(enum.StrEnum):
    """The four families of harm. They are fixed; subtypes are data."""

    material = "material"
    emotional = "emotional"
    financial = "financial"
    reputational = "reputational"


class Severity(enum.StrEnum):
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical: more harm, higher rank."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One phrase in the three languages; ``{name}`` marks a place for a value."""

    en: str
    ar: str
    bg: str

    def in_(self, locale: str) -> str:
        """The phrase in the language of a BCP 47 tag such as ``ar-EG``; English where we have no other."""
        return {"ar": self.ar, "bg": self.bg}.get(locale.partition("-")[0].lower(), self.en)


class HarmKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subtype such as ``material.defective_product`` and what the merchant owes for it by its nature.

    ``owes`` names dues (see ``assess.DueKind``): ``costs``, ``price``, ``conformity``, ``performance``,
    ``duplicate``, ``promise``. Which of them arise in a case depends on its facts.
    """

    code: str
    family: Family
    label: Wording
    owes: tuple[str, ...] = ()
    needs_order: bool = False

    def __post_init__(self) -> None:
        if self.code.partition(".")[0] != self.family:
            raise ValueError(f"{self.code!r} must begin with its family, {self.family!s}.")


class CostKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of cost line and the remedy that pays it: reimbursement of an expense, or cash for damage."""

    code: str
    remedy: str
    label: Wording


class FamilyName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Family
    label: Wording


class Taxonomy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every harm and cost type a report may name, as written in ``catalog/harms.toml``."""

    family: tuple[FamilyName, ...]
    harm: tuple[HarmKind, ...]
    cost: tuple[CostKind, ...]

    def __post_init__(self) -> None:
        if {name.code for name in self.family} != set(Family):
            raise ValueError("All four families must be named, each once.")
        for what, codes in (("harm", [h.code for h in self.harm]), ("cost", [c.code for c in self.cost])):
            if len(set(codes)) != len(codes):
                raise ValueError(f"A {what} code is written twice.")

    def harm_kind(self, code: str) -> HarmKind:
        """Raises Invalid, naming the allowed codes, when there is no such harm."""
        return _named(self.harm, code, "unknown_harm", "harm")

    def cost_kind(self, code: str) -> CostKind:
        """Raises Invalid, naming the allowed codes, when there is no such cost type."""
        return _named(self.cost, code, "unknown_cost_type", "type of cost")


Kind = TypeVar("Kind", HarmKind, CostKind)


def _named(kinds: Iterable[Kind], code: str, problem: str, what: str) -> Kind:
    for kind in kinds:
        if kind.code == code:
            return kind
    allowed = sorted(kind.code for kind in kinds)
    raise Invalid(problem, f"There is no {what} {code!r}. Allowed: {', '.join(allowed)}.", allowed=allowed)
