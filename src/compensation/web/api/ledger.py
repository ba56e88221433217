"""The ledger as finance reads it: the books at any moment, the journal of any span, what undoes an entry."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from compensation.core.errors import TooMany
from compensation.core.sheet import sheet
from compensation.db.unit import Doorway
from compensation.ledger.journal import JournalLine, journal
from compensation.ledger.reverse import Reverse, Reversed, reverse
from compensation.ledger.trial import Total, TrialBalance, trial_balance
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key, Moment, moment

_EXPORTS = asyncio.Semaphore(2)
"""Exports of one process at a time: each holds a connection for as long as its reader reads."""
_HEAD = (
    "written_at", "happened_at", "transfer", "line", "kind", "subject", "reverses", "actor", "account", "asset",
    "debit", "credit",
)  # fmt: skip

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

Pages = AsyncGenerator[tuple[JournalLine, ...], None]
Since = Annotated[datetime | None, QueryParameter(name="from", description="The first moment of the span.")]
Until = Annotated[datetime | None, QueryParameter(name="to", description="The first moment after it; now by default.")]


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """``totals`` stand last: a journal without them was broken off on its way."""

    lines: tuple[JournalLine, ...]
    totals: tuple[Total, ...]


@get("/trial-balance", summary="The books at one moment")
async def read_trial_balance(door: Door, who: Caller, at: Moment = None) -> TrialBalance:
    """Debit and credit by role and asset, of all that was written down until then; now when `at` is left out."""
    async with door.read(who.merchant_id) as tx:
        return await trial_balance(tx, moment(at) or door.clock())


@get("/journal", summary="The journal of a span of time, as JSON")
async def read_journal(door: Door, who: Caller, since: Since = None, until: Until = None) -> Response[Journal]:
    """Every posting in the order it was written down, of any length: it is sent as it is read. Sums in minor units."""
    pages = await _begun(door, who.merchant_id, since, until)
    return _stream(_as_json(pages), "application/json", "journal.json")


@get(
    "/journal.csv",
    summary="The journal of a span of time, as CSV",
    responses={200: ResponseSpec(str, generate_examples=False, media_type="text/csv", description="The journal")},
)
async def read_journal_sheet(door: Door, who: Caller, since: Since = None, until: Until = None) -> Response[str]:
    """Two rows a posting, one for each account; sums as decimals of the currency. Debit and credit add up alike."""
    pages = await _begun(door, who.merchant_id, since, until)
    return _stream(_as_sheet(pages), "text/csv", "journal.csv")


@post("/transfers/{transfer_id:str}/reverse", summary="Undo an entry by its opposite", status_code=201)
async def undo(transfer_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Reversed]:
    """For a budget that was funded with the wrong sum. What belongs to a reward is undone by the reward's own acts."""
    return answered(await door.write(reverse, who, Reverse(transfer_id), key), 201, Reversed)


async def _begun(door: Doorway, merchant_id: str, since: datetime | None, until: datetime | None) -> Pages:
    """The pages, the first already read: what goes wrong at the beginning is still answered as a problem."""
    first, end = moment(since, "from") or _EARLIEST, moment(until, "to") or door.clock()
    if _EXPORTS.locked():
        raise TooMany("too_many_exports", "Other exports are being read. Try again in a moment.", retry_after=5)
    pages = _one_of_few(journal(door, merchant_id, first, end))
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


async def _as_json(pages: Pages) -> AsyncIterator[bytes]:
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


async def _as_sheet(pages: Pages) -> AsyncIterator[bytes]:
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


router = Router("/ledger", route_handlers=[read_trial_balance, read_journal, read_journal_sheet, undo], tags=["Ledger"])
