"""What a customer holds: balances are the ledger's, and what has expired or belongs to others is not there."""

from datetime import timedelta

import asyncpg

from compensation.core.money import Money
from compensation.customers.contact import Contact
from compensation.customers.wallet import Wallet, wallet
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.redemption.redeem import Spend, redeem
from compensation.redemption.reveal import reveal
from tests.customers.test_customers import met
from tests.shop import make_program

EUR = "EUR"


async def holds(door: Doorway, who: Who, customer_id: str, days: int = 0) -> Wallet:
    async with door.read(who.merchant_id) as tx:
        return await wallet(tx, customer_id, door.clock() + timedelta(days=days))


async def give(door: Doorway, who: Who, customer_id: str, *items: Item) -> Order:
    request = OrderRequest(items=items, customer_id=customer_id)
    return (await door.write_together(issue, who, request)).read(Order)


async def test_credit_points_and_cards_are_counted_as_they_are_spent(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await make_program(owner, door, merchant, Money(100_000, EUR))
    ann, bob = [await met(door, merchant, Contact(reference=name)) for name in ("ann", "bob")]
    credit = Item(kind="store_credit", amount=Money(2000, EUR), bonus=Money(200, EUR), valid_months=12)
    points = Item(kind="points", amount=Money(500, EUR), points=510, valid_months=6)
    card = Item(kind="gift_card", amount=Money(1000, EUR), valid_months=24)
    order = await give(door, merchant, ann, credit, points, card)
    await give(door, merchant, bob, credit)
    held = await holds(door, merchant, ann)
    assert held.credit == (Money(2200, EUR),)
    assert held.points == 510
    assert [(one.kind, one.balance.amount) for one in held.held] == [
        ("points", 510), ("store_credit", 2200), ("gift_card", 1000),
    ]  # fmt: skip
    code = (await reveal(door, merchant, order.rewards[0].id)).code
    await door.write_together(redeem, merchant, Spend(code=code, amount=Money(700, EUR)))
    assert (await holds(door, merchant, ann)).credit == (Money(1500, EUR),)
    assert (await holds(door, merchant, bob)).credit == (Money(2200, EUR),)
    # After a year only the gift card is still good, and it is no credit of the account.
    later = await holds(door, merchant, ann, days=370)
    assert (later.credit, later.points, [one.kind for one in later.held]) == ((), 0, ["gift_card"])


async def test_a_perk_is_held_until_it_ends(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    await make_program(owner, door, merchant, Money(100_000, EUR))
    ann = await met(door, merchant, Contact(reference="ann"))
    order = await give(door, merchant, ann, Item(kind="store_credit", amount=Money(100, EUR)))
    await owner.execute(
        "INSERT INTO rewards (merchant_id, id, order_id, program_id, customer_id, position, kind, remedy, part, state,"
        " currency, asset, principal, bonus, terms, issued_at, expires_at, created_at, updated_at)"
        " SELECT merchant_id, 'rwd_tier', order_id, program_id, customer_id, 9, 'tier', 'tiered_perk', 'goodwill',"
        " 'issued', currency, asset, 0, 0, $2, now(), now() + interval '30 days', now(), now() FROM rewards"
        " WHERE id = $1",
        order.rewards[0].id,
        '{"kind": "tier", "tier": "gold", "days": 30, "perks": ["vip_support"]}',
    )
    (perk,) = (await holds(door, merchant, ann)).perks
    assert (perk.tier, perk.perks) == ("gold", ("vip_support",))
    assert (await holds(door, merchant, ann, days=31)).perks == ()
