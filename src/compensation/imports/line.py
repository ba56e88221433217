"""One line of a file: what its cells must say, and the sentence for each way in which they can be wrong."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from compensation.core.errors import Invalid
from compensation.core.money import MAX_AMOUNT, POINTS, exponent
from compensation.core.text import line as inert
from compensation.delivery.words import word

COLUMNS = (
    "key", "kind", "amount", "currency", "bonus", "points", "valid_months", "program", "customer", "reference",
)  # fmt: skip
NEEDED = ("key", "kind", "amount", "currency")
KINDS = ("gift_card", "store_credit", "points")
_LONGEST = 200
_SHOWN = 80
"""How much of a wrong cell is repeated: enough to find it by."""

FLAWS = {
    "missing": word("Fill this in; every line needs it."),
    "forbidden_character": word("Remove line breaks, invisible characters and doubled spaces."),
    "too_long": word("Shorten this to 200 characters."),
    "unknown_kind": word("Write gift_card, store_credit or points."),
    "unknown_currency": word("Write the three letters of a currency, such as EUR."),
    "invalid_amount": word("Write a plain amount above zero with a decimal point, such as 54.00."),
    "too_many_decimals": word("Write no more decimals than the currency has."),
    "invalid_points": word("Write how many points, a whole number above zero."),
    "points_needed": word("Say how many points; the amount is what they are worth."),
    "points_not_allowed": word("Leave this empty: only a line of kind points has it."),
    "bonus_not_allowed": word("Leave this empty: points have no bonus. Give more points instead."),
    "invalid_months": word("Write a whole number of months from 1 to 120, or leave it empty for 60."),
    "unknown_program": word("There is no such program. Write the id of one of yours, or leave it empty."),
    "unknown_customer": word("There is no such customer. Write your own customer number, or our id."),
    "choose_in_case": word("Something is owed in this case. Choose one of its offers, or name another reference."),
    "duplicate_key": word("This key stands in an earlier line. Give every line a key of its own."),
    "key_already_used": word("A line with this key was taken in before. Leave out what was issued already."),
    "wrong_type": word("Write this as the description of the API says."),
    "unknown_field": word("There is no such field. Remove it."),
    "too_many_cells": word("This line has more cells than the first line has names. Put quotes around commas."),
}  # fmt: skip
"""What to do about each flaw. The code is part of the API."""


class Record(NamedTuple):
    """A line as its file has it: ``number`` as a spreadsheet counts (the names of the columns are line 1), or the
    place in a JSON list from 1. ``cells`` holds texts by column; an empty cell is left out."""

    number: int
    cells: Mapping[str, str]


class Flaw(msgspec.Struct, frozen=True):
    """What is wrong with one cell. ``given`` is the beginning of what stands there."""

    line: int
    column: str
    code: str
    given: str = ""

    @property
    def cure(self) -> str:
        return FLAWS[self.code]


class Line(NamedTuple):
    """A line that can be issued once its program and its customer are known. Sums in minor units."""

    number: int
    key: str
    kind: str
    amount: int
    bonus: int
    currency: str
    points: int | None
    valid_months: int
    program: str | None
    customer: str | None
    reference: str


_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,4}))?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def check(record: Record, programs: frozenset[str]) -> Line | list[Flaw]:
    """The line that these cells say, or everything that is wrong with them."""
    return _Check(record).line(programs)


class _Check:
    """Reads the cells of one line and collects what is wrong with them."""

    def __init__(self, record: Record) -> None:
        self.number, self.cells = record
        self.flaws: list[Flaw] = []

    def line(self, programs: frozenset[str]) -> Line | list[Flaw]:
        cells = self.cells
        key = self._text("key") or ""
        kind = cells.get("kind", "")
        if kind not in KINDS:
            self._flaw("kind", "unknown_kind" if kind else "missing")
        currency = cells.get("currency", "")
        places = self._places(currency)
        amount = self._amount("amount", places)
        bonus = self._amount("bonus", places) if "bonus" in cells else 0
        points = self._points(kind)
        months = self._whole("valid_months", 120, "invalid_months") if "valid_months" in cells else 60
        program = cells.get("program")
        if program is not None and program not in programs:
            self._flaw("program", "unknown_program")
        customer = self._text("customer") if "customer" in cells else None
        reference = self._text("reference") if "reference" in cells else key
        for column in NEEDED:
            if column not in cells and column != "kind":
                self._flaw(column, "missing")
        if self.flaws:
            return self.flaws
        return Line(
            self.number, key, kind, amount, bonus, currency, points, months, program, customer, reference or key
        )

    def _text(self, column: str) -> str | None:
        text = self.cells.get(column)
        if text is None:
            return None
        if len(text) > _LONGEST:
            self._flaw(column, "too_long")
        elif text != inert(text):
            self._flaw(column, "forbidden_character")
        return text

    def _places(self, currency: str) -> int:
        """The decimals of the currency; 4, which no amount is refused for, where there is none."""
        try:
            if currency and currency != POINTS:
                return exponent(currency)
        except Invalid:
            pass
        if currency:
            self._flaw("currency", "unknown_currency")
        return 4

    def _amount(self, column: str, places: int) -> int:
        text = self.cells.get(column, "")
        found = _AMOUNT.fullmatch(text)
        if found is None:
            if text:
                self._flaw(column, "invalid_amount")
            return 0
        whole, decimals = found[1], found[2] or ""
        if len(decimals) > places:
            self._flaw(column, "too_many_decimals")
            return 0
        minor = int(whole + decimals.ljust(places, "0"))
        if not 0 < minor <= MAX_AMOUNT:
            self._flaw(column, "invalid_amount")
        return minor

    def _points(self, kind: str) -> int | None:
        if kind != "points":
            if "points" in self.cells:
                self._flaw("points", "points_not_allowed")
            return None
        if "bonus" in self.cells:
            self._flaw("bonus", "bonus_not_allowed")
        if "points" not in self.cells:
            self._flaw("points", "points_needed")
            return None
        return self._whole("points", MAX_AMOUNT, "invalid_points")

    def _whole(self, column: str, most: int, code: str) -> int:
        text = self.cells[column]
        if _WHOLE.fullmatch(text) and 1 <= int(text) <= most:
            return int(text)
        self._flaw(column, code)
        return 0

    def _flaw(self, column: str, code: str) -> None:
        self.flaws.append(Flaw(self.number, column, code, shown(self.cells.get(column, ""))))


def shown(text: str) -> str:
    """The beginning of a cell, inert, to find it by."""
    return inert(text)[:_SHOWN]
