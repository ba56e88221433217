"""Programs: what cases run under, and what each has left to give."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from compensation.core.money import Money
from compensation.ledger import account
from compensation.ledger.account import Role
from compensation.ledger.statement import Statement, statement
from compensation.merchants.budget import Alert, BudgetRule, RuleSet, SetBudgetRule, alerts, set_budget_rule
from compensation.merchants.merchant import (
    Added,
    Funding,
    Program,
    VoidWindow,
    fund,
    program,
    programs,
    set_void_window,
)
from compensation.web.answer import answered
from compensation.web.asked import Caller, Coin, Cursor, Door, Key, Size


class AlertList(msgspec.Struct, frozen=True):
    items: list[Alert]


class NewFunds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``amount`` is added to the program's budget in its currency."""

    amount: Money


class ProgramList(msgspec.Struct, frozen=True):
    items: list[Program]


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, Meta(ge=0, le=3650)]


@get("/", summary="Your programs with their budgets")
async def index(door: Door, who: Caller) -> ProgramList:
    """Sums in minor units. What is available, reserved and spent is together what the program was given."""
    async with door.read(who.merchant_id) as tx:
        return ProgramList(await programs(tx))


@get("/{program_id:str}/statement", summary="What came into a program's budget and what went")
async def read_statement(
    program_id: FromPath[str],
    door: Door,
    who: Caller,
    currency: Coin,
    cursor: Cursor = None,
    limit: Size = 50,
) -> Statement:
    """Newest first, with what was still available after each."""
    async with door.read(who.merchant_id) as tx:
        await program(tx, program_id)
        return await statement(tx, [account(Role.budget, program_id, currency)], currency, before=cursor, limit=limit)


@post("/{program_id:str}/void-window", summary="For how long rewards may be cancelled", status_code=200)
async def set_window(
    program_id: FromPath[str], data: JSONBody[Days], door: Door, who: Caller, key: Key
) -> Response[Added]:
    """Days after the issue, 14 to begin with; it holds for what was issued before, too."""
    return answered(await door.write(set_void_window, who, VoidWindow(program_id, data.days), key), 200, Added)


@patch("/{program_id:str}", summary="Say what follows when the budget is empty", status_code=200)
async def update(
    program_id: FromPath[str], data: JSONBody[BudgetRule], door: Door, who: Caller, key: Key
) -> Response[RuleSet]:
    """`stop` refuses a choice that the budget does not cover. `escalate` brings it to a second person, who may approve
    it with a reason; what is missing is then added to the budget by a transfer of its own."""
    asked = SetBudgetRule(program_id=program_id, on_empty=data.on_empty)
    return answered(await door.write(set_budget_rule, who, asked, key), 200, RuleSet)


@post("/{program_id:str}/funds", summary="Add to a program's budget", status_code=201)
async def add_funds(
    program_id: FromPath[str], data: JSONBody[NewFunds], door: Door, who: Caller, key: Key
) -> Response[Added]:
    """A new period begins: you are told anew when 50, 80 and 100 per cent of what is then available are promised.
    Answers with the id of the transfer."""
    return answered(await door.write(fund, who, Funding(program_id, data.amount), key), 201, Added)


@get("/{program_id:str}/alerts", summary="When a budget ran low")
async def read_alerts(program_id: FromPath[str], door: Door, who: Caller) -> AlertList:
    """The latest first. Each is also told as the event `budget.alert`."""
    async with door.read(who.merchant_id) as tx:
        await program(tx, program_id)
        return AlertList(await alerts(tx, program_id))


router = Router(
    "/programs",
    route_handlers=[index, read_statement, set_window, update, add_funds, read_alerts],
    tags=["Programs"],
)
