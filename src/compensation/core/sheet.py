"""CSV as RFC 4180 writes it, of which no spreadsheet takes a cell for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def sheet(rows: Iterable[Sequence[object]]) -> str:
    """Rows as text. A text that a spreadsheet would calculate gets an apostrophe in front; numbers are left alone."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.lstrip().startswith(_BEGINS_A_FORMULA):
        return "'" + value
    return value
