"""Holds on gift cards and store credit: set value aside, then capture it or let it go."""

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody

from compensation.redemption.capture import Capture, capture
from compensation.redemption.hold import Hold, PlaceHold, find_hold, hold
from compensation.redemption.release import Release, release
from compensation.web.answer import answered
from compensation.web.asked import Busy, Caller, Door, Key
from compensation.web.guesses import guessing


@post("/hold", summary="Set value of a card aside", status_code=201)
async def place(data: JSONBody[PlaceHold], asked: Busy) -> Response[Hold]:
    """For a sale that is not complete yet. After `minutes` the value goes back to the card by itself."""
    async with guessing(asked.limits, asked.who, asked.address):
        return answered(await asked.door.write(hold, asked.who, data, asked.key), 201, Hold)


@post("/capture", summary="Take what was held", status_code=200)
async def take(data: JSONBody[Capture], door: Door, who: Caller, key: Key) -> Response[Hold]:
    """Once, in whole or in part; the rest goes back to the card. A return names the `redemption_id` of the answer."""
    return answered(await door.write(capture, who, data, key), 200, Hold)


@post("/release", summary="Let a hold go", status_code=200)
async def let_go(data: JSONBody[Release], door: Door, who: Caller, key: Key) -> Response[Hold]:
    """All of it goes back to the card at once."""
    return answered(await door.write(release, who, data, key), 200, Hold)


@get("/holds/{hold_id:str}", summary="One hold")
async def read(hold_id: FromPath[str], door: Door, who: Caller) -> Hold:
    async with door.read(who.merchant_id) as tx:
        return await find_hold(tx, hold_id)


router = Router("/gift-cards", route_handlers=[place, take, let_go, read], tags=["Gift cards"])
