"""The journal as a download of any length: JSON that ends with its totals, or a sheet of two rows a posting."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream

from compensation.core.errors import TooMany
from compensation.core.sheet import sheet
from compensation.db.unit import Doorway
from compensation.ledger.journal import JournalLine, journal
from compensation.ledger.trial import Total

_EXPORTS = asyncio.Semaphore(2)
"""Exports of one process at a time: each holds a connection for as long as its reader reads."""
_HEAD = (
    "written_at", "happened_at", "transfer", "line", "kind", "subject", "reverses", "actor", "account", "asset",
    "debit", "credit",
)  # fmt: skip

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

Pages = AsyncGenerator[tuple[JournalLine, ...], None]


async def as_json(door: Doorway, merchant_id: str, since: datetime, until: datetime) -> Response[Any]:
    return _stream(_json(await _begun(door, merchant_id, since, until)), "application/json", "journal.json")


async def as_sheet(door: Doorway, merchant_id: str, since: datetime, until: datetime) -> Response[Any]:
    return _stream(_sheet(await _begun(door, merchant_id, since, until)), "text/csv", "journal.csv")


async def _begun(door: Doorway, merchant_id: str, since: datetime, until: datetime) -> Pages:
    """The pages, the first already read: what goes wrong at the beginning is still answered as a problem."""
    if _EXPORTS.locked():
        raise TooMany("too_many_exports", "Other exports are being read. Try again in a moment.", retry_after=5)
    pages = _one_of_few(journal(door, merchant_id, since, until))
    head: tuple[JournalLine, ...] = ()
    with suppress(StopAsyncIteration):
        head = await anext(pages)

    async def whole() -> Pages:
        yield head
        async for page in pages:
            yield page

    return whole()


async def _one_of_few(pages: Pages) -> Pages:
    async with _EXPORTS:
        async for page in pages:
            yield page


async def _json(pages: Pages) -> AsyncIterator[bytes]:
    sums: dict[str, int] = {}
    yield b'{"lines":['
    parted = b""
    async for page in pages:
        for line in page:
            sums[line.amount.currency] = sums.get(line.amount.currency, 0) + line.amount.amount
        if page:
            yield parted + msgspec.json.encode(page)[1:-1]
            parted = b","
    # A posting takes from one account what it gives to another, so both sides of the journal are its amounts.
    totals = [Total(asset=asset, debit=amount, credit=amount) for asset, amount in sorted(sums.items())]
    yield b'],"totals":' + msgspec.json.encode(totals) + b"}"


async def _sheet(pages: Pages) -> AsyncIterator[bytes]:
    yield sheet([_HEAD]).encode()
    async for page in pages:
        yield sheet(row for line in page for row in _rows(line)).encode()


def _rows(line: JournalLine) -> list[tuple[object, ...]]:
    head = (
        line.at.isoformat(), line.event_at.isoformat(), line.transfer_id, line.line, line.kind, line.subject_id,
        line.reverses or "", line.actor,
    )  # fmt: skip
    asset, amount = line.amount.currency, f"{line.amount.decimal:f}"
    return [(*head, line.debit, asset, amount, ""), (*head, line.credit, asset, "", amount)]


def _stream(body: AsyncIterator[bytes], media_type: str, name: str) -> Response[Any]:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(body, media_type=media_type, headers=headers)
