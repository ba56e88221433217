"""The ledger as finance reads it: the books at any moment, the journal of any span, what undoes an entry."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from compensation.ledger.account import Role
from compensation.ledger.book import Accounts, account_named, accounts
from compensation.ledger.journal import JournalLine
from compensation.ledger.liability import Liability, liability
from compensation.ledger.reverse import Reverse, Reversed, reverse
from compensation.ledger.statement import Statement, statement
from compensation.ledger.trial import Total, TrialBalance, trial_balance
from compensation.web.answer import answered
from compensation.web.asked import Caller, Cursor, Door, Key, Moment, Size, moment
from compensation.web.journal import EARLIEST, as_json, as_sheet

Since = Annotated[datetime | None, QueryParameter(name="from", description="The first moment of the span.")]
Until = Annotated[datetime | None, QueryParameter(name="to", description="The first moment after it; now by default.")]

Asset = Annotated[str, QueryParameter(pattern="^[A-Z]{3,6}$", description="A currency, or POINTS.")]
OfRole = Annotated[Role, QueryParameter(description="What the accounts are for.")]
AfterName = Annotated[str | None, QueryParameter(max_length=200, description="`next` of the page before.")]


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """``totals`` stand last: a journal without them was broken off on its way."""

    lines: tuple[JournalLine, ...]
    totals: tuple[Total, ...]


@get("/trial-balance", summary="The books at one moment")
async def read_trial_balance(door: Door, who: Caller, at: Moment = None) -> TrialBalance:
    """Debit and credit by role and asset, of all that was written down until then; now when `at` is left out."""
    async with door.read(who.merchant_id) as tx:
        return await trial_balance(tx, moment(at) or door.clock())


@get("/liability", summary="What is still owed to whoever holds value")
async def read_liability(door: Door, who: Caller, at: Moment = None) -> Liability:
    """Stored value by asset in minor units: by origin, by age, by expiry, and month by month with its breakage."""
    async with door.read(who.merchant_id) as tx:
        return await liability(tx, moment(at) or door.clock())


@get("/accounts", summary="The accounts of one role")
async def list_accounts(
    door: Door, who: Caller, role: OfRole, currency: Asset, cursor: AfterName = None, limit: Size = 50
) -> Accounts:
    """With what each holds now, in the order of their names."""
    async with door.read(who.merchant_id) as tx:
        return await accounts(tx, role, currency, cursor, limit)


@get("/accounts/{account_id:str}/statement", summary="One account's lines with its running balance")
async def read_statement(
    account_id: FromPath[str], door: Door, who: Caller, cursor: Cursor = None, limit: Size = 50
) -> Statement:
    """Newest first, with what the account held after each."""
    async with door.read(who.merchant_id) as tx:
        found = await account_named(tx, account_id)
        return await statement(tx, [found.id], found.balance.currency, before=cursor, limit=limit)


@get("/journal", summary="The journal of a span of time, as JSON")
async def read_journal(door: Door, who: Caller, since: Since = None, until: Until = None) -> Response[Journal]:
    """Every posting in the order it was written down, of any length: it is sent as it is read. Sums in minor units."""
    return await as_json(door, who.merchant_id, *_span(door, since, until))


@get(
    "/journal.csv",
    summary="The journal of a span of time, as CSV",
    responses={200: ResponseSpec(str, generate_examples=False, media_type="text/csv", description="The journal")},
)
async def read_journal_sheet(door: Door, who: Caller, since: Since = None, until: Until = None) -> Response[str]:
    """Two rows a posting, one for each account; sums as decimals of the currency. Debit and credit add up alike."""
    return await as_sheet(door, who.merchant_id, *_span(door, since, until))


@post("/transfers/{transfer_id:str}/reverse", summary="Undo an entry by its opposite", status_code=201)
async def undo(transfer_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Reversed]:
    """For a budget that was funded with the wrong sum. What belongs to a reward is undone by the reward's own acts."""
    return answered(await door.write(reverse, who, Reverse(transfer_id), key), 201, Reversed)


def _span(door: Door, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    return moment(since, "from") or EARLIEST, moment(until, "to") or door.clock()


router = Router(
    "/ledger",
    route_handlers=[
        read_trial_balance, read_liability, list_accounts, read_statement, read_journal, read_journal_sheet, undo,
    ],
    tags=["Ledger"],
)  # fmt: skip
