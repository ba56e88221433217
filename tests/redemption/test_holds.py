"""Laws and stories of holding: what is set aside is spent by its hold or by nobody, and comes back in time."""

import asyncio
from datetime import timedelta

import asyncpg

from compensation.core.errors import NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.core.states import HoldState
from compensation.db.answers import Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.redemption.capture import Capture, capture
from compensation.redemption.hold import Hold, PlaceHold, find_hold, hold
from tests.conftest import make_merchant
from tests.redemption.till import Till, eur, refused


async def test_what_is_held_is_spent_by_nobody_else_and_what_is_not_captured_comes_back(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(50_00)
    held = await till.hold(code, 30_00)
    assert held.balance == eur(20_00)
    assert (await refused(till.spend(code, 20_01))).code == "insufficient_balance"
    done = await till.capture(held, 25_00)
    assert (done.state, done.captured, done.balance) == (HoldState.captured, eur(25_00), eur(25_00))
    assert (await till.see(reward_id)).balance == eur(25_00)
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'sales'") == 25_00
    assert await audit(owner) == {}


async def test_a_hold_takes_the_principal_first_and_a_return_puts_each_lot_back(
    till: Till, owner: asyncpg.Connection
) -> None:
    _, code = await till.card(10_00, bonus=5_00)
    done = await till.capture(await till.hold(code, 12_00), 11_00)
    lots = "SELECT lot, balance FROM accounts WHERE role = 'card' ORDER BY lot"
    assert [tuple(row) for row in await owner.fetch(lots)] == [("bonus", 4_00), ("principal", 0)]
    assert done.redemption_id is not None
    await till.give(done.redemption_id, 11_00)
    assert [tuple(row) for row in await owner.fetch(lots)] == [("bonus", 5_00), ("principal", 10_00)]
    assert (await refused(till.give(done.redemption_id, 1))).code == "more_than_spent"
    assert await audit(owner) == {}


async def test_no_more_is_held_than_there_is_and_the_answer_says_how_much(till: Till) -> None:
    reward_id, code = await till.card(50_00)
    over = await refused(till.hold(code, 50_01))
    assert (over.code, over.extra["balance"]) == ("insufficient_balance", {"amount": 50_00, "currency": "EUR"})
    dollars = PlaceHold(code=code, amount=Money(1, "USD"))
    mismatch = await refused(till.door.write(hold, till.who, dollars))
    assert (mismatch.code, mismatch.extra["currency"]) == ("currency_mismatch", "EUR")
    held = await till.door.write(hold, till.who, PlaceHold(code=code, amount=eur(50_00), reference="sale 7"))
    one = held.read(Hold)
    assert (one.reward_id, one.state, one.balance, one.reference) == (reward_id, HoldState.held, eur(0), "sale 7")
    async with till.door.read(till.who.merchant_id) as tx:
        assert await find_hold(tx, one.id) == one
    done = await till.release(one)
    assert (done.state, done.balance, done.captured) == (HoldState.released, eur(50_00), None)


async def test_a_hold_is_captured_once_in_its_time_and_its_currency_and_never_beyond_itself(till: Till) -> None:
    _, code = await till.card(50_00)
    held = await till.hold(code, 10_00)
    over = await refused(till.capture(held, 10_01))
    assert (over.code, over.extra["held"]) == ("more_than_held", {"amount": 10_00, "currency": "EUR"})
    dollars = Capture(hold_id=held.id, amount=Money(1, "USD"))
    assert (await refused(till.door.write(capture, till.who, dollars))).code == "currency_mismatch"
    await till.capture(held)
    for again in (till.capture(held), till.release(held)):
        ended = await refused(again)
        assert (ended.code, ended.extra["state"]) == ("hold_ended", "captured")
    late = await till.hold(code, 10_00, minutes=1)
    till.wait(minutes=1)
    assert (await refused(till.capture(late))).code == "hold_ended"


async def test_a_forgotten_hold_comes_back_by_the_sweep_once(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(50_00)
    await till.hold(code, 50_00, minutes=10)
    assert (await till.see(reward_id)).state == "issued"
    assert (await refused(till.spend(code, 1))).code == "code_not_usable"
    assert await till.sweep() == (0, 0)
    till.wait(minutes=10)
    assert await till.sweep() == (1, 0)
    assert await till.sweep() == (0, 0)
    assert (await till.see(reward_id)).balance == eur(50_00)
    assert await owner.fetchval("SELECT state FROM holds") == "expired"
    assert await audit(owner) == {}


async def test_a_card_outlives_its_date_until_what_was_held_in_time_is_settled(
    till: Till, owner: asyncpg.Connection
) -> None:
    reward_id, code = await till.card(50_00)
    date = (await till.see(reward_id)).expires_at
    assert date is not None
    till.door.clock = lambda: date - timedelta(minutes=5)
    held = await till.hold(code, 30_00)
    till.wait(minutes=6)
    assert await till.sweep() == (0, 0), "the card waits for its hold"
    assert (await refused(till.spend(code, 1))).code == "code_not_usable"
    await till.capture(held, 20_00)
    assert await till.sweep() == (0, 1)
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'breakage'") == 30_00
    assert (await till.see(reward_id)).state == "expired"
    assert await audit(owner) == {}


async def test_a_card_that_is_spent_beside_a_hold_is_used_up_only_when_the_hold_is(till: Till) -> None:
    reward_id, code = await till.card(50_00)
    held = await till.hold(code, 20_00)
    await till.spend(code, 30_00)
    assert (await till.see(reward_id)).state == "partly_redeemed"
    await till.capture(held)
    assert (await till.see(reward_id)).state == "redeemed"


async def test_another_merchants_hold_is_not_there(till: Till, owner: asyncpg.Connection, door: Doorway) -> None:
    _, code = await till.card(50_00)
    held = await till.hold(code, 20_00)
    stranger = Till(door, await make_merchant(owner))
    for act in (stranger.capture(held), stranger.release(held), stranger.hold(code, 1)):
        assert isinstance(await refused(act), NotFound)


async def test_two_hundred_holds_sales_captures_and_releases_at_once_never_overdraw(
    till: Till, owner: asyncpg.Connection
) -> None:
    """One card of 100 euro, two processes; each comer takes 3 euro his own way. Nothing is lost or made."""
    _, code = await till.card(100_00)
    other = Till(Doorway(till.door.pool, till.door.vault), till.who)

    async def comer(number: int) -> int:
        at = (till, other)[number % 2]
        if number % 4 == 0:
            return (await at.spend(code, 3_00)).amount.amount
        held = await at.hold(code, 3_00)
        if number % 4 == 1:
            await at.release(held)
            return 0
        done = await at.capture(held, 2_00 if number % 4 == 2 else None)
        return done.captured.amount if done.captured else 0

    outcomes = await asyncio.gather(*(comer(number) for number in range(200)), return_exceptions=True)
    # Who waits too long for his turn hears that nothing was done: how many do is chance, what they change is nothing.
    assert [one for one in outcomes if not isinstance(one, (int, Problem))] == []
    taken = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    left = await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role IN ('card', 'held')")
    assert taken + left == 100_00
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'sales'") == taken
    assert await audit(owner) == {}
    await other.door.settle()


async def test_of_capture_release_and_sweep_exactly_one_ends_a_hold(till: Till, owner: asyncpg.Connection) -> None:
    reward_id, code = await till.card(100_00)
    ended = 0
    for _ in range(15):
        held = await till.hold(code, 5_00, minutes=1)
        outcomes = await asyncio.gather(
            *(till.capture(held) for _ in range(3)), *(till.release(held) for _ in range(3)), return_exceptions=True
        )
        assert sum(isinstance(outcome, Hold) for outcome in outcomes) == 1
        assert all(isinstance(outcome, (Hold, Refused)) for outcome in outcomes), outcomes
        ended += sum(isinstance(outcome, Hold) and outcome.state is HoldState.captured for outcome in outcomes)
    assert (await till.see(reward_id)).balance == eur(100_00 - 5_00 * ended)
    assert await audit(owner) == {}


async def test_the_same_key_holds_once(till: Till) -> None:
    reward_id, code = await till.card(50_00)
    what = PlaceHold(code=code, amount=eur(10_00))
    answers: list[Written] = await asyncio.gather(*(till.door.write(hold, till.who, what, "one key") for _ in range(8)))
    assert len({written.answer for written in answers}) == 1
    assert (await till.see(reward_id)).balance == eur(40_00)
