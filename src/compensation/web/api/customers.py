"""Customers: who they are, what they hold, and how they are forgotten."""

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody

from compensation.customers.customer import Customer, KnownCustomer, known_customer
from compensation.customers.entitlement import Entitlements, entitlements
from compensation.customers.erase import Erase, erase
from compensation.customers.wallet import Wallet, credit_statement, wallet
from compensation.ledger.statement import Statement
from compensation.redemption.wallet import SpendFrom, WalletSpend, WalletSpent, spend_credit
from compensation.web.answer import answered
from compensation.web.asked import Caller, Coin, Cursor, Door, Key, Moment, Size, moment


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


@get("/{customer_id:str}/statement", summary="A customer's store credit, line by line")
async def read_statement(
    customer_id: FromPath[str],
    door: Door,
    who: Caller,
    currency: Coin,
    cursor: Cursor = None,
    limit: Size = 50,
) -> Statement:
    """All his store credit in one currency taken together, newest line first, with the balance after each."""
    async with door.read(who.merchant_id) as tx:
        return await credit_statement(tx, customer_id, currency, before=cursor, limit=limit)


@get("/{customer_id:str}/entitlements", summary="What a customer is entitled to")
async def read_entitlements(customer_id: FromPath[str], door: Door, who: Caller, at: Moment = None) -> Entitlements:
    """His tier and perks now, or at another moment, with their start and end. The highest tier counts, the same tier
    granted again extends the first, and what ends falls back by itself."""
    async with door.read(who.merchant_id) as tx:
        return await entitlements(tx, customer_id, moment(at) or door.clock())


@post("/{customer_id:str}/wallet/spend", summary="Spend a customer's store credit", status_code=201)
async def spend_wallet(
    customer_id: FromPath[str], data: JSONBody[WalletSpend], door: Door, who: Caller, key: Key
) -> Response[WalletSpent]:
    """From as many store credits as it takes, what expires soonest first. A gift card is spent by its code."""
    what = SpendFrom(customer_id, data.amount, data.reference)
    return answered(await door.write(spend_credit, who, what, key), 201, WalletSpent)


@post("/{customer_id:str}/erase", summary="Forget a customer", status_code=200)
async def erase_customer(customer_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Customer]:
    """Who he was and what he said cannot be read again by anybody. His cases and sums stay, without a name."""
    return answered(await door.write(erase, who, Erase(customer_id), key), 200, Customer)


router = Router(
    "/customers",
    route_handlers=[read, read_wallet, read_statement, read_entitlements, spend_wallet, erase_customer],
    tags=["Customers"],
)
