"""Programs: what cases run under, and what each has left to give."""

import msgspec
from litestar import Router, get

from compensation.merchants.merchant import Program, programs
from compensation.web.asked import Caller, Door


class ProgramList(msgspec.Struct, frozen=True):
    items: list[Program]


@get("/", summary="Your programs with their budgets")
async def index(door: Door, who: Caller) -> ProgramList:
    """Sums in minor units. What is available, reserved and spent is together what the program was given."""
    async with door.read(who.merchant_id) as tx:
        return ProgramList(await programs(tx))


router = Router("/programs", route_handlers=[index], tags=["Programs"])
