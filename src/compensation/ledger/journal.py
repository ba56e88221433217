"""Every posting of a span of time in the order it was written down, page by page, so that any length fits in memory."""

from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec
from asyncpg import Record

from compensation.core.money import Money
from compensation.db.unit import Doorway
from compensation.ledger import sql

AT_ONCE = 500
"""Transfers in one page."""
PATIENCE = "60s"
"""How long a slow reader may take over one page before his export breaks off."""


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One posting: ``amount``, above zero, from the account ``debit`` to the account ``credit``."""

    transfer_id: str
    line: int
    kind: str
    subject_id: str
    reverses: str | None
    actor: str
    debit: str
    credit: str
    amount: Money
    event_at: datetime
    at: datetime


async def journal(
    door: Doorway, merchant_id: str, since: datetime, until: datetime
) -> AsyncGenerator[tuple[JournalLine, ...], None]:
    """The lines written down from ``since`` to before ``until``, in pages of whole transfers, as of one moment."""
    async with door.read(merchant_id) as tx:
        # One snapshot for all pages; and the reader at the other end may be slower than a statement of ours.
        await tx.connection.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
            f"SET LOCAL idle_in_transaction_session_timeout = '{PATIENCE}'"
        )
        after_at, after_id = since, ""
        while rows := await tx.rows(sql.JOURNAL, after_at, after_id, until, AT_ONCE):
            yield tuple(_line(row) for row in rows)
            after_at, after_id = rows[-1]["at"], rows[-1]["transfer_id"]


def _line(row: Record) -> JournalLine:
    values = {name: value for name, value in row.items() if name != "asset"}
    return msgspec.convert(values | {"amount": {"amount": row["amount"], "currency": row["asset"]}}, JournalLine)
