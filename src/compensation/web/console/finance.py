"""The finance room: the books at the end of any day, what is owed to holders of value, accounts and the journal."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from compensation.core.errors import Forbidden, NotFound
from compensation.core.money import Money
from compensation.core.text import clean, day, ltr
from compensation.ledger.account import Role
from compensation.ledger.book import account_named, accounts
from compensation.ledger.liability import Liability, liability
from compensation.ledger.statement import Statement, statement
from compensation.ledger.trial import TrialBalance, trial_balance
from compensation.merchants.merchant import Program, programs
from compensation.web.asked import Cursor, Door
from compensation.web.console.budgets import bars
from compensation.web.console.finance_view import ROLES, books, columns, end_of, pictures
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.typed import Typed
from compensation.web.console.view import view
from compensation.web.journal import as_json, as_sheet
from compensation.web.request import StrictRequest

HERE = "/console/finance"
_EARLIEST = dt.date(2000, 1, 1)
_SHOWN = 50
Word = Annotated[str, QueryParameter(max_length=200)]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read in one transaction."""

    trial: TrialBalance
    owed: Liability
    programs: list[Program]


@get("/finance")
async def finance(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """At the end of the day that was asked for; now, where none was or it is not over."""
    return await _page(request, door, _only(desk))


@get("/finance/journal")
async def download_journal(request: StrictRequest, door: Door, desk: AtDesk) -> Response[Any]:
    """The journal of whole days, both included. Dates that are none bring the page back with the fault beside them."""
    _only(desk)
    typed = _asked(request, desk)
    first, last = typed.date("from"), typed.date("to")
    for field, value in (("from", first), ("to", last)):
        if value is None:
            typed.fault(field, typed.say("This is needed"))
    if first is not None and last is not None and last < first:
        typed.fault("to", typed.say("The last day comes before the first"))
    if typed.wrong or first is None or last is None:
        return await _page(request, door, desk, typed)
    export = as_json if typed.fields.get("as") == "json" else as_sheet
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    until = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    return await export(door, desk.who.merchant_id, since, until)


@get("/finance/accounts")
async def list_accounts(
    request: StrictRequest,
    door: Door,
    desk: AtDesk,
    role: Word = "",
    asset: Word = "",
    after: Annotated[str | None, QueryParameter(max_length=200)] = None,
) -> Response[str]:
    """The accounts of one role and asset with what they hold now."""
    _only(desk)
    if role not in ROLES:
        raise NotFound("unknown_account", "There is no such kind of account.")
    async with door.read(desk.who.merchant_id) as tx:
        found = await accounts(tx, Role(role), asset, after, _SHOWN)
    say = words(request, desk.locale)
    more = f"{HERE}/accounts?" + urlencode({"role": role, "asset": asset, "after": found.next}) if found.next else None
    rows = [(one, day(one.expires_at, desk.locale) if one.expires_at else "") for one in found.items]
    return view(
        request, desk, "accounts.html", rows=rows, label=say(ROLES[role]), coin=asset, more=more, room="finance"
    )


@get("/finance/accounts/{account_id:str}")
async def one_account(
    request: StrictRequest, account_id: FromPath[str], door: Door, desk: AtDesk, cursor: Cursor = None
) -> Response[str]:
    """What moved on it, newest first, with what was there after each line."""
    _only(desk)
    async with door.read(desk.who.merchant_id) as tx:
        account = await account_named(tx, account_id)
        found: Statement = await statement(tx, [account.id], account.balance.currency, before=cursor, limit=_SHOWN)
    say, role = words(request, desk.locale), account.id.partition(":")[0]
    # The year is always there: a statement goes back as far as the account.
    lines = [(one, f"{day(one.at, desk.locale)} {ltr(f'{one.at:%H:%M}')}") for one in found.entries]
    return view(
        request, desk, "account.html", account=account, found=found, lines=lines, role=role,
        label=say(ROLES[role]) if role in ROLES else role, room="finance",
    )  # fmt: skip


async def _page(request: StrictRequest, door: Door, desk: Desk, typed: Typed | None = None) -> Response[str]:
    typed, say, now = typed or _asked(request, desk), words(request, desk.locale), door.clock()
    asked = typed.date("at") or now.date()
    if asked < _EARLIEST:
        typed.fault("at", say("Write a day after 2000"))
        asked = now.date()
    found = await _read(door, desk, end_of(asked, now))
    assets = [total.asset for total in found.trial.totals] or ["EUR"]
    owed = dict.fromkeys(one.asset for one in found.owed.by_origin)
    asset = typed.one_of("asset", assets) or next(iter([*owed, *assets]))
    return view(
        request,
        desk,
        "finance.html",
        status=422 if typed.wrong else 200,
        books=books(say, found.trial),
        balanced=found.trial.balanced,
        at=found.trial.at,
        until=day(found.trial.at, desk.locale),
        assets=assets,
        coin=asset,
        pictures=pictures(say, found.owed, asset),
        months=columns(say, found.owed, asset),
        total=Money(sum(one.amount for one in found.owed.by_origin if one.asset == asset), asset),
        broken=Money(
            sum(line.credit for line in found.trial.lines if (line.role, line.asset) == (Role.breakage, asset)), asset
        ),
        programs=[(one, bars(one)) for one in found.programs],
        typed={
            "at": asked.isoformat(),
            "from": now.date().replace(day=1).isoformat(),
            "to": now.date().isoformat(),
            **typed.fields,
        },
        wrong=typed.wrong,
        room="finance",
    )


async def _read(door: Door, desk: Desk, at: dt.datetime) -> Found:
    async with door.read(desk.who.merchant_id) as tx:
        return Found(trial=await trial_balance(tx, at), owed=await liability(tx, at), programs=await programs(tx))


def _only(desk: Desk) -> Desk:
    if not desk.agent.may_see_books:
        raise Forbidden("not_an_administrator", "The books are for finance and administrators.")
    return desk


def _asked(request: StrictRequest, desk: Desk) -> Typed:
    """What stands in the address, as a form that changes nothing sends it."""
    fields: Mapping[str, str] = {name: clean(value)[:40] for name, value in request.query_params.items()}
    return Typed(fields, words(request, desk.locale))
