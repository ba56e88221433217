"""An import as a row, a value and an answer: where it stands, what it adds up to, and what the budgets have left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.db.pool import Tx
from compensation.imports import sql
from compensation.imports.line import Flaw
from compensation.ledger import account, balances
from compensation.ledger.account import Role

Format = Literal["csv", "json"]


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of one program, kind and currency add up to. ``points`` only for points."""

    program_id: str
    kind: str
    lines: int
    amount: Money
    bonus: Money
    points: int | None = None


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What an import takes from a program's budget, and what that has ``left`` now."""

    program_id: str
    needed: Money
    left: Money


class Import(msgspec.Struct, kw_only=True):
    """A file of orders. ``sha256`` says which file; ``issued`` of its ``lines`` are out already."""

    id: str
    state: ImportState
    name: str
    format: Format
    sha256: str
    lines: int
    """The good lines. They are issued all, or none."""
    flaws: int
    """How many cells are wrong. GET /v1/imports/{id}/flaws names each."""
    issued: int
    totals: list[Total]
    needs: list[Need] = []
    """While it waits for approval: what it takes from each budget."""
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime

    @property
    def sums(self) -> dict[tuple[str, str], int]:
        """What is drawn from the budgets, by program and currency, in minor units."""
        return drawn(self.totals)

    @property
    def values(self) -> dict[str, int]:
        """The worth of all lines, by currency, in minor units: what whoever approves answers for."""
        worth: dict[str, int] = {}
        for (_, currency), amount in self.sums.items():
            worth[currency] = worth.get(currency, 0) + amount
        return worth


def drawn(totals: Sequence[Total]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for total in totals:
        where = (total.program_id, total.amount.currency)
        sums[where] = sums.get(where, 0) + total.amount.amount + total.bonus.amount
    return sums


async def find(tx: Tx, import_id: str) -> Import:
    """The import, with the state of its budgets while it waits. Raises NotFound ``unknown_import``."""
    found = of_row(await tx.row(sql.IMPORT, import_id))
    if found.state is ImportState.checked:
        found.needs = await needs(tx, found)
    return found


async def lock(tx: Tx, import_id: str) -> Import:
    """The import, held until the transaction ends. Raises NotFound ``unknown_import``."""
    if await tx.row(sql.LOCK_IMPORT, import_id) is None:
        raise unknown()
    # Read once more: whoever held it before us may have changed what the lock waited for.
    return of_row(await tx.row(sql.IMPORT, import_id))


async def needs(tx: Tx, found: Import) -> list[Need]:
    left = await balances(tx, [account(Role.budget, *where) for where in found.sums])
    return [
        Need(
            program_id=program_id,
            needed=Money(amount, currency),
            left=Money(left[account(Role.budget, program_id, currency)], currency),
        )
        for (program_id, currency), amount in sorted(found.sums.items())
    ]


async def newest(tx: Tx, before: str | None, limit: int) -> list[Import]:
    """A page of imports, newest first; ``before`` is the last id of the page before."""
    return [of_row(row) for row in await tx.rows(sql.IMPORTS, before, limit)]


async def flaws(tx: Tx, import_id: str, after: int, limit: int) -> list[tuple[int, Flaw]]:
    """Flaws in the order of the lines, each with its number, which is the cursor."""
    rows = await tx.rows(sql.FLAWS, import_id, after, limit)
    return [(row["number"], Flaw(row["line"], row["field"], row["code"], row["given"])) for row in rows]


def of_row(row: Any) -> Import:
    if row is None:
        raise unknown()
    columns = dict(row)
    columns["sha256"] = columns.pop("digest").hex()
    columns["state"] = ImportState(columns["state"])
    columns["totals"] = msgspec.convert(columns["totals"], list[Total])
    return Import(**columns)


def unknown() -> NotFound:
    return NotFound("unknown_import", "There is no such import.")
