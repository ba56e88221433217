"""Predicates in CEL: compiled once, bounded in length, depth and vocabulary, and never a float in them."""

import re
from typing import Any, Protocol

import cel

from compensation.engine.circumstances import VARIABLES, Circumstances, HarmSeen
from compensation.engine.harm import Family

MAX_LENGTH = 300
MAX_DEPTH = 8
_CALLS = {"size", "startsWith", "endsWith", "contains"}
_FLOAT = re.compile(r"\d\.\d|\d[eE]")


class Predicate(Protocol):
    """A compiled question to the facts."""

    def variables(self) -> list[str]: ...

    def execute(self, context: dict[str, Any]) -> Any: ...


def compiled(text: str) -> Predicate:
    """Raises ValueError, in words for the author, unless the text is a short, shallow yes-or-no question."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A predicate may have {MAX_LENGTH} characters, not {len(text)}.")
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"A predicate may be nested {MAX_DEPTH} deep.")
    if _FLOAT.search(text):
        raise ValueError("A predicate may not use fractions: sums are whole minor units.")
    try:
        program: Predicate = cel.compile(text)
    except ValueError as wrong:
        raise ValueError(f"The predicate {text!r} cannot be read: {str(wrong).splitlines()[0]}") from None
    _known_words(program, text)
    _yes_or_no(program, text)
    return program


def answer(program: Predicate, names: list[str], case: Circumstances) -> tuple[bool, dict[str, Any]]:
    """Whether the predicate holds, and the values it saw under its ``names``. What cannot be computed does not hold,
    and says why."""
    seen = {name: case.variable(name) for name in names}
    try:
        return program.execute(seen) is True, seen
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as wrong:
        return False, seen | {"error": str(wrong)[:200]}


def _known_words(program: Any, text: str) -> None:
    unknown = set(program.variables()) - _SAMPLE.keys()
    if unknown:
        known = ", ".join(sorted(_SAMPLE))
        raise ValueError(f"The predicate names {', '.join(sorted(unknown))}, which is no fact. Known are {known}.")
    calls = {name for name in program.functions() if name[0].isalpha()} - _CALLS
    macro = re.search(r"\.(all|exists|exists_one|map|filter)\(", text)
    if calls or macro:
        raise ValueError(f"The predicate {text!r} may call only {', '.join(sorted(_CALLS))}.")


def _yes_or_no(program: Predicate, text: str) -> None:
    try:
        got = program.execute(_SAMPLE)
    except (ArithmeticError, LookupError):
        # The sample may divide by zero or lack an element; the types are sound, and a real case is answered apart.
        return
    except (RuntimeError, TypeError, ValueError) as wrong:
        raise ValueError(f"The predicate {text!r} does not fit the facts: {str(wrong).splitlines()[0]}") from None
    if got is not True and got is not False:
        raise ValueError(f"The predicate {text!r} must answer yes or no, not {got!r}.")


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest


_CASE = Circumstances(
    harms=(HarmSeen("material.defective_product", Family.material, 1, ""),),
    rank=1,
    country="IE",
    tier="gold",
    reason_code="defect",
    category="",
    wants="",
    facts=(),
    days_late=3,
    currency="EUR",
    order_amount=10_000,
    costs=500,
)
_SAMPLE = {name: _CASE.variable(name) for name in VARIABLES}
