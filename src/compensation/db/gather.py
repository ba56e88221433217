"""Writes whose results nobody reads: gathered while an act goes on, and sent as one statement, in one round trip.

A write is one or more parts, each an INSERT, UPDATE or DELETE with ``$1`` for the merchant; the parts of a write share
its values and do not need to see what another of them changed. Gathered, they become the parts of one WITH. All of
these see the tables as they stood before, so a write that names a table which one before it changes has to wait until
that one has been sent. Foreign keys are checked when all parts are done.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Parts = tuple[str, ...]

_CHANGED = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)")
_WORD = re.compile(r"[a-z_]+")
_PLACE = re.compile(r"\$(\d+)")


class Gathered:
    """Writes in the order in which they were made."""

    __slots__ = ("_changed", "_values", "_writes")

    def __init__(self) -> None:
        self._writes: list[tuple[Parts, int]] = []
        self._values: list[Any] = []
        self._changed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._writes)

    def take(self, parts: Parts, values: Sequence[Any]) -> bool:
        """Add a write. False, and nothing is added, when it must not share a statement with those that are here."""
        changed, named = _tables(parts)
        if not self._changed.isdisjoint(named):
            return False
        self._changed |= changed
        self._writes.append((parts, len(values)))
        self._values += values
        return True

    def sent(self) -> tuple[str, list[Any]]:
        """The statement and its values after ``$1``; nothing is left here."""
        statement, values = _together(tuple(self._writes)), self._values
        self._writes, self._values, self._changed = [], [], frozenset()
        return statement, values


@lru_cache(maxsize=512)
def _tables(parts: Parts) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that are changed, and every word that may be the name of a table."""
    text = " ".join(parts)
    return frozenset(_CHANGED.findall(text)), frozenset(_WORD.findall(text))


@lru_cache(maxsize=512)
def _together(writes: tuple[tuple[Parts, int], ...]) -> str:
    """The parts as one statement, each write's places counted on from those of the one before.

    PostgreSQL does the main part first and then the others from the last to the first, which it does not promise; so
    they are listed to be done in the order in which they were made. What must not deadlock locks in that order, and the
    number of a posting is drawn after the balance it belongs to was locked.
    """
    texts, before = [], 0
    for parts, count in writes:
        texts += [_counted_on(part.strip(), before) for part in parts]
        before += count
    first, *others = texts
    named = [f"part_{number} AS (\n{text}\n)" for number, text in enumerate(others, start=2)]
    return f"WITH {', '.join(reversed(named))}\n{first}" if named else first


def _counted_on(text: str, before: int) -> str:
    return _PLACE.sub(lambda place: place[0] if place[1] == "1" else f"${int(place[1]) + before}", text)
