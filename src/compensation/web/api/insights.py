"""Insights: what the cases say when they are looked at together."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from compensation.cases.override import Deviation, deviations
from compensation.cases.risk.review import Rate, rates
from compensation.web.asked import Caller, Door


class DeviationList(msgspec.Struct, frozen=True):
    items: list[Deviation]


class RateList(msgspec.Struct, frozen=True):
    items: list[Rate]


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


@get("/signals", summary="How often signals were false alarms")
async def signals(
    door: Door,
    who: Caller,
    days: Annotated[int, Parameter(ge=1, le=366, description="How far to look back.")] = 90,
) -> RateList:
    """For each signal that brought a case to a second person: how many wait, were cleared, were confirmed, and what
    share of those judged was a false alarm."""
    async with door.read(who.merchant_id) as tx:
        return RateList(await rates(tx, door.clock() - timedelta(days=days)))


router = Router("/insights", route_handlers=[overrides, signals], tags=["Insights"])
