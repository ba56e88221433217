"""Insights: what the cases say when they are looked at together."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from compensation.cases.override import Deviation, deviations
from compensation.web.asked import Caller, Door


class DeviationList(msgspec.Struct, frozen=True):
    items: list[Deviation]


@get("/overrides", summary="Overrides by agent")
async def overrides(
    door: Door,
    who: Caller,
    days: Annotated[int, Parameter(ge=1, le=366, description="How far to look back.")] = 30,
) -> DeviationList:
    """Where agents took another offer than the first, the recommended one: how often, why, and what the customers'
    value and our expected cost came to beyond the recommendation."""
    until = door.clock()
    async with door.read(who.merchant_id) as tx:
        return DeviationList(await deviations(tx, until - timedelta(days=days), until + timedelta(seconds=1)))


router = Router("/insights", route_handlers=[overrides], tags=["Insights"])
