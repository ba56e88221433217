"""The accounts themselves, one by one: those of a role in the order of their names, or the one of a name."""

from datetime import datetime

import msgspec
from asyncpg import Record

from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.ledger import sql
from compensation.ledger.account import Role


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it stands now. ``origin`` and ``expires_at`` are those of a lot of stored value."""

    id: str
    balance: Money
    origin: str | None
    expires_at: datetime | None
    opened_at: datetime


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """``next`` is the name to go on after; null on the last page."""

    items: tuple[Account, ...]
    next: str | None


async def accounts(tx: Tx, role: Role, asset: str, after: str | None = None, limit: int = 50) -> Accounts:
    rows = await tx.rows(sql.ACCOUNTS, role, asset, after or "", limit + 1)
    found = tuple(_read(row) for row in rows[:limit])
    return Accounts(items=found, next=found[-1].id if len(rows) > limit else None)


async def account_named(tx: Tx, account_id: str) -> Account:
    """Raises NotFound ``unknown_account``."""
    row = await tx.row(sql.ACCOUNT, account_id)
    if row is None:
        raise NotFound("unknown_account", "There is no such account; GET /v1/ledger/accounts lists yours by role.")
    return _read(row)


def _read(row: Record) -> Account:
    return Account(
        id=row["id"],
        balance=Money(row["balance"], row["asset"]),
        origin=row["origin"],
        expires_at=row["expires_at"],
        opened_at=row["opened_at"],
    )
