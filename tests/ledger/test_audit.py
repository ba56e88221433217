"""The audit is silent on sound books and names the row when one has been tampered with."""

import asyncpg
import pytest

from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.audit import LAWS, audit
from compensation.db.unit import Doorway
from compensation.redemption.capture import Capture, capture
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.hold import Hold, PlaceHold, hold
from compensation.redemption.redeem import Redemption, Spend, redeem
from tests.shop import buy_card, make_program

TAMPERING = {
    "over a merchant and an asset all balances add up to zero": "UPDATE accounts SET balance = balance + 1 WHERE role = 'sales'",  # noqa: E501
    "every balance equals its postings": "UPDATE accounts SET balance = balance + 1 WHERE role = 'card'",
    "stored value is backed: what is left on a reward, is held, was spent or expired adds up to what was issued": "UPDATE rewards SET bonus = 5",  # noqa: E501
    "what is left on a reward, or held, fits its state": "UPDATE rewards SET state = 'redeemed'",
    "a hold keeps all it holds until it ends, and nothing afterwards": "UPDATE holds SET amount = amount + 1 WHERE state = 'held'",  # noqa: E501
    "no value is held but by a hold": "ALTER TABLE holds DISABLE TRIGGER ALL; DELETE FROM holds WHERE state = 'held'",
    "never more captured than was held, from the card that it was held on": "UPDATE holds SET amount = 1 WHERE state = 'captured'",  # noqa: E501
    "each use of value has its transfer, for the same sum": "INSERT INTO redemptions SELECT merchant_id, 'red_x', reward_id, 'redeem', NULL, 3, asset, 0, '', actor, at FROM redemptions LIMIT 1",  # noqa: E501
    "a budget was spent on what it issued, and on nothing else": "UPDATE rewards SET budget = budget + 1",
    "an order has ended when its rewards have, and a case when its order has": "ALTER TABLE orders DISABLE TRIGGER USER; UPDATE orders SET state = 'issuing'",  # noqa: E501
}


async def _used_shop(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> None:
    await make_program(owner, door, merchant, Money(1000_00, "EUR"))
    _, code = await buy_card(door, merchant, Money(100_00, "EUR"), Money(10_00, "EUR"))
    spend = Spend(code=code, amount=Money(50_00, "EUR"))
    use = (await door.write_together(redeem, merchant, spend)).read(Redemption)
    await door.write(give_back, merchant, GiveBack(redemption_id=use.id, amount=Money(20_00, "EUR")))
    place = PlaceHold(code=code, amount=Money(5_00, "EUR"))
    await door.write(hold, merchant, place)
    held = (await door.write(hold, merchant, place)).read(Hold)
    await door.write(capture, merchant, Capture(hold_id=held.id, amount=Money(3_00, "EUR")))


async def test_sound_books_pass(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> None:
    await _used_shop(owner, door, merchant)
    assert await audit(owner) == {}


@pytest.mark.parametrize("law", TAMPERING)
async def test_each_law_names_the_row_that_breaks_it(
    law: str, owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    await _used_shop(owner, door, merchant)
    await owner.execute(TAMPERING[law])
    broken = await audit(owner)
    assert broken[law][0]["merchant_id"] == merchant.merchant_id
    assert law in {each.says for each in LAWS}
