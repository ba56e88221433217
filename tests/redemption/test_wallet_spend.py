"""Stories of a wallet at the till: one sum over many credits, each part returnable, never more than is there."""

import asyncio

import asyncpg
import pytest

from compensation.core.errors import NotFound, Refused
from compensation.core.money import Money
from compensation.customers.contact import Contact
from compensation.db.answers import Who, Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.redeem import Spend, redeem
from compensation.redemption.reveal import reveal
from compensation.redemption.wallet import SpendFrom, WalletSpent, spend_credit
from tests.conftest import make_merchant
from tests.customers.test_customers import met
from tests.shop import make_program

EUR = "EUR"


async def _ann(owner: asyncpg.Connection, door: Doorway, who: Who, *given: tuple[int, int]) -> tuple[str, Order]:
    """A customer with store credits of (amount, months)."""
    await make_program(owner, door, who, Money(1_000_000, EUR))
    ann = await met(door, who, Contact(reference="ann"))
    items = tuple(Item(kind="store_credit", amount=Money(sum_, EUR), valid_months=months) for sum_, months in given)
    return ann, (await door.write_together(issue, who, OrderRequest(items=items, customer_id=ann))).read(Order)


async def _spend(door: Doorway, who: Who, customer: str, amount: int, key: str | None = None) -> WalletSpent:
    return (await door.write(spend_credit, who, SpendFrom(customer, Money(amount, EUR)), key)).read(WalletSpent)


async def test_what_expires_first_is_spent_first_and_each_part_goes_back_where_it_came_from(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann, order = await _ann(owner, door, merchant, (10_00, 24), (5_00, 2), (7_00, 12))
    late, soon, middle = (reward.id for reward in order.rewards)
    spent = await _spend(door, merchant, ann, 13_00, "sale-1")
    assert [(use.reward_id, use.amount.amount) for use in spent.redemptions] == [
        (soon, 5_00), (middle, 7_00), (late, 1_00),
    ]  # fmt: skip
    assert spent.balance == Money(9_00, EUR)
    assert await _spend(door, merchant, ann, 13_00, "sale-1") == spent
    states = dict(await owner.fetch("SELECT id, state FROM rewards"))
    assert states == {soon: "redeemed", middle: "redeemed", late: "partly_redeemed"}
    await door.write(give_back, merchant, GiveBack(redemption_id=spent.redemptions[1].id, amount=Money(3_00, EUR)))
    assert [use.reward_id for use in (await _spend(door, merchant, ann, 4_00)).redemptions] == [middle, late]
    assert await audit(owner) == {}


async def test_tills_by_code_and_by_customer_together_take_exactly_what_there_is(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann, order = await _ann(owner, door, merchant, (10_00, 24), (10_00, 2))
    code = (await reveal(door, merchant, order.rewards[0].id)).code
    other = Doorway(door.pool, door.vault)
    outcomes = await asyncio.gather(
        *(_spend(each, merchant, ann, 3_00) for each in [door, other] * 15),
        *(each.write_together(redeem, merchant, Spend(code=code, amount=Money(3_00, EUR))) for each in [door] * 15),
        return_exceptions=True,
    )
    won = sum(isinstance(outcome, (WalletSpent, Written)) for outcome in outcomes)
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 20_00 - 3_00 * won
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'sales'") == 3_00 * won
    assert won >= 5
    assert {type(o) for o in outcomes if not isinstance(o, (WalletSpent, Written))} <= {Refused, NotFound}
    assert await audit(owner) == {}
    await other.settle()


async def test_too_much_another_currency_and_a_stranger_change_nothing(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann, _ = await _ann(owner, door, merchant, (10_00, 24))
    with pytest.raises(Refused) as caught:
        await _spend(door, merchant, ann, 10_01)
    assert caught.value.extra["balance"] == {"amount": 10_00, "currency": EUR}
    with pytest.raises(Refused) as caught:
        await door.write(spend_credit, merchant, SpendFrom(ann, Money(1, "USD")))
    assert caught.value.extra["balance"] == {"amount": 0, "currency": "USD"}
    with pytest.raises(NotFound):
        await _spend(door, await make_merchant(owner), ann, 1)
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 10_00
