"""Laws and stories of putting right what was issued: cancel, replace, prolong, take back; no value is made or lost."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from compensation.core.errors import NotFound, Problem
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.merchants.merchant import VoidWindow, set_void_window
from compensation.redemption.clawback import Clawback, clawback
from compensation.redemption.correction import Correction, corrections_of
from compensation.redemption.redeem import Redemption
from compensation.redemption.resend import Resend, resend
from tests.conftest import make_merchant
from tests.redemption.till import Till, eur, refused


async def balance(owner: asyncpg.Connection, role: str) -> int:
    return int(await owner.fetchval("SELECT coalesce(sum(balance), 0) FROM accounts WHERE role = $1", role))


async def test_a_void_undoes_the_issue_and_the_budget_has_its_goodwill_back(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(50_00, bonus=5_00)
    assert await balance(owner, "budget") == 1_000_000 - 55_00
    done = await till.void(reward_id)
    assert done.amount == eur(55_00)
    assert await balance(owner, "budget") == 1_000_000
    assert await balance(owner, "spent") == await balance(owner, "expense.goodwill") == 0
    assert (await till.see(reward_id)).state == "voided"
    assert (await refused(till.spend(code, 1))).code == "code_not_usable"
    assert (await refused(till.void(reward_id))).code == "wrong_state"
    assert await audit(owner) == {}


async def test_what_was_used_is_not_voided_until_all_of_it_came_back(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00)
    use = await till.spend(code, 10_00)
    assert (await refused(till.void(reward_id))).code == "already_used"
    await till.give(use.id, 10_00)
    await till.void(reward_id)
    assert await audit(owner) == {}


async def test_a_void_waits_for_holds_and_keeps_to_the_window_of_the_program(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(50_00)
    held = await till.hold(code, 1_00)
    assert (await refused(till.void(reward_id))).code == "value_is_held"
    await till.release(held)
    till.wait(days=14, seconds=1)
    late = await refused(till.void(reward_id))
    assert late.code == "void_window_over"
    assert "until" in late.extra
    program = await owner.fetchval("SELECT id FROM programs")
    await till.door.write(set_void_window, till.who, VoidWindow(program, 30))
    assert (await till.void(reward_id)).amount == eur(50_00)
    with pytest.raises(NotFound):
        await till.door.write(set_void_window, till.who, VoidWindow(new_id("prg"), 30))


async def test_points_are_voided_with_the_money_they_stand_for(till: Till, owner: asyncpg.Connection) -> None:
    item = Item(kind="points", amount=eur(5_00), points=500)
    order = (await till.door.write_together(issue, till.who, OrderRequest(items=(item,)))).read(Order)
    done = await till.void(order.rewards[0].id)
    assert done.amount == Money(500, "POINTS")
    for role in ("points", "points_issued", "promise", "spent", "expense.goodwill"):
        assert await balance(owner, role) == 0, role
    assert await audit(owner) == {}


async def test_what_is_owed_is_not_voided(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, _ = await till.card(50_00)
    await owner.execute("UPDATE rewards SET part = 'owed'")
    assert (await refused(till.void(reward_id))).code == "owed_value"


async def test_a_reissue_kills_the_old_code_and_carries_on_what_is_left(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00, bonus=5_00)
    use = await till.spend(code, 20_00)
    done, fresh = await till.reissue(reward_id)
    assert done.amount == eur(35_00)
    assert done.to_reward_id is not None
    old, new = await till.see(reward_id), await till.see(done.to_reward_id)
    assert (old.state, old.moved_to, old.balance) == ("voided", new.id, eur(0))
    assert (new.state, new.replaces, new.balance) == ("issued", old.id, eur(35_00))
    assert (new.principal, new.bonus, new.expires_at) == (eur(30_00), eur(5_00), old.expires_at)
    assert (await refused(till.spend(code, 1))).code == "code_not_usable"
    assert (await till.spend(fresh, 5_00)).balance == eur(30_00)
    assert (await refused(till.reissue(reward_id))).code == "wrong_state"
    # What was bought with the old code comes back to whoever holds the new one.
    back = await till.give(use.id, 20_00)
    assert (back.reward_id, back.balance) == (new.id, eur(50_00))
    assert (await refused(till.give(use.id, 1))).code == "more_than_spent"
    assert (await refused(till.void(new.id))).code == "already_used"
    assert await audit(owner) == {}


async def test_a_reward_is_reissued_again_and_again_and_a_late_return_finds_the_last(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(50_00)
    use = await till.spend(code, 49_00)
    for _ in range(3):
        done, code = await till.reissue(reward_id)
        assert done.to_reward_id is not None
        reward_id = done.to_reward_id
    assert (await till.give(use.id, 49_00)).balance == eur(50_00)
    assert (await till.spend(code, 50_00)).balance == eur(0)
    assert await balance(owner, "budget") + await balance(owner, "spent") == 1_000_000
    assert await audit(owner) == {}


async def test_two_rewards_of_one_order_are_reissued_at_once(till: Till, owner: asyncpg.Connection) -> None:
    items = tuple(Item(kind="gift_card", amount=eur(10_00)) for _ in range(4))
    order = (await till.door.write_together(issue, till.who, OrderRequest(items=items))).read(Order)
    await asyncio.gather(*(till.reissue(one.id) for one in order.rewards))
    assert sorted(row["position"] for row in await owner.fetch("SELECT position FROM rewards")) == list(range(8))
    assert await audit(owner) == {}


async def test_validity_only_moves_later_and_what_expired_is_good_again(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00, bonus=5_00)
    await till.spend(code, 10_00)
    date = (await till.see(reward_id)).expires_at
    assert date is not None
    for until in (date, date - timedelta(days=1)):
        assert (await refused(till.extend(reward_id, until))).code == "not_later"
    assert (await refused(till.extend(reward_id, till.door.clock() + timedelta(days=4000)))).code == "too_far"
    done = await till.extend(reward_id, date + timedelta(days=10))
    assert (done.valid_before, done.amount) == (date, eur(0))
    till.door.clock = lambda: date + timedelta(days=10)
    assert await till.sweep() == (0, 1)
    assert await balance(owner, "breakage") == 45_00
    again = await till.extend(reward_id, date + timedelta(days=20))
    assert again.amount == eur(45_00)
    assert await balance(owner, "breakage") == 0
    assert (await till.see(reward_id)).state == "partly_redeemed"
    assert (await till.spend(code, 45_00)).balance == eur(0)
    assert [one.kind for one in await listed(till, reward_id)] == ["extend", "extend"]
    assert await audit(owner) == {}


async def test_what_expired_twice_is_good_again_twice(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00, bonus=5_00)
    date = (await till.see(reward_id)).expires_at
    assert date is not None
    for month, spent in enumerate((5_00, 10_00)):
        now = date + timedelta(days=30 * month)
        till.stand(now)
        await till.sweep()
        revived = await till.extend(reward_id, now + timedelta(days=30))
        assert revived.amount == eur(55_00 if month == 0 else 50_00)
        assert (await till.see(reward_id)).state == ("issued" if month == 0 else "partly_redeemed")
        await till.spend(code, spent)
    assert (await till.see(reward_id)).balance == eur(40_00)
    assert await audit(owner) == {}


async def test_what_was_used_before_it_was_replaced_was_used(till: Till) -> None:
    reward_id, code = await till.card(50_00)
    use = await till.spend(code, 10_00)
    done, _ = await till.reissue(reward_id)
    assert done.to_reward_id is not None
    assert (await refused(till.void(done.to_reward_id))).code == "already_used"
    await till.give(use.id, 10_00)
    assert (await till.void(done.to_reward_id)).amount == eur(50_00)


async def test_a_clawback_takes_goodwill_before_what_was_owed(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, _ = await till.card(10_00, bonus=5_00)
    await owner.execute("UPDATE accounts SET origin = 'owed' WHERE lot = 'principal'")
    lots = "SELECT lot, balance FROM accounts WHERE role = 'card' ORDER BY lot"
    await till.claw_back(reward_id, 4_00)
    assert [tuple(row) for row in await owner.fetch(lots)] == [("bonus", 1_00), ("principal", 10_00)]
    done = await till.claw_back(reward_id, 3_00, "error")
    assert (done.amount, done.shortfall, done.reason) == (eur(3_00), eur(0), "error")
    assert [tuple(row) for row in await owner.fetch(lots)] == [("bonus", 0), ("principal", 8_00)]
    assert await balance(owner, "budget") == 1_000_000 - 10_00, "what was owed goes back to no budget"


async def listed(till: Till, reward_id: str) -> list[Correction]:
    async with till.door.read(till.who.merchant_id) as tx:
        return await corrections_of(tx, reward_id)


async def test_the_tables_themselves_refuse_an_earlier_end(till: Till, owner: asyncpg.Connection) -> None:
    await till.card(50_00)
    for table in ("rewards", "accounts"):
        with pytest.raises(asyncpg.CheckViolationError, match="only moves later"):
            await owner.execute(f"UPDATE {table} SET expires_at = expires_at - interval '1 day'")


async def test_a_clawback_takes_what_is_there_and_records_what_is_not(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00)
    await till.spend(code, 30_00)
    done = await till.claw_back(reward_id, 45_00)
    assert (done.amount, done.shortfall) == (eur(20_00), eur(25_00))
    assert (await till.see(reward_id)).state == "redeemed"
    assert await balance(owner, "budget") == 1_000_000 - 30_00
    more = await till.claw_back(reward_id, 5_00)
    assert (more.amount, more.shortfall) == (eur(0), eur(5_00))
    assert [one.shortfall for one in await listed(till, reward_id)] == [eur(25_00), eur(5_00)]
    dollars = Clawback(reward_id=reward_id, amount=Money(1, "USD"), reason="error")
    assert (await refused(till.door.write(clawback, till.who, dollars))).code == "currency_mismatch"
    assert await audit(owner) == {}


async def test_a_clawback_leaves_what_is_held_to_the_sale_it_is_held_for(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00)
    held = await till.hold(code, 30_00)
    assert (await till.claw_back(reward_id, 50_00)).shortfall == eur(30_00)
    assert (await till.see(reward_id)).state == "issued"
    await till.capture(held)
    assert (await till.see(reward_id)).state == "redeemed"
    whole, _ = await till.card(50_00)
    assert (await till.claw_back(whole, 50_00)).shortfall == eur(0)
    assert (await till.see(whole)).state == "voided"
    assert await audit(owner) == {}


async def test_void_against_sale_and_hold_has_one_winner(till: Till, owner: asyncpg.Connection) -> None:
    for _ in range(12):
        reward_id, code = await till.card(10_00)
        outcomes = await asyncio.gather(
            till.void(reward_id), till.spend(code, 10_00), till.hold(code, 10_00), till.void(reward_id),
            till.reissue(reward_id), return_exceptions=True,
        )  # fmt: skip
        assert all(isinstance(outcome, Problem) or not isinstance(outcome, Exception) for outcome in outcomes), outcomes
        won = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
        assert len(won) == 1, outcomes
    assert await audit(owner) == {}


async def test_two_hundred_sales_and_clawbacks_at_once_never_take_more_than_there_is(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(100_00)
    other = Till(Doorway(till.door.pool, till.door.vault), till.who)
    outcomes = await asyncio.gather(
        *((till, other)[n % 2].spend(code, 3_00) for n in range(100)),
        *((till, other)[n % 2].claw_back(reward_id, 2_00) for n in range(100)),
        return_exceptions=True,
    )
    # Who waits too long for his turn hears that nothing was done: how many do is chance, what they change is nothing.
    assert [one for one in outcomes if not isinstance(one, (Redemption, Correction, Problem))] == []
    sold = sum(outcome.amount.amount for outcome in outcomes if isinstance(outcome, Redemption))
    taken = sum(outcome.amount.amount for outcome in outcomes if isinstance(outcome, Correction))
    assert sold + taken + await balance(owner, "card") == 100_00
    assert await balance(owner, "sales") == sold
    assert await balance(owner, "budget") == 1_000_000 - 100_00 + taken
    assert await audit(owner) == {}
    await other.door.settle()


async def test_nobody_corrects_another_merchants_reward(till: Till, owner: asyncpg.Connection, door: Doorway) -> None:
    reward_id, _ = await till.card(50_00)
    stranger = Till(door, await make_merchant(owner))
    later = door.clock() + timedelta(days=3000)
    for act in (
        stranger.void(reward_id), stranger.reissue(reward_id), stranger.claw_back(reward_id, 1),
        stranger.extend(reward_id, later), door.write(resend, stranger.who, Resend(reward_id=reward_id)),
    ):  # fmt: skip
        assert (await refused(act)).code == "unknown_reward"
    assert (await refused(door.write(resend, till.who, Resend(reward_id=reward_id)))).code == "nobody_to_tell"
