"""Orders: a merchant system issues rewards straight from a program's budget."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, Parameter

from compensation.core.errors import NotFound, Refused
from compensation.core.settings import Settings
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.links import address, link_of
from compensation.issuance.order import OrderRequest, issue
from compensation.issuance.read import order, orders_of_case
from compensation.issuance.reward import Order
from compensation.merchants.merchant import merchant
from compensation.partners import has_supplier
from compensation.web.answer import answered
from compensation.web.asked import Busy, Caller, Door, Told


class Page(msgspec.Struct):
    items: list[Order]


class Link(msgspec.Struct):
    """Whoever has the link can see the code. Send it to the recipient only."""

    link: str


@post("/", summary="Issue rewards", status_code=201)
async def create(data: JSONBody[OrderRequest], asked: Busy) -> Response[Order]:
    """Issue gift cards, store credit or points: all items, or none. Cards of other brands, of kind `product_card`, are
    `pending` until their supplier has given them."""
    if any(item.product for item in data.items):
        await _must_be_supplied(asked.door, asked.who, asked.request.app.state.settings)
    return answered(await asked.together(issue, data), 201, Order)


async def _must_be_supplied(door: Doorway, who: Who, settings: Settings) -> None:
    async with door.read(who.merchant_id) as tx:
        mode = (await merchant(tx)).mode
    if not has_supplier(settings, mode):
        raise Refused("no_supplier", "No supplier of other brands' cards is set up, so none can be ordered.")


@get("/{order_id:str}", summary="One order with its rewards")
async def read(order_id: FromPath[str], door: Door, who: Caller) -> Order:
    async with door.read(who.merchant_id) as tx:
        found = await order(tx, order_id)
    if found is None:
        raise NotFound("unknown_order", "There is no such order.")
    return found


@get("/", summary="The orders of a case")
async def index(door: Door, who: Caller, case_id: Annotated[str, Parameter(max_length=64)]) -> Page:
    async with door.read(who.merchant_id) as tx:
        return Page(await orders_of_case(tx, case_id))


@post("/{order_id:str}/link", summary="The gift link of an order", status_code=200)
async def show_link(order_id: FromPath[str], door: Door, who: Caller, settings: Told) -> Link:
    """The page on which the recipient finds everything this order gives him. The answer is never kept."""
    async with door.read(who.merchant_id) as tx:
        token = await link_of(tx, "gift", order_id)
    if token is None:
        raise NotFound("unknown_link", "This order has no link yet. It is made when the recipient is told.")
    return Link(address(settings.base_url, "gift", token))


router = Router("/orders", route_handlers=[create, index, read, show_link], tags=["Orders"])
