"""Programs: what cases run under, and what each has left to give."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from compensation.ledger import account
from compensation.ledger.account import Role
from compensation.ledger.statement import Statement, statement
from compensation.merchants.merchant import Program, program, programs
from compensation.web.asked import Caller, Cursor, Door


class ProgramList(msgspec.Struct, frozen=True):
    items: list[Program]


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
    currency: Annotated[str, QueryParameter(pattern="^[A-Z]{3}$")],
    cursor: Cursor = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Statement:
    """Newest first, with what was still available after each."""
    async with door.read(who.merchant_id) as tx:
        await program(tx, program_id)
        return await statement(tx, [account(Role.budget, program_id, currency)], currency, before=cursor, limit=limit)


router = Router("/programs", route_handlers=[index, read_statement], tags=["Programs"])
