"""Stories and laws of authority over time: sums that roll, nobody for himself, standing in, and overrides."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from functools import partial

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.cases.approve import Approve, approve
from compensation.cases.case import Case, CaseFile, events
from compensation.cases.choose import Choose, choose
from compensation.cases.override import Override, deviations
from compensation.cases.witness import approvals
from compensation.core.errors import Forbidden, Invalid, NotFound, Refused, Unavailable
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.merchants.authority import (
    EndLimit,
    Limit,
    NewLimit,
    SetAuthority,
    end_limit,
    limits,
    set_authority,
    set_limit,
)
from compensation.merchants.delegation import Delegation, EndDelegation, NewDelegation, delegate, end_delegation
from tests.cases.desk import INC_10, INC_19, Desk, hire

WEEK = 7


async def small(desk: Desk, who: Who, customer: str) -> CaseFile:
    """A harm of one C$50 cost, so that every one of them is worth the same."""
    return await desk.report(who, INC_10 | {"customer": {"reference": customer, "email": f"{customer}@mail.example"}})


async def limited(desk: Desk, most: int, **what: object) -> Limit:
    named = {"kind": "role", "subject": "agent", "currency": "CAD", "period_days": WEEK} | what | {"most": most}
    return (await desk.door.write(set_limit, desk.system, msgspec.convert(named, NewLimit))).read(Limit)


async def worth(desk: Desk) -> int:
    """What a small case comes to, seen without choosing it."""
    return (await small(desk, desk.system, "nobody")).offers[0].value.amount


async def test_one_harm_split_over_cases_is_one_sum_for_one_customer(desk: Desk) -> None:
    value = await worth(desk)
    await desk.door.write(
        set_authority, desk.system, SetAuthority(agent_id=desk.agent.actor, authority={"CAD": 2 * value})
    )
    # All reported before any is made good: a later one would be worth more, as the harm of somebody let down again.
    cases = [await small(desk, desk.agent, "split") for _ in range(3)]
    states = [(await desk.choose(desk.agent, case, case.offers[0].key)).state for case in cases]
    assert states == [CaseState.accepted, CaseState.accepted, CaseState.needs_approval]
    other = await small(desk, desk.agent, "another")
    assert (await desk.choose(desk.agent, other, other.offers[0].key)).state is CaseState.accepted
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize("kind", ["agent", "team", "role", "program", "customer"])
async def test_what_was_granted_before_counts_until_its_time_is_over(desk: Desk, kind: str) -> None:
    value = await worth(desk)
    await desk.door.write(set_authority, desk.system, SetAuthority(agent_id=desk.agent.actor, team="Returns"))
    subject = {"agent": desk.agent.actor, "team": "Returns", "role": "agent", "program": desk.program, "customer": ""}
    limit = await limited(desk, value, kind=kind, subject=subject[kind])
    first, second, third = [await small(desk, desk.agent, "one") for _ in range(3)]
    assert (await desk.choose(desk.agent, first, first.offers[0].key)).state is CaseState.accepted
    waiting = await desk.choose(desk.agent, second, second.offers[0].key)
    assert waiting.state is CaseState.needs_approval
    # A second person may go on, within his own authority.
    passed = await desk.door.write(approve, desk.lead, Approve(case_id=waiting.id))
    assert passed.read(Case).state is CaseState.accepted
    assert await audit(desk.owner) == {}
    now = desk.door.clock()
    desk.door.clock = partial(_same, now + timedelta(days=WEEK, seconds=1))
    assert (await desk.choose(desk.agent, third, third.offers[0].key)).state is CaseState.accepted
    assert (await desk.door.write(end_limit, desk.system, EndLimit(limit.id))).read(Limit).ended_at is not None


async def test_a_program_s_limit_binds_the_merchant_s_own_system(desk: Desk) -> None:
    value = await worth(desk)
    await limited(desk, value, kind="program", subject=desk.program)
    one, two = [await small(desk, desk.system, name) for name in ("one", "two")]
    assert (await desk.choose(desk.system, one, one.offers[0].key)).state is CaseState.accepted
    assert (await desk.choose(desk.system, two, two.offers[0].key)).state is CaseState.needs_approval


async def fifty_at_once(desk: Desk, fits: int) -> int:
    """How many of fifty choices by one agent get through, where the limit has room for ``fits`` of them."""
    await limited(desk, fits * await worth(desk))
    cases = [await small(desk, desk.agent, f"c{n}") for n in range(50)]
    done = await asyncio.gather(*(_patiently(desk, Choose(case_id=c.id, offer=c.offers[0].key)) for c in cases))
    return sum(one.state is CaseState.accepted for one in done)


async def _patiently(desk: Desk, what: Choose) -> Case:
    """As the answer says: on a machine too slow for the queue, the same request is sent again."""
    while True:
        with contextlib.suppress(Unavailable):
            return (await desk.door.write(choose, desk.agent, what, what.case_id)).read(Case)


async def test_of_fifty_at_once_as_many_get_through_as_fit(desk: Desk) -> None:
    assert await fifty_at_once(desk, 7) == 7
    assert await desk.owner.fetchval("SELECT count(*) FROM approvals WHERE verdict IS NULL") == 43
    assert await audit(desk.owner) == {}


async def test_control_without_holding_the_authority_more_would(desk: Desk) -> None:
    """The same fifty where nobody waits for another: the test above can fail, and the audit finds it."""
    await desk.owner.execute("""
        CREATE OR REPLACE FUNCTION hold_authority(merchant text, of_agent text, in_program text, for_customer text,
          in_currency text, wanted bigint, as_how text, moment timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
          RETURN (SELECT beyond_authority(merchant, of_agent, in_program, for_customer, in_currency, wanted, as_how,
                                          moment) FROM pg_sleep(0.05));
        END $$;
        CREATE OR REPLACE FUNCTION refuse_beyond_authority() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.bound := 0;
          RETURN NEW;
        END $$""")
    assert await fifty_at_once(desk, 7) > 7
    assert "no grant passed a limit that was in force" in await audit(desk.owner)


async def test_the_table_itself_refuses_what_is_beyond_authority_and_for_oneself(desk: Desk) -> None:
    himself = await small(desk, desk.system, "x")
    insert = (
        "INSERT INTO grants (merchant_id, id, case_id, program_id, customer_id, agent_id, granted_by, team, how,"
        " currency, amount, at) VALUES ($1, $2, $3, $4, $5, $6, $6, '', 'alone', 'CAD', $7, now())"
    )
    given_ = (himself.id, desk.program, himself.customer_id, desk.agent.actor)
    await desk.owner.execute(insert, desk.system.merchant_id, "grt_1", *given_, 20_000)
    with pytest.raises(asyncpg.CheckViolationError, match="beyond authority"):
        await desk.owner.execute(insert, desk.system.merchant_id, "grt_2", *given_, 1)
    own = await desk.report(desk.system, INC_10 | {"customer": {"email": "MIRA@shop.example"}})
    with pytest.raises(asyncpg.CheckViolationError, match="to himself"):
        await desk.owner.execute(
            insert, desk.system.merchant_id, "grt_3", own.id, desk.program, own.customer_id, desk.agent.actor, 1
        )


async def test_nobody_grants_anything_to_himself_whoever_asks(desk: Desk) -> None:
    own = await desk.report(desk.agent, INC_10 | {"customer": {"reference": "STAFF-1", "email": "Mira@Shop.example"}})
    key = own.offers[0].key
    with pytest.raises(Forbidden, match="own_case"):
        await desk.choose(desk.agent, own, key)
    with pytest.raises(Forbidden, match="own_case"):
        await desk.choose(desk.system, own, key, agent=desk.agent.actor)
    # As a customer he keeps his rights: a colleague decides on what he chose.
    waiting = await desk.choose(Who(desk.system.merchant_id, own.customer_id), own, key)
    assert waiting.state is CaseState.needs_approval
    assert await desk.owner.fetchval("SELECT note FROM case_events WHERE what = 'proposed'") == "own_case"
    assert (await desk.door.write(approve, desk.lead, Approve(case_id=own.id))).read(Case).state is CaseState.accepted
    # Nor does a lead decide for himself what a colleague proposes, nor by a colleague's authority.
    his = await desk.report(desk.agent, INC_19 | {"customer": {"email": "omar@shop.example"}})
    await desk.choose(desk.agent, his, his.offers[0].key)
    for who, named in ((desk.lead, {}), (desk.system, {"agent": desk.lead.actor})):
        with pytest.raises(Forbidden, match="own_case"):
            await desk.door.write(approve, who, Approve(case_id=his.id, **named))
    clerk = await hire(desk.door, desk.system, "ana@shop.example", "agent", 0)
    await lend(desk, desk.lead, clerk)
    with pytest.raises(Forbidden, match="not_an_approver"):
        await desk.door.write(approve, clerk, Approve(case_id=his.id))
    assert await audit(desk.owner) == {}


async def lend(desk: Desk, lender: Who, other: Who, hours: int = 24, by: Who | None = None) -> Delegation:
    what = NewDelegation(
        from_agent=lender.actor, to_agent=other.actor, ends_at=desk.door.clock() + timedelta(hours=hours)
    )
    return (await desk.door.write(delegate, by or lender, what)).read(Delegation)


async def proposed(desk: Desk, who: Who) -> Case:
    case = await desk.report(who, INC_19)
    return await desk.choose(who, case, case.offers[0].key)


async def test_who_stands_in_decides_by_the_lender_s_authority_until_the_time_is_over(desk: Desk) -> None:
    clerk = await hire(desk.door, desk.system, "ana@shop.example", "agent", 0)
    await lend(desk, desk.lead, clerk)
    case = await proposed(desk, desk.agent)
    done = (await desk.door.write(approve, clerk, Approve(case_id=case.id))).read(Case)
    assert done.state is CaseState.accepted
    async with desk.door.read(desk.system.merchant_id) as tx:
        (verdict,) = await approvals(tx, case.id)
    assert (verdict.decided_by, verdict.on_behalf_of) == (clerk.actor, desk.lead.actor)
    row = await desk.only("grants")
    assert (row["agent_id"], row["granted_by"], row["how"]) == (desk.lead.actor, clerk.actor, "approved")
    assert await audit(desk.owner) == {}
    later = await proposed(desk, desk.agent)
    now = desk.door.clock()
    desk.door.clock = partial(_same, now + timedelta(hours=25))
    with pytest.raises(Forbidden, match="not_an_approver"):
        await desk.door.write(approve, clerk, Approve(case_id=later.id))


async def test_no_chain_leads_back_to_the_maker(desk: Desk) -> None:
    clerk = await hire(desk.door, desk.system, "ana@shop.example", "agent", 0)
    third = await hire(desk.door, desk.system, "ivo@shop.example", "agent", 0)
    lead = await hire(desk.door, desk.system, "eva@shop.example", "lead", 1000)
    await lend(desk, lead, clerk)
    with pytest.raises(Forbidden, match="not_an_approver"):
        await lend(desk, clerk, third)  # What was lent is not lent on.
    case = await proposed(desk, lead)
    with pytest.raises(Forbidden, match="not_an_approver"):
        await desk.door.write(approve, clerk, Approve(case_id=case.id))
    await lend(desk, desk.lead, lead)
    with pytest.raises(Forbidden, match="self_approval"):
        await desk.door.write(approve, lead, Approve(case_id=case.id))
    loan = await lend(desk, desk.lead, clerk)
    await desk.door.write(end_delegation, desk.lead, EndDelegation(loan.id))
    with pytest.raises(Forbidden, match="not_an_approver"):
        await desk.door.write(approve, clerk, Approve(case_id=case.id))
    await lend(desk, desk.lead, clerk, by=desk.system)
    assert (await desk.door.write(approve, clerk, Approve(case_id=case.id))).read(Case).state is CaseState.accepted
    with pytest.raises(asyncpg.CheckViolationError, match="no_chain_to_the_maker"):
        await desk.owner.execute("UPDATE approvals SET on_behalf_of = asked_by")


async def test_a_delegation_has_an_end_and_two_ends(desk: Desk) -> None:
    at = desk.door.clock()
    lender, other = desk.lead.actor, desk.agent.actor
    for ends, starts, to in (
        (at - timedelta(hours=1), None, other),
        (at + timedelta(days=93), None, other),
        (at + timedelta(days=1), at + timedelta(days=2), other),
        (at + timedelta(days=1), None, lender),
        (datetime(2027, 1, 1), None, other),  # noqa: DTZ001 - without a zone, as a careless client sends it
    ):
        what = NewDelegation(from_agent=lender, to_agent=to, ends_at=ends, starts_at=starts)
        with pytest.raises(Invalid, match="invalid_period"):
            await desk.door.write(delegate, desk.lead, what)
    with pytest.raises(Forbidden, match="not_an_administrator"):
        await lend(desk, desk.lead, desk.agent, by=desk.agent)


async def test_authority_is_set_by_finance_or_an_administrator_and_never_for_oneself(desk: Desk) -> None:
    admin = await hire(desk.door, desk.system, "root@shop.example", "admin", 0)
    mine = SetAuthority(agent_id=admin.actor, authority={"EUR": 10**9})
    his = SetAuthority(agent_id=desk.agent.actor, authority={"EUR": 5}, team="Returns")
    with pytest.raises(Forbidden, match="own_authority"):
        await desk.door.write(set_authority, admin, mine)
    with pytest.raises(Forbidden, match="not_an_administrator"):
        await desk.door.write(set_authority, desk.lead, his)
    with pytest.raises(NotFound, match="unknown_agent"):
        await desk.door.write(set_authority, admin, SetAuthority(agent_id="agt_nobody", authority={}))
    await desk.door.write(set_authority, admin, his)
    row = await desk.owner.fetchrow(
        "SELECT authority ->> 'EUR' AS most, team FROM agents WHERE id = $1", desk.agent.actor
    )
    assert row is not None
    assert (row["most"], row["team"]) == ("5", "Returns")
    for wrong in (
        {"kind": "customer", "subject": "cus_1"},
        {"kind": "team", "subject": ""},
        {"kind": "role", "subject": "king"},
        {"kind": "program", "subject": desk.program, "program_id": desk.program},
        {"currency": "XXQ"},
    ):
        with pytest.raises(Invalid):
            await limited(desk, 1, **wrong)
    for unknown in ({"kind": "agent", "subject": "agt_nobody"}, {"kind": "program", "subject": "prg_nobody"}):
        with pytest.raises(NotFound):
            await limited(desk, 1, **unknown)
    await limited(desk, 1)
    await limited(desk, 2)
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [one.most for one in await limits(tx)] == [2], "the later takes the place of the one before"


async def test_another_offer_than_the_first_needs_a_reason_and_is_reported(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    first = case.offers[0]
    other = next(offer for offer in case.offers[1:] if offer.consent is None)
    with pytest.raises(Refused, match="override_reason_needed"):
        await desk.choose(desk.agent, case, other.key)
    why = Override(reason="other", words="Marc asked for something useful")
    await desk.choose(desk.agent, case, other.key, override=why)
    plain = await small(desk, desk.agent, "plain")
    await desk.choose(desk.agent, plain, plain.offers[0].key, override=why)  # No override, so nothing to explain.
    free = await small(desk, desk.system, "free")
    await desk.choose(desk.system, free, free.offers[1].key)  # The merchant's own system answers for itself.
    since = desk.door.clock() - timedelta(days=1)
    async with desk.door.read(desk.system.merchant_id) as tx:
        (told,) = await deviations(tx, since, since + timedelta(days=2))
        assert [event.said for event in await events(tx, case.id)][-1] == "Marc asked for something useful"
    assert (told.agent_id, told.choices, told.overrides, told.reasons) == (desk.agent.actor, 2, 1, {"other": 1})
    assert told.value == other.value - first.value
    assert told.cost == other.cost - first.cost
    assert "useful" not in str([dict(row) for row in await desk.owner.fetch("SELECT * FROM overrides")])


Step = tuple[int, int, int]
steps = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 12)), min_size=4, max_size=14)


@given(plan=steps, most=st.integers(1, 6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_chosen_in_whatever_order_no_sum_passes_its_limit(
    desk: Desk, plan: list[Step], most: int
) -> None:
    """The examples share one desk, so that what one granted counts for the next; time goes on from one to the next."""
    start = await desk.owner.fetchval("SELECT coalesce(max(at), now()) + interval '1 second' FROM grants")
    desk.door.clock = partial(_same, start)
    value = await worth(desk)
    for kind, subject in (("role", "agent"), ("customer", ""), ("program", desk.program)):
        await limited(desk, (most + len(kind) % 3) * value, kind=kind, subject=subject)
    days = 0
    for who, customer, later in plan:
        days += later
        desk.door.clock = partial(_same, start + timedelta(days=days, seconds=1))
        actor = (desk.agent, desk.lead, desk.system)[who]
        case = await small(desk, actor, f"c{customer}")
        await desk.choose(actor, case, case.offers[0].key)
    assert await audit(desk.owner) == {}


def _same(moment: datetime) -> datetime:
    return moment
