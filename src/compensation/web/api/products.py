"""Products: the cards of other brands that can be ordered."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from compensation.catalog.library import library
from compensation.catalog.products import Product
from compensation.merchants.merchant import merchant
from compensation.partners import has_supplier
from compensation.web.asked import Caller, Door, Size, Told

Where = Annotated[str | None, QueryParameter(pattern="^[A-Z]{2}$", description="Only those that are taken there.")]
In = Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$", description="Only those sold in this currency.")]
After = Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before.")]


class ProductList(msgspec.Struct, frozen=True):
    """``next`` is the cursor of the page after this one; null on the last. ``orderable`` is false while no supplier is
    set up for you."""

    items: list[Product]
    next: str | None
    orderable: bool


@get("/", summary="Cards of other brands that can be ordered")
async def index(
    door: Door,
    who: Caller,
    settings: Told,
    country: Where = None,
    currency: In = None,
    cursor: After = None,
    limit: Size = 50,
) -> ProductList:
    """In the order of their codes. Order one by POST /v1/orders, at a face value out of `sold`, in minor units; the fee
    is taken from the budget besides."""
    async with door.read(who.merchant_id) as tx:
        mode = (await merchant(tx)).mode
    found = library().products.page(country, currency, cursor, limit + 1)
    after = found[limit - 1].code if len(found) > limit else None
    return ProductList(found[:limit], after, has_supplier(settings, mode))


router = Router("/products", route_handlers=[index], tags=["Products"])
