"""Stories of budgets: told of once at each threshold, and what follows when one is empty."""

import asyncio

import pytest

from compensation.cases.approve import Approve, Decline, approve, send_back
from compensation.cases.budget import drawn
from compensation.cases.case import Case, CaseFile, events
from compensation.cases.witness import approvals
from compensation.core.errors import Forbidden, NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.outbox import Task
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.merchants.budget import RuleSet, SetBudgetRule, alerts, low, set_budget_rule
from compensation.merchants.merchant import Funding, fund
from compensation.notices.event import announce
from tests.cases.desk import INC_10, Desk, hire, open_desk


@pytest.fixture
async def desk(door: object, owner: object, merchant: Who) -> Desk:
    """With nothing in its budgets yet."""
    return await open_desk(door, owner, merchant, budget=0)  # type: ignore[arg-type]


async def give(desk: Desk, amount: int) -> None:
    await desk.door.write(fund, desk.system, Funding(desk.program, Money(amount, "CAD")))


async def rule(desk: Desk, on_empty: str, who: Who | None = None) -> None:
    what = SetBudgetRule(program_id=desk.program, on_empty=on_empty)  # type: ignore[arg-type]
    assert (await desk.door.write(set_budget_rule, who or desk.system, what)).read(RuleSet).on_empty == on_empty


async def small(desk: Desk, n: int) -> CaseFile:
    return await desk.report(desk.system, INC_10 | {"customer": {"reference": str(n)}})


async def told(desk: Desk) -> list[tuple[int, int]]:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return [(one.percent, one.available.amount) for one in reversed(await alerts(tx, desk.program))]


async def test_each_threshold_is_told_once_in_a_period(desk: Desk) -> None:
    await give(desk, 10**6)
    case = await small(desk, 0)
    takes = drawn(case.offers[0].lines, "CAD").amount
    assert takes > 0
    await desk.owner.execute("ALTER TABLE accounts DISABLE TRIGGER USER")
    # What is there is brought to the length of ten such cases, and a new period begins with one more unit.
    await desk.owner.execute("DELETE FROM budget_periods")
    held = (await desk.balances("CAD"))[0]
    await desk.owner.execute("UPDATE accounts SET balance = balance - $1 WHERE role = 'budget'", held - 10 * takes + 1)
    await give(desk, 1)
    cases = [await small(desk, n) for n in range(1, 11)]
    for each in cases:
        await desk.choose(desk.system, each, each.offers[0].key)
    assert [percent for percent, _ in await told(desk)] == [50, 80, 100]
    assert [available for _, available in await told(desk)] == [5 * takes, 2 * takes, 0]
    assert (await desk.told()).count("event:budget.alert") == 3
    async with desk.door.read(desk.system.merchant_id) as tx:
        (few,) = await low(tx)
    assert (few.percent, few.available.amount, few.size.amount) == (100, 0, 10 * takes)
    await give(desk, 100 * takes)
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert await low(tx) == [], "money was added: a new period, and nobody is warned"
    row = await desk.owner.fetchrow(
        "SELECT id, topic, subject_id FROM outbox WHERE topic = 'event:budget.alert' LIMIT 1"
    )
    assert row is not None
    await announce(desk.door, Task(desk.system.merchant_id, row["id"], row["topic"], row["subject_id"], 1, 1))
    assert '"percent":50' in str(await desk.owner.fetchval("SELECT data FROM events"))


async def test_those_who_pass_a_threshold_together_tell_it_once(desk: Desk) -> None:
    await give(desk, 10**6)
    cases = [await small(desk, n) for n in range(8)]
    takes = drawn(cases[0].offers[0].lines, "CAD").amount
    await desk.owner.execute("UPDATE budget_periods SET size = 10 ^ 7")
    await asyncio.gather(*(desk.choose(desk.system, one, one.offers[0].key) for one in cases))
    assert [percent for percent, _ in await told(desk)] == [50, 80]
    assert takes * 8 == 10**6 - (await desk.balances("CAD"))[0]
    assert await audit(desk.owner) == {}


async def test_orders_that_pass_a_threshold_together_tell_it_once_whichever_process_they_came_to(desk: Desk) -> None:
    """Each of two doorways writes batches of its own; they meet at the budget alone."""
    await give(desk, 1000)
    doors = (desk.door, Doorway(desk.door.pool, desk.door.vault, desk.door.clock))
    items = (Item(kind="gift_card", amount=Money(100, "CAD")),)

    async def order(n: int, program: str | None) -> Order | Problem:
        what = OrderRequest(items=items, program=program)
        try:
            return (await doors[n % 2].write_together(issue, desk.system, what, f"k{n}")).read(Order)
        except Problem as problem:
            return problem

    # The default program by its name and without one: it is the same budget.
    outcomes = await asyncio.gather(*(order(n, desk.program if n % 3 else None) for n in range(14)))
    refused = [one for one in outcomes if isinstance(one, Problem)]
    assert [one.code for one in refused] == ["budget_exhausted"] * 4
    assert refused[0].extra == {"left": [{"amount": 0, "currency": "CAD"}]}
    assert await desk.balances("CAD") == (0, 0)
    assert [percent for percent, _ in await told(desk)] == [50, 80, 100]
    assert (await desk.told()).count("event:budget.alert") == 3
    await give(desk, 500)
    for n in range(14, 19):
        assert isinstance(await order(n, None), Order)
    assert (await told(desk))[3:] == [(50, 200), (80, 100), (100, 0)], "to the unit, when each comes alone"
    assert await audit(desk.owner) == {}
    with pytest.raises(NotFound, match="unknown_program"):
        await desk.door.write_together(issue, desk.system, OrderRequest(items=items, program="prg_none"))
    never = (Item(kind="gift_card", amount=Money(100, "KWD")),)
    with pytest.raises(Refused, match="budget_exhausted"):
        await desk.door.write_together(issue, desk.system, OrderRequest(items=never, program=desk.program))


async def test_an_empty_budget_stops_or_brings_a_second_person_who_funds_it(desk: Desk) -> None:
    await give(desk, 10**6)
    case = await small(desk, 1)
    takes = drawn(case.offers[0].lines, "CAD").amount
    spare = await small(desk, 2)
    await drain(desk, 10**6 - takes + 1)
    left = (await desk.balances("CAD"))[0]
    assert left == takes - 1
    with pytest.raises(Refused, match="budget_exhausted"):
        await desk.choose(desk.system, case, case.offers[0].key)
    await rule(desk, "escalate")
    waiting = await desk.choose(desk.agent, case, case.offers[0].key)
    assert waiting.state is CaseState.needs_approval
    assert await desk.balances("CAD") == (left, 10**6 - left), "nothing of it is set aside"
    with pytest.raises(Refused, match="reason_needed"):
        await desk.door.write(approve, desk.lead, Approve(case_id=case.id))
    with pytest.raises(Forbidden, match="self_approval"):
        await desk.door.write(approve, desk.agent, Approve(case_id=case.id, reason="Mine"))
    said = Approve(case_id=case.id, reason="She waited for a month")
    assert (await desk.door.write(approve, desk.lead, said)).read(Case).state is CaseState.accepted
    assert await desk.balances("CAD") == (0, 10**6 + 1)
    kept = await desk.only("budget_escalations")
    assert (kept["amount"], kept["approved_by"], kept["case_id"]) == (1, desk.lead.actor, case.id)
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [one.over_budget for one in await approvals(tx, case.id)] == [True]
        assert [event.said for event in await events(tx, case.id)][-1] == "She waited for a month"
    # An offer sent back gives nothing to the budget, since it took nothing.
    again = await desk.choose(desk.system, spare, spare.offers[0].key)
    back = await desk.door.write(send_back, desk.lead, Decline(case_id=again.id, reason="Less"))
    assert back.read(Case).state is CaseState.offered
    assert await desk.balances("CAD") == (0, 10**6 + 1)
    assert await audit(desk.owner) == {}


async def drain(desk: Desk, amount: int) -> None:
    """Other cases hold so much: taken by transfers, as they would be."""
    await desk.owner.execute(
        """WITH t AS (INSERT INTO transfers (merchant_id, id, kind, subject_id, actor, event_at, created_at)
             VALUES ($1, 'trf_x', 'reserve', 'elsewhere', 'test', now(), now()))
           , p AS (INSERT INTO postings (merchant_id, transfer_id, line, source, destination, amount)
             VALUES ($1, 'trf_x', 0, 'budget:' || $2 || ':CAD', 'reserved:' || $2 || ':CAD', $3))
           , a AS (UPDATE accounts SET balance = balance - $3 WHERE id = 'budget:' || $2 || ':CAD')
           INSERT INTO accounts (merchant_id, id, balance, opened_at)
           VALUES ($1, 'reserved:' || $2 || ':CAD', $3, now())""",
        desk.system.merchant_id, desk.program, amount,
    )  # fmt: skip


async def test_a_program_that_escalates_offers_what_its_budget_does_not_cover(desk: Desk) -> None:
    bare = await small(desk, 1)
    assert drawn(bare.offers[0].lines, "CAD").amount == 0, "with nothing left, nothing is offered beyond words"
    await rule(desk, "escalate")
    rich = await small(desk, 2)
    assert drawn(rich.offers[0].lines, "CAD").amount > 0


async def test_the_rule_is_set_by_finance_or_an_administrator(desk: Desk) -> None:
    finance = await hire(desk.door, desk.system, "fin@shop.example", "finance", 0)
    await rule(desk, "escalate", finance)
    for who, code in ((desk.agent, "not_an_administrator"), (desk.lead, "not_an_administrator")):
        with pytest.raises(Problem, match=code):
            await rule(desk, "stop", who)
