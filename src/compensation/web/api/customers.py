"""Customers: who they are, what they hold, and how they are forgotten."""

from litestar import Response, Router, get, post
from litestar.params import FromPath

from compensation.customers.customer import Customer, KnownCustomer, known_customer
from compensation.customers.erase import Erase, erase
from compensation.customers.wallet import Wallet, wallet
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key


@get("/{customer_id:str}", summary="One customer")
async def read(customer_id: FromPath[str], door: Door, who: Caller) -> KnownCustomer:
    """With the person; `person` is null once he was erased."""
    async with door.read(who.merchant_id) as tx:
        return await known_customer(tx, customer_id)


@get("/{customer_id:str}/wallet", summary="What a customer holds now")
async def read_wallet(customer_id: FromPath[str], door: Door, who: Caller) -> Wallet:
    """Store credit, gift cards, points and perks that have not expired."""
    async with door.read(who.merchant_id) as tx:
        return await wallet(tx, customer_id, door.clock())


@post("/{customer_id:str}/erase", summary="Forget a customer", status_code=200)
async def erase_customer(customer_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Customer]:
    """Who he was and what he said cannot be read again by anybody. His cases and sums stay, without a name."""
    return answered(await door.write(erase, who, Erase(customer_id), key), 200, Customer)


router = Router("/customers", route_handlers=[read, read_wallet, erase_customer], tags=["Customers"])
