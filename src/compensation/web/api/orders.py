"""Orders: a merchant system issues rewards straight from a program's budget."""

from litestar import Response, Router, get, post

from compensation.core.errors import NotFound
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.order import OrderRequest, issue
from compensation.issuance.read import order
from compensation.issuance.reward import Order
from compensation.web.answer import answered


@post("/", summary="Issue rewards", status_code=201)
async def create(data: OrderRequest, door: Doorway, who: Who, key: str) -> Response[Order]:
    """Issue gift cards, store credit or points. All items are issued, or none."""
    return answered(await door.write_together(issue, who, data, key), 201, Order)


@get("/{order_id:str}", summary="One order with its rewards")
async def read(order_id: str, door: Doorway, who: Who) -> Order:
    async with door.read(who.merchant_id) as tx:
        found = await order(tx, order_id)
    if found is None:
        raise NotFound("unknown_order", "There is no such order.")
    return found


router = Router("/orders", route_handlers=[create, read], tags=["Orders"])
