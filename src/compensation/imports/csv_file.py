"""A CSV file, record by record: in UTF-8, with commas, semicolons or tabs, quoted as spreadsheets do it."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from compensation.core.errors import Invalid
from compensation.imports.line import COLUMNS, NEEDED, Flaw, Record, shown

_DELIMITERS = ",;\t"
_LONGEST_CELL = 10_000
"""A cell as long as this is a quote that was never closed."""


def records(file: BinaryIO) -> Iterator[Record | Flaw]:
    """The lines after the one that names the columns; empty lines are passed over, and counted.

    Raises Invalid ``wrong_encoding``, ``unreadable_file``, ``no_columns``, ``unknown_column``, ``missing_column``.
    """
    # The byte order mark that spreadsheets write is no part of the first name.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _records(text)
    except UnicodeDecodeError:
        raise Invalid("wrong_encoding", "The file is not UTF-8. Save it as “CSV UTF-8” and upload it again.") from None
    finally:
        text.detach()  # the file is not ours to close


def _records(text: io.TextIOWrapper) -> Iterator[Record | Flaw]:
    head = text.readline(_LONGEST_CELL)
    delimiter = max(_DELIMITERS, key=head.count)
    names = _names(head, delimiter)
    reader = csv.reader(_bounded(text), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            number += 1
            if not any(cells):
                continue
            if len(cells) > len(names) and any(cells[len(names) :]):
                yield Flaw(number, names[-1], "too_many_cells", shown(delimiter.join(cells[len(names) - 1 :])))
                continue
            stripped = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
            yield Record(number, stripped)
    except csv.Error as error:
        raise Invalid(
            "unreadable_file",
            f"Line {number + 1} cannot be read: {error}. Close every quote you open.",
            line=number + 1,
        ) from None


def _names(head: str, delimiter: str) -> list[str]:
    try:
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        names = []
    while names and not names[-1]:
        names.pop()
    if not set(names) & set(COLUMNS):
        raise Invalid(
            "no_columns", f"The first line names the columns: {', '.join(NEEDED)}, and of {', '.join(COLUMNS)} what "
            "you need.",
        )  # fmt: skip
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            known = ", ".join(COLUMNS)
            raise Invalid(
                "unknown_column", f"Column {shown(name)!r}: remove it. Each stands once, and may be {known}.",
                column=shown(name),
            )  # fmt: skip
    for name in NEEDED:
        if name not in names:
            raise Invalid("missing_column", f"Add a column {name} to the first line.", column=name)
    return names


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    """The physical lines, none so long that it could fill the memory."""
    while piece := text.readline(_LONGEST_CELL):
        if len(piece) == _LONGEST_CELL and not piece.endswith("\n"):
            raise csv.Error(f"it is longer than {_LONGEST_CELL} characters")
        yield piece
