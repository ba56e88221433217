"""What points are worth in credit: dated rates, added and never changed."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody

from compensation.points.convert import NewRate, Rate, add_rate, rates
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key


class RateList(msgspec.Struct, frozen=True):
    items: list[Rate]


@get("/", summary="Every rate, past and to come")
async def index(door: Door, who: Caller) -> RateList:
    """A program's own rate goes before the one for all programs; of either the newest that is in force counts."""
    async with door.read(who.merchant_id) as tx:
        return RateList(await rates(tx))


@post("/", summary="Set a rate from a moment on", status_code=201)
async def add(data: JSONBody[NewRate], door: Door, who: Caller, key: Key) -> Response[Rate]:
    """For example 100 points for a credit of 1 euro. It holds from `valid_from` on; from now when left out."""
    return answered(await door.write(add_rate, who, data, key), 201, Rate)


router = Router("/points-rates", route_handlers=[index, add], tags=["Points"])
