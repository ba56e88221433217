"""A customer's points: earned by purchases, spent, turned into credit, taken back when a purchase is refunded."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from compensation.customers.customer import customer
from compensation.ledger.statement import Statement
from compensation.points.convert import Convert, Converted, Currency, convert
from compensation.points.earn import Count, Earn, Earning, Purchase, Release, earn, release
from compensation.points.lots import Points, points, points_statement
from compensation.points.spend import PointsUse, SpendPoints, TakeBack, spend_points, take_back
from compensation.redemption.redeem import Reference
from compensation.web.answer import answered
from compensation.web.asked import Caller, Cursor, Door, Key, Size, moment

Months = Annotated[int, Meta(ge=1, le=120)]


class ToEarn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``reference`` is your purchase: it earns once. ``pending`` points wait for ``release_at``, or for a release."""

    points: Count
    reference: Purchase
    pending: bool = False
    release_at: datetime | None = None
    valid_months: Months = 24


class ToRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: Purchase


class ToSpend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    points: Count
    reference: Reference = ""


class ToConvert(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``program`` names whose rate counts; your default program's when left out."""

    points: Count
    currency: Currency
    program: Annotated[str, Meta(max_length=64)] | None = None
    valid_months: Months = 60


class ToTakeBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``points`` for a refund in part; without it all that is left of what the purchase earned."""

    reference: Purchase
    points: Count | None = None


@get("/", summary="A customer's points")
async def read(customer_id: FromPath[str], door: Door, who: Caller) -> Points:
    """By lot, in the order in which they are spent: what expires soonest first; pending ones last."""
    async with door.read(who.merchant_id) as tx:
        await customer(tx, customer_id)
        return await points(tx, customer_id, door.clock())


@get("/statement", summary="A customer's points, line by line")
async def read_statement(
    customer_id: FromPath[str],
    door: Door,
    who: Caller,
    cursor: Cursor = None,
    limit: Size = 50,
) -> Statement:
    """Newest first, with what could be spent after each. Pending points are not in it until they are released."""
    async with door.read(who.merchant_id) as tx:
        await customer(tx, customer_id)
        return await points_statement(tx, customer_id, before=cursor, limit=limit)


@post("/earn", summary="Add points for a purchase", status_code=201)
async def add(
    customer_id: FromPath[str], data: JSONBody[ToEarn], door: Door, who: Caller, key: Key
) -> Response[Earning]:
    """Pending ones are released at `release_at` by themselves, or when you say that the sale is settled."""
    what = Earn(
        customer_id=customer_id,
        points=data.points,
        reference=data.reference,
        pending=data.pending,
        release_at=moment(data.release_at, "release_at"),
        valid_months=data.valid_months,
    )
    return answered(await door.write(earn, who, what, key), 201, Earning)


@post("/release", summary="Release pending points", status_code=200)
async def let_go(
    customer_id: FromPath[str], data: JSONBody[ToRelease], door: Door, who: Caller, key: Key
) -> Response[Earning]:
    """The sale is settled: the points of this purchase can be spent."""
    return answered(await door.write(release, who, Release(customer_id, data.reference), key), 200, Earning)


@post("/spend", summary="Spend points", status_code=201)
async def spend(
    customer_id: FromPath[str], data: JSONBody[ToSpend], door: Door, who: Caller, key: Key
) -> Response[PointsUse]:
    """Earned points and those given as a remedy alike, what expires soonest first. Never more than there are."""
    what = SpendPoints(customer_id=customer_id, points=data.points, reference=data.reference)
    return answered(await door.write(spend_points, who, what, key), 201, PointsUse)


@post("/convert", summary="Turn points into store credit", status_code=201)
async def exchange(
    customer_id: FromPath[str], data: JSONBody[ToConvert], door: Door, who: Caller, key: Key
) -> Response[Converted]:
    """At the rate in force now. Only as many points are taken as make whole minor units of credit."""
    what = Convert(
        customer_id=customer_id,
        points=data.points,
        currency=data.currency,
        program=data.program,
        valid_months=data.valid_months,
    )
    return answered(await door.write(convert, who, what, key), 201, Converted)


@post("/take-back", summary="Take back what a refunded purchase earned", status_code=201)
async def undo(
    customer_id: FromPath[str], data: JSONBody[ToTakeBack], door: Door, who: Caller, key: Key
) -> Response[PointsUse]:
    """From its own points first, then from others that were earned; never from those given as a remedy.

    What is no longer there is answered and kept as `shortfall`: nobody's points fall below zero.
    """
    what = TakeBack(customer_id=customer_id, reference=data.reference, points=data.points)
    return answered(await door.write(take_back, who, what, key), 201, PointsUse)


router = Router(
    "/customers/{customer_id:str}/points",
    route_handlers=[read, read_statement, add, let_go, spend, exchange, undo],
    tags=["Points"],
)
