"""Laws of tiers: the highest wins, the same extends, nothing granted is lost, and all of it ends by itself."""

import itertools
from datetime import UTC, datetime, timedelta

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from compensation.core.money import Money
from compensation.customers.contact import Contact
from compensation.customers.customer import Customer
from compensation.customers.entitlement import RANK, Grant, entitled, entitlements, held, rank
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.order import Item
from tests.customers.test_customers import met
from tests.customers.test_wallet import give
from tests.shop import make_program

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ann(tier: str = "standard") -> Customer:
    return Customer(id="cus_a", locale="en", country="IE", tier=tier, created_at=BEGIN)


def granted(number: int, tier: str, start: int, days: int) -> Grant:
    return Grant(f"rwd_{number:03}", tier, (f"perk {number}",), BEGIN + start * DAY, BEGIN + (start + days) * DAY)


GRANTS = st.lists(
    st.tuples(st.sampled_from([*RANK[1:], "insider"]), st.integers(0, 60), st.integers(1, 40)), max_size=8
).map(lambda rows: [granted(number, *row) for number, row in enumerate(rows)])


@given(GRANTS, st.sampled_from(RANK), st.integers(0, 200))
def test_what_counts_is_the_highest_that_runs_and_it_falls_back_at_its_end(
    grants: list[Grant], own: str, day: int
) -> None:
    at = BEGIN + day * DAY
    has = entitled(ann(own), grants, at)
    running = [grant for grant in grants if grant.starts <= at and grant.ends is not None and at < grant.ends]
    # Whatever runs by its own dates runs, and nothing lower than it counts.
    assert all(rank(has.tier) >= rank(grant.tier) for grant in running)
    assert all(set(grant.perks) <= set(has.perks) for grant in running)
    assert rank(has.tier) >= rank(own)
    assert has.tier == own or any(span.tier == has.tier and span.runs(at) for span in has.spans)
    if has.until is not None:
        assert has.until > at
        assert entitled(ann(own), grants, has.until).tier == has.falls_back_to != has.tier
        just_before = has.until - timedelta(microseconds=1)
        assert rank(entitled(ann(own), grants, just_before).tier) >= rank(has.tier)


@given(GRANTS)
def test_no_granted_day_is_lost_and_none_is_added(grants: list[Grant]) -> None:
    for tier in {grant.tier for grant in grants}:
        spans = [span for span in held(grants) if span.tier == tier]
        given_days = sum(
            (grant.ends - grant.starts for grant in grants if grant.tier == tier and grant.ends), timedelta()
        )
        assert sum((span.until - span.since for span in spans if span.until), timedelta()) == given_days
        for earlier, later in itertools.pairwise(spans):
            assert earlier.until is not None
            assert earlier.until < later.since


async def _tier(owner: asyncpg.Connection, reward_id: str, perks: str, days: int) -> None:
    """What an accepted offer with a tier leaves behind: a reward of that kind."""
    await owner.execute(
        "INSERT INTO rewards (merchant_id, id, order_id, program_id, customer_id, position, kind, remedy, part, state,"
        " currency, asset, principal, bonus, terms, issued_at, expires_at, created_at, updated_at)"
        " SELECT merchant_id, 'rwd_tier', order_id, program_id, customer_id, 9, 'tier', 'tiered_perk', 'goodwill',"
        " 'issued', currency, asset, 0, 0, $2, now(), now() + make_interval(days => $3), now(), now() FROM rewards"
        " WHERE id = $1",
        reward_id,
        f'{{"kind": "tier", "tier": "platinum", "days": {days}, "perks": {perks}}}',
        days,
    )


async def test_a_granted_tier_is_found_at_every_moment(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    await make_program(owner, door, merchant, Money(100_000, "EUR"))
    customer_id = await met(door, merchant, Contact(reference="ann"))
    order = await give(door, merchant, customer_id, Item(kind="store_credit", amount=Money(100, "EUR")))
    await _tier(owner, order.rewards[0].id, '["vip_support"]', 30)
    now = door.clock()
    async with door.read(merchant.merchant_id) as tx:
        has = await entitlements(tx, customer_id, now)
        assert (has.tier, has.falls_back_to, has.perks, has.prompt) == ("platinum", "gold", ("vip_support",), True)
        later = await entitlements(tx, customer_id, now + 31 * DAY)
        assert (later.tier, later.until, later.perks, later.prompt) == ("gold", None, (), False)
        before = await entitlements(tx, customer_id, now - DAY)
        assert (before.tier, len(before.spans)) == ("gold", 1)
