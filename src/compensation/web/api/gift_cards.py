"""Gift cards and store credit at the till: look up, redeem in parts, return."""

from typing import Annotated

import msgspec
from litestar import Response, Router, post
from litestar.params import JSONBody
from msgspec import Meta

from compensation.redemption.card import Card, look_up
from compensation.redemption.cash_out import CashOut, PaidOut, cash_out
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.web.address import address_of
from compensation.web.answer import answered
from compensation.web.asked import Busy, Caller, Counted, Door, Key
from compensation.web.guesses import guessing
from compensation.web.request import StrictRequest


class LookUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64)]


@post("/lookup", summary="What is left on a card", status_code=200)
async def lookup(data: JSONBody[LookUp], request: StrictRequest, door: Door, who: Caller, limits: Counted) -> Card:
    """A code travels in the body, never in an address. Wrong guesses are counted and limited."""
    async with guessing(limits, who, address_of(request)), door.read(who.merchant_id) as tx:
        return await look_up(tx, data.code, door.clock())


@post("/redeem", summary="Spend from a card", status_code=201)
async def spend(data: JSONBody[Spend], asked: Busy) -> Response[Redemption]:
    """Spend all or part. Two tills on one card can never take more than it holds."""
    async with guessing(asked.limits, asked.who, asked.address):
        return answered(await asked.together(redeem, data), 201, Redemption)


@post("/return", summary="Give value back to a card", status_code=201)
async def give(data: JSONBody[GiveBack], door: Door, who: Caller, key: Key) -> Response[Redemption]:
    """For goods that come back: the value returns to the card it was spent from, never more than was spent."""
    return answered(await door.write(give_back, who, data, key), 201, Redemption)


@post("/cash-out", summary="Pay out what is left on a card", status_code=201)
async def pay_out(
    data: JSONBody[CashOut], request: StrictRequest, door: Door, who: Caller, key: Key, limits: Counted
) -> Response[PaidOut]:
    """Where the law of the holder asks for it: all that is left, once it is no more than `cash_out` of its terms."""
    async with guessing(limits, who, address_of(request)):
        return answered(await door.write(cash_out, who, data, key), 201, PaidOut)


router = Router("/gift-cards", route_handlers=[lookup, spend, give, pay_out], tags=["Gift cards"])
