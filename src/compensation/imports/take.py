"""Taking a file in: every line is checked, and either all wait for approval or each that is wrong is named."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import BinaryIO

import msgspec

from compensation.core.errors import Invalid
from compensation.core.ids import new_id, new_ids
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.customers.named import named
from compensation.db.answers import Who
from compensation.db.pool import Tx, columns
from compensation.imports import csv_file, json_file, sql
from compensation.imports.batch import Format, Import, Total, find
from compensation.imports.line import Flaw, Line, Record, check, shown
from compensation.issuance.owing import owing
from compensation.merchants.merchant import programs

MOST_LINES = 100_000
CHUNK = 2_500
"""Lines that are issued by one commit. More would hold the locks of a budget for longer and gain little."""
_TOGETHER = 2_000
"""Lines that are checked and written together: all of the file that is ever in memory."""

READERS: dict[Format, Callable[[BinaryIO], Iterator[Record | Flaw]]] = {
    "csv": csv_file.records,
    "json": json_file.records,
}


class Upload(msgspec.Struct, frozen=True):
    """Which file it is. Its bytes are not part of it: ``sha256`` stands for them."""

    name: str
    format: Format
    sha256: str


class Taking:
    """The act of taking in one file, whose bytes wait in ``file``, which can be rewound and stays open."""

    def __init__(self, file: BinaryIO, chunk: int = CHUNK) -> None:
        self._file = file
        self._chunk = chunk

    async def take(self, tx: Tx, who: Who, what: Upload, at: datetime) -> Import:
        """Check the file as a whole and keep its lines, or its flaws. Either is an answer: see ``state``.

        Raises Invalid for a file that cannot be read at all: ``wrong_encoding``, ``unreadable_file``, ``empty_file``,
        ``too_many_lines``, ``no_columns``, ``unknown_column``, ``missing_column``.
        """
        self._file.seek(0)
        import_id, name, digest = new_id("imp"), shown(what.name), bytes.fromhex(what.sha256)
        await tx.run(sql.ADD_IMPORT, import_id, name, what.format, digest, who.actor, at)
        known = await programs(tx)
        default = next((one.id for one in known if one.is_default), None)
        pile = _Pile(tx, import_id, frozenset(one.id for one in known), default)
        records = READERS[what.format](self._file)
        while together := list(islice(records, _TOGETHER)):
            await pile.add(together)
        if not pile.count:
            raise Invalid("empty_file", "The file has no lines to issue. Add a line for each reward.")
        await pile.close(self._chunk, at)
        return await find(tx, import_id)


class _Pile:
    """The lines of one import as they come in. Good ones are written down at once, flaws counted and written too."""

    def __init__(self, tx: Tx, import_id: str, programs: frozenset[str], default: str | None) -> None:
        self.count = 0
        self._tx = tx
        self._import_id = import_id
        self._programs = programs
        self._default = default
        self._flaws = 0

    async def add(self, records: list[Record | Flaw]) -> None:
        self.count += len(records)
        if self.count > MOST_LINES:
            raise Invalid("too_many_lines", f"A file has at most {MOST_LINES} lines. Send the rest in another.")
        lines: list[Line] = []
        flaws: list[Flaw] = []
        for record in records:
            checked = [record] if isinstance(record, Flaw) else check(record, self._programs)
            if isinstance(checked, list):
                flaws += checked
            else:
                lines.append(checked)
        customers = await named(self._tx, {line.customer for line in lines if line.customer is not None})
        owed_in = await owing(self._tx, [line.reference for line in lines])
        good = []
        for line in lines:
            if line.program is None and self._default is None:
                flaws.append(Flaw(line.number, "program", "unknown_program"))
            elif line.customer is not None and line.customer not in customers:
                flaws.append(Flaw(line.number, "customer", "unknown_customer", shown(line.customer)))
            elif line.reference in owed_in:
                flaws.append(Flaw(line.number, "reference", "choose_in_case", shown(line.reference)))
            else:
                good.append(line)
        flaws += await self._keep(good, customers)
        await self._name(sorted(flaws, key=lambda flaw: flaw.line))

    async def close(self, chunk: int, at: datetime) -> None:
        """Say what the file came to. Lines that will never be issued go, so that their keys may come again."""
        tx, import_id = self._tx, self._import_id
        if self._flaws:
            await tx.run(sql.DROP_LINES, import_id)
            await tx.run(sql.CHECKED, import_id, ImportState.refused, 0, self._flaws, [], at)
            return
        await tx.run(sql.ADD_CHUNKS, import_id, chunk)
        await tx.run(sql.CHECKED, import_id, ImportState.checked, self.count, 0, await _totals(tx, import_id), at)

    async def _keep(self, lines: list[Line], customers: Mapping[str, str]) -> list[Flaw]:
        """Write lines down; those whose key is taken come back as flaws."""
        rows = [
            (
                line.number, line.key, line.kind, line.amount, line.bonus, line.currency, line.points,
                line.valid_months, line.program or self._default,
                None if line.customer is None else customers[line.customer], line.reference, order_id,
            )
            for line, order_id in zip(lines, new_ids("ord", len(lines)), strict=True)
        ]  # fmt: skip
        if await self._tx.run(sql.ADD_LINES, self._import_id, *columns(rows, 12)) == len(rows):
            return []
        taken = {row["key"]: row for row in await self._tx.rows(sql.TAKEN, [line.key for line in lines])}
        return [
            Flaw(line.number, "key", "duplicate_key" if ours else "key_already_used", shown(line.key))
            for line in lines
            for ours in [taken[line.key]["import_id"] == self._import_id]
            if not (ours and taken[line.key]["number"] == line.number)
        ]

    async def _name(self, flaws: list[Flaw]) -> None:
        rows = [
            (self._flaws + place, flaw.line, flaw.column, flaw.code, flaw.given)
            for place, flaw in enumerate(flaws, start=1)
        ]
        self._flaws += len(flaws)
        if rows:
            await self._tx.run(sql.ADD_FLAWS, self._import_id, *columns(rows, 5))


async def _totals(tx: Tx, import_id: str) -> list[Total]:
    return [
        Total(
            program_id=row["program_id"],
            kind=row["kind"],
            lines=row["lines"],
            amount=Money(row["amount"], row["currency"]),
            bonus=Money(row["bonus"], row["currency"]),
            points=row["points"],
        )
        for row in await tx.rows(sql.TOTALS, import_id)
    ]
