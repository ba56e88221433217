"""Events: the feed by which a merchant's system can prove that it missed nothing."""

from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from compensation.notices.event import Feed, feed
from compensation.web.asked import Caller, Door, Size


@get("/", summary="Events in the order of their numbers")
async def index(
    door: Door,
    who: Caller,
    after: Annotated[int, Parameter(ge=0, le=2**53, description="The number of the last event you have.")] = 0,
    limit: Size = 100,
) -> Feed:
    """Numbers have no gap. Ask again with `after` set to the last number you hold until that is `last`."""
    async with door.read(who.merchant_id) as tx:
        return await feed(tx, after, limit)


router = Router("/events", route_handlers=[index], tags=["Events"])
