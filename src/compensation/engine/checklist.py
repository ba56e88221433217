"""The checklists by which goods are inspected, as data: what to look at, what belongs to them, what a grade means."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.engine.harm import Wording
from compensation.engine.inspection import FOUND, Grade
from compensation.engine.report import Code
from compensation.engine.taxonomy import Named

GENERAL = "general"
"""The checklist for goods whose category has none of its own."""


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to look at, or one thing that belongs to the goods."""

    code: Code
    label: Wording


class GradeMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reference by which every inspector gives the same grade."""

    code: Grade
    label: Wording
    means: Wording


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``category`` is that of the order."""

    category: Code
    label: Wording
    items: Annotated[tuple[Point, ...], Meta(min_length=1, max_length=40)]
    accessories: Annotated[tuple[Point, ...], Meta(max_length=40)] = ()

    def __post_init__(self) -> None:
        for what, points in (("item", self.items), ("accessory", self.accessories)):
            if len({point.code for point in points}) != len(points):
                raise ValueError(f"{self.category}: an {what} is named twice.")


class InspectionBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``catalog/inspection.toml``. No receipt depends on it: what a decision knows of goods stands in its report."""

    grade: tuple[GradeMeaning, ...]
    disposition: tuple[Named, ...]
    fact: tuple[Named, ...]
    checklist: tuple[Checklist, ...]

    def __post_init__(self) -> None:
        for what, codes, fixed in (
            ("grade", [one.code.value for one in self.grade], {grade.value for grade in Grade}),
            ("disposition", [one.code for one in self.disposition], {"restock", "repair", "dispose"}),
            ("fact", [one.code for one in self.fact], set(FOUND)),
        ):
            if sorted(codes) != sorted(fixed):
                raise ValueError(f"Every {what} needs its label, once: {', '.join(sorted(fixed))}.")
        named = [one.category for one in self.checklist]
        if len(set(named)) != len(named) or GENERAL not in named:
            raise ValueError(f"A category has one checklist, and there is one called {GENERAL}.")

    def of(self, category: str | None) -> Checklist:
        """The checklist of a category, else the general one."""
        by_name = {one.category: one for one in self.checklist}
        return by_name.get(category or GENERAL, by_name[GENERAL])
