"""Laws of the very moment: what ends at a time is good until then and not at it, whoever asks and whatever for."""

from datetime import timedelta

import asyncpg
import pytest

from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.customers.contact import Contact
from compensation.db.audit import audit
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.redemption.card import look_up
from compensation.redemption.extend import LONGEST
from compensation.redemption.wallet import SpendFrom, WalletSpent, spend_credit
from tests.customers.test_customers import met
from tests.redemption.till import Till, eur, refused

A_MOMENT = timedelta(microseconds=1)


async def test_a_card_is_good_until_its_date_and_not_at_it(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00)
    date = (await till.see(reward_id)).expires_at
    assert date is not None
    till.stand(date - A_MOMENT)
    use = await till.spend(code, 10_00)
    await till.give(use.id, 1_00)
    assert await till.sweep() == (0, 0)
    till.stand(date)
    for act in (till.spend(code, 1), till.hold(code, 1)):
        assert (await refused(act)).code == "code_not_usable"
    for act in (till.give(use.id, 1_00), till.reissue(reward_id)):
        assert (await refused(act)).code == "wrong_state"
    async with till.door.read(till.who.merchant_id) as tx:
        with pytest.raises(NotFound, match="code_not_usable"):
            await look_up(tx, code, date)
    assert await till.sweep() == (0, 1)
    assert (await till.see(reward_id)).state == "expired"
    assert (await refused(till.give(use.id, 1_00))).code == "wrong_state"
    assert await audit(owner) == {}


async def test_credit_in_a_wallet_is_good_until_its_date_and_not_at_it(till: Till) -> None:
    ann = await met(till.door, till.who, Contact(reference="ann"))
    items = tuple(Item(kind="store_credit", amount=eur(5_00), valid_months=months) for months in (2, 24))
    order = (await till.door.write_together(issue, till.who, OrderRequest(items=items, customer_id=ann))).read(Order)
    date = order.rewards[0].expires_at
    assert date is not None
    spend = SpendFrom(ann, eur(1_00))
    till.stand(date - A_MOMENT)
    first = (await till.door.write(spend_credit, till.who, spend)).read(WalletSpent)
    assert (first.balance, first.redemptions[0].reward_id) == (eur(9_00), order.rewards[0].id)
    till.stand(date)
    second = (await till.door.write(spend_credit, till.who, spend)).read(WalletSpent)
    assert (second.balance, second.redemptions[0].reward_id) == (eur(4_00), order.rewards[1].id)
    dollars = await refused(till.door.write(spend_credit, till.who, SpendFrom(ann, Money(1, "USD"))))
    assert dollars.extra["balance"] == {"amount": 0, "currency": "USD"}


async def test_a_hold_lasts_its_minutes_and_ends_at_the_last(till: Till) -> None:
    _, code = await till.card(50_00)
    till.stand(till.door.clock())
    held = await till.hold(code, 10_00, minutes=15)
    assert held.expires_at == held.created_at + timedelta(minutes=15)
    till.stand(held.expires_at - A_MOMENT)
    assert await till.sweep() == (0, 0)
    in_time = await till.capture(await till.hold(code, 5_00, minutes=1), 2_00)
    assert in_time.captured == eur(2_00)
    till.stand(held.expires_at)
    ended = await refused(till.capture(held))
    assert (ended.code, ended.extra["state"]) == ("hold_ended", "held")
    assert await till.sweep() == (1, 0)


async def test_a_reward_is_voided_up_to_the_last_moment_of_its_window(till: Till) -> None:
    (one, _), (other, _) = await till.card(50_00), await till.card(50_00)
    issued = (await till.see(one)).issued_at
    also = (await till.see(other)).issued_at
    assert issued is not None
    assert also is not None
    till.stand(issued + timedelta(days=14))
    assert (await till.void(one)).amount == eur(50_00)
    till.stand(also + timedelta(days=14) + A_MOMENT)
    late = await refused(till.void(other))
    assert (late.code, late.extra["until"]) == ("void_window_over", also + timedelta(days=14))


async def test_validity_reaches_ten_years_from_now_and_no_further(till: Till) -> None:
    reward_id, _ = await till.card(50_00)
    now = till.door.clock()
    till.stand(now)
    far = await refused(till.extend(reward_id, now + LONGEST + A_MOMENT))
    assert (far.code, far.extra["latest"]) == ("too_far", now + LONGEST)
    assert (await till.extend(reward_id, now + LONGEST)).valid_until == now + LONGEST
    till.stand(now + LONGEST)
    await till.sweep()
    for until in (now + LONGEST, now + LONGEST - A_MOMENT):
        assert (await refused(till.extend(reward_id, until))).code == "not_later"
    assert (await till.extend(reward_id, now + LONGEST + A_MOMENT)).amount == eur(50_00)
