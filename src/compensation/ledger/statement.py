"""The history of some accounts of one asset, newest first, with the balance after each line: never null, never guessed.

The balances come from the accounts as they are now, less what was posted since; so a page costs its own length and the
lines after it, however long the history before it is.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.ledger import sql


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``amount`` is what came in, or below zero what went out; ``balance`` what was there afterwards."""

    transfer_id: str
    kind: str
    subject_id: str
    account: str
    amount: Money
    balance: Money
    event_at: datetime
    """When it happened in the world."""
    at: datetime
    """When it was written down."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """``balance`` is what is there now; ``next`` the cursor of the page of older lines, null on the last."""

    balance: Money
    entries: tuple[Entry, ...]
    next: int | None


async def accounts_of(tx: Tx, owner_ids: Sequence[str], roles: Sequence[str], asset: str) -> list[str]:
    """The ids of the accounts of one asset that these owners have in these roles."""
    return [row["id"] for row in await tx.rows(sql.OWNED, list(owner_ids), list(roles), asset)]


async def statement(
    tx: Tx, account_ids: Sequence[str], asset: str, *, before: int | None = None, limit: int = 50
) -> Statement:
    """These accounts taken as one: what moved between two of them is no line. ``before`` is a cursor."""
    held, *rows = await tx.rows(sql.STATEMENT, list(account_ids), before, limit + 1)
    lines = tuple(_entry(row, asset) for row in rows[:limit])
    following = rows[limit - 1]["seq"] if len(rows) > limit else None
    return Statement(balance=Money(held["balance"], asset), entries=lines, next=following)


def _entry(row: Record, asset: str) -> Entry:
    values = {name: value for name, value in row.items() if name in Entry.__struct_fields__}
    return msgspec.convert(
        values | {name: {"amount": row[name], "currency": asset} for name in ("amount", "balance")}, Entry
    )
