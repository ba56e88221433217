"""Laws of points: whatever a customer does in whatever order, he has what a few lines of plain arithmetic say."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.core.dates import add_months
from compensation.core.errors import Conflict, Problem, Refused
from compensation.core.money import Money
from compensation.customers.contact import Contact
from compensation.customers.wallet import wallet
from compensation.db.answers import Who, Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.points.convert import Convert, Converted, NewRate, Rate, add_rate, convert
from compensation.points.earn import Earn, Release, Sweep, earn, expire_earned, release, release_due
from compensation.points.lots import Points, points, points_statement
from compensation.points.spend import PointsUse, SpendPoints, TakeBack, spend_points, take_back
from compensation.redemption.expire import Expire, expire
from tests.conftest import make_merchant
from tests.customers.test_customers import met
from tests.ledger.test_bank import Real, real
from tests.lent import cases
from tests.shop import make_program

__all__ = ["real"]

EUR = "EUR"
STEP = st.one_of(
    st.tuples(st.sampled_from(["earn", "earn_later", "remedy"]), st.integers(1, 900), st.integers(1, 6)),
    st.tuples(st.sampled_from(["spend", "convert"]), st.integers(1, 1200), st.just(0)),
    st.tuples(st.just("take_back"), st.integers(1, 500), st.integers(0, 5)),
    st.tuples(st.just("release"), st.just(0), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
)


class Held:
    """One lot on paper."""

    def __init__(self, count: int, until: datetime, ref: str = "", due: datetime | None = None) -> None:
        self.count, self.earned, self.until, self.ref, self.due = count, count, until, ref, due
        self.back = 0
        self.pending = due is not None


class Paper:
    """The same customer as a list of lots, and the acts that change both."""

    def __init__(self, real: Real, who: Who, customer: str) -> None:
        self.real, self.door, self.who, self.customer = real, real.doors[0], who, customer
        self.lots: list[Held] = []
        self.shortfall = 0

    @property
    def free(self) -> list[Held]:
        now = self.real.now
        live = [lot for lot in self.lots if not lot.pending and lot.until > now]
        return sorted(live, key=lambda lot: lot.until)

    def drop(self, amount: int, lots: list[Held]) -> None:
        for lot in lots:
            part = min(lot.count, amount)
            lot.count -= part
            amount -= part
        assert amount == 0

    async def earn(self, count: int, months: int) -> None:
        await self._earn(count, months, None)

    async def earn_later(self, count: int, months: int) -> None:
        await self._earn(count, months, self.real.now + timedelta(days=20))

    async def _earn(self, count: int, months: int, due: datetime | None) -> None:
        ref = f"sale {len(self.lots)}"
        what = Earn(customer_id=self.customer, points=count, reference=ref, release_at=due, valid_months=months)
        await self.door.write(earn, self.who, what)
        self.lots.append(Held(count, add_months(self.real.now, months), ref, due))

    async def remedy(self, count: int, months: int) -> None:
        item = Item(kind="points", amount=Money(count * 3, EUR), points=count, valid_months=months)
        request = OrderRequest(items=(item,), customer_id=self.customer)
        await self.door.write_together(issue, self.who, request)
        self.lots.append(Held(count, add_months(self.real.now, months)))

    async def spend(self, count: int, _: int) -> None:
        act = self.door.write(spend_points, self.who, SpendPoints(customer_id=self.customer, points=count))
        if sum(lot.count for lot in self.free) < count:
            with pytest.raises(Refused, match="fewer"):
                await act
        else:
            await act
            self.drop(count, self.free)

    async def convert(self, count: int, _: int) -> None:
        """At 7 points for 3 cents."""
        cents = count * 3 // 7
        used = -(-cents * 7 // 3)
        act = self.door.write(convert, self.who, Convert(customer_id=self.customer, points=count, currency=EUR))
        if cents == 0 or sum(lot.count for lot in self.free) < used:
            with pytest.raises(Refused):
                await act
        else:
            done = (await act).read(Converted)
            assert (done.credit, done.use.points) == (Money(cents, EUR), used)
            assert used <= count
            self.drop(used, self.free)

    async def take_back(self, count: int, which: int) -> None:
        earned = [lot for lot in self.lots if lot.ref]
        if not earned:
            return
        lot = earned[which % len(earned)]
        act = self.door.write(take_back, self.who, TakeBack(customer_id=self.customer, reference=lot.ref, points=count))
        if count > lot.earned - lot.back or lot.until <= self.real.now:
            with pytest.raises(Refused):
                await act
            return
        use = (await act).read(PointsUse)
        from_these = [lot, *(other for other in self.free if other.ref and other is not lot)]
        there = min(count, sum(other.count for other in from_these))
        assert (use.points, use.shortfall) == (there, count - there)
        self.drop(there, from_these)
        lot.back += count
        self.shortfall += use.shortfall

    async def release(self, _: int, which: int) -> None:
        waiting = [lot for lot in self.lots if lot.pending and lot.until > self.real.now]
        if waiting:
            lot = waiting[which % len(waiting)]
            await self.door.write(release, self.who, Release(self.customer, lot.ref))
            lot.pending = False

    async def wait(self, days: int, _: int) -> None:
        self.real.now += timedelta(days=days)
        for _twice in range(2):
            await self.door.write(expire, self.who, Expire())
            await self.door.write(release_due, self.who, Sweep())
            await self.door.write(expire_earned, self.who, Sweep())
        for lot in self.lots:
            if lot.until <= self.real.now:
                lot.count = 0
                lot.pending = False
            elif lot.due is not None and lot.due <= self.real.now:
                lot.pending = False


async def _has(door: Doorway, who: Who, customer: str) -> Points:
    async with door.read(who.merchant_id) as tx:
        return await points(tx, customer, door.clock())


async def _ann(owner: asyncpg.Connection, door: Doorway, who: Who) -> str:
    await make_program(owner, door, who, Money(10_000_000, EUR))
    return await met(door, who, Contact(reference="ann"))


def test_a_customer_has_what_paper_says_and_the_books_stay_whole(real: Real) -> None:
    @given(st.lists(STEP, min_size=1, max_size=25))
    @settings(max_examples=cases(40), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    def law(steps: list[tuple[str, int, int]]) -> None:
        real.run(holds(steps))

    async def holds(steps: list[tuple[str, int, int]]) -> None:
        who = await make_merchant(real.owner)
        paper = Paper(real, who, await _ann(real.owner, real.doors[0], who))
        await paper.door.write(add_rate, who, NewRate(points=7, credit=Money(3, EUR)))
        for act, number, more in steps:
            await getattr(paper, act)(number, more)
            real.now += timedelta(seconds=1)
            has = await _has(paper.door, who, paper.customer)
            assert has.available == sum(lot.count for lot in paper.free)
            assert has.pending == sum(lot.count for lot in paper.lots if lot.pending)
            assert has.shortfall == paper.shortfall
        async with paper.door.read(who.merchant_id) as tx:
            told = await points_statement(tx, paper.customer, limit=200)
            held = await wallet(tx, paper.customer, real.now)
        assert told.balance.amount == has.available == held.points
        assert held.points_pending == has.pending
        assert all(entry.balance.amount >= 0 for entry in told.entries)
        assert await audit(real.owner) == {}

    law()


async def test_of_forty_who_spend_the_same_points_as_many_win_as_there_are(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann = await _ann(owner, door, merchant)
    await door.write(earn, merchant, Earn(customer_id=ann, points=50, reference="a"))
    await door.write(add_rate, merchant, NewRate(points=1, credit=Money(1, EUR)))
    outcomes = await asyncio.gather(
        *(door.write(spend_points, merchant, SpendPoints(customer_id=ann, points=10)) for _ in range(15)),
        *(door.write(convert, merchant, Convert(customer_id=ann, points=10, currency=EUR)) for _ in range(15)),
        *(door.write(take_back, merchant, TakeBack(customer_id=ann, reference="a", points=1)) for _ in range(10)),
        return_exceptions=True,
    )
    assert {each.code for each in outcomes if isinstance(each, Problem)} == {"insufficient_points"}
    assert all(isinstance(each, (Written, Refused)) for each in outcomes)
    assert await owner.fetchval("SELECT sum(points) FROM points_uses") <= 50
    assert await owner.fetchval("SELECT sum(points + shortfall) FROM points_uses WHERE kind = 'take_back'") == 10
    assert await audit(owner) == {}


async def test_what_expires_first_is_spent_first_whether_earned_or_given(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann = await _ann(owner, door, merchant)
    await door.write(earn, merchant, Earn(customer_id=ann, points=50, reference="a", valid_months=12))
    item = Item(kind="points", amount=Money(100, EUR), points=40, valid_months=6)
    await door.write_together(issue, merchant, OrderRequest(items=(item,), customer_id=ann))
    await door.write(earn, merchant, Earn(customer_id=ann, points=30, reference="b", valid_months=1))
    await door.write(spend_points, merchant, SpendPoints(customer_id=ann, points=45))
    assert [lot.points for lot in (await _has(door, merchant, ann)).lots] == [25, 50]
    # 15 of 40 points were spent, so of their worth of 100 cents 37 count as sold.
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'promise'") == 63
    assert await owner.fetchval("SELECT state FROM rewards") == "partly_redeemed"
    assert await audit(owner) == {}


async def test_points_are_good_until_their_date_and_pending_until_theirs(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann, now = await _ann(owner, door, merchant), door.clock()
    date, due = add_months(now, 1), now + timedelta(days=10)

    async def available(at: datetime) -> int:
        door.clock = lambda: at
        await door.write(release_due, merchant, Sweep())
        await door.write(expire_earned, merchant, Sweep())
        return (await _has(door, merchant, ann)).available

    door.clock = lambda: now
    await door.write(earn, merchant, Earn(customer_id=ann, points=50, reference="a", valid_months=1))
    await door.write(earn, merchant, Earn(customer_id=ann, points=7, reference="b", release_at=due, valid_months=2))
    assert await available(due - timedelta(microseconds=1)) == 50
    assert await available(due) == 57
    door.clock = lambda: date
    with pytest.raises(Refused, match="insufficient_points"):
        await door.write(spend_points, merchant, SpendPoints(customer_id=ann, points=8))
    await door.write(expire_earned, merchant, Sweep())
    assert await owner.fetchval("SELECT state FROM earnings WHERE reference = 'a'") == "expired"
    assert await audit(owner) == {}


async def test_a_purchase_earns_once_whatever_its_key(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> None:
    ann = await _ann(owner, door, merchant)
    what = Earn(customer_id=ann, points=50, reference="A-1")
    outcomes = await asyncio.gather(
        *(door.write(earn, merchant, what, f"k{n}") for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(each, Written) for each in outcomes) == 1
    assert all(isinstance(each, (Written, Conflict)) for each in outcomes)
    assert (await _has(door, merchant, ann)).available == 50


async def test_a_remedy_is_never_taken_back_for_a_refund(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann = await _ann(owner, door, merchant)
    await door.write(earn, merchant, Earn(customer_id=ann, points=50, reference="a"))
    await door.write(spend_points, merchant, SpendPoints(customer_id=ann, points=50))
    item = Item(kind="points", amount=Money(100, EUR), points=40)
    await door.write_together(issue, merchant, OrderRequest(items=(item,), customer_id=ann))
    use = (await door.write(take_back, merchant, TakeBack(customer_id=ann, reference="a"))).read(PointsUse)
    assert (use.points, use.shortfall, use.balance) == (0, 50, 40)


async def test_the_rate_of_the_day_counts_the_programs_own_before_the_merchants(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    ann, now = await _ann(owner, door, merchant), door.clock()
    program = await owner.fetchval("SELECT id FROM programs")
    await door.write(earn, merchant, Earn(customer_id=ann, points=1000, reference="a"))
    with pytest.raises(Refused, match="No rate"):
        await door.write(convert, merchant, Convert(customer_id=ann, points=100, currency=EUR))

    async def worth() -> int:
        written = await door.write(convert, merchant, Convert(customer_id=ann, points=100, currency=EUR))
        return written.read(Converted).credit.amount

    async def rate(cents: int, of: str | None, days: int) -> Rate:
        new = NewRate(points=100, credit=Money(cents, EUR), program=of, valid_from=now + timedelta(days=days))
        return (await door.write(add_rate, merchant, new)).read(Rate)

    door.clock = lambda: now
    await rate(100, None, 0)
    await rate(200, None, 10)
    await rate(50, program, 20)
    assert await worth() == 100
    for days, cents in ((9, 100), (10, 200), (19, 200), (20, 50), (30, 50)):
        door.clock = lambda days=days: now + timedelta(days=days)
        assert await worth() == cents
    with pytest.raises(Refused) as caught:
        await rate(1, None, 0)
    assert caught.value.code == "rate_in_the_past"
    await rate(1, None, 40)
    with pytest.raises(Conflict):
        await rate(2, None, 40)
