"""What a look at the goods says about a case: their grade, whether all of them came back, and what policy accepts."""

import enum

import msgspec


class Grade(enum.StrEnum):
    """The condition of goods, best first."""

    A = "A"
    """As new."""
    B = "B"
    """Traces of use."""
    C = "C"
    """Visible damage or wear."""
    D = "D"
    """Broken, or not fit for use, beyond the fault that was reported."""

    @property
    def rank(self) -> int:
        """0 for A up to 3 for D: the worse the goods, the higher the rank."""
        return _RANKS[self]


_RANKS = {grade: rank for rank, grade in enumerate(Grade)}


class Inspected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The latest inspection, as far as a decision may look at it. ``complete``: no accessory is missing."""

    grade: Grade
    complete: bool


class Required(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The condition in which a policy accepts goods: no worse than this grade."""

    worst_grade: Grade

    def accepts(self, grade: Grade) -> bool:
        return grade.rank <= self.worst_grade.rank


FOUND = frozenset({"inspected", "complete", "incomplete", "acceptable", "unacceptable"})
"""What a condition may ask of an inspection. Of goods that nobody looked at, none of it is so: a rule that takes
something away asks for ``incomplete`` or ``unacceptable``, never for the lack of their opposites."""


def found(inspected: Inspected, required: Required | None) -> tuple[str, ...]:
    """Which of these are so, by what the policy requires; one that requires nothing accepts every grade."""
    accepted = required is None or required.accepts(inspected.grade)
    complete = "complete" if inspected.complete else "incomplete"
    return ("inspected", complete, "acceptable" if accepted else "unacceptable")
