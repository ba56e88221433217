"""Stories of authority: what one may grant alone, who decides on the rest, and how a case ends."""

from typing import Any

import asyncpg
import pytest

from compensation.cases.approve import Approve, Decline, approve, reject, send_back
from compensation.cases.case import Case, events
from compensation.cases.close import Cancel, Close, cancel, close
from compensation.core.errors import Forbidden, NotFound, Refused
from compensation.core.states import CaseState
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.issuance.order import IssueCase, issue_case
from compensation.jobs.dispatch import Worker
from tests.cases.desk import INC_10, INC_19, Desk, hire, open_desk
from tests.conftest import make_merchant


async def proposed(desk: Desk) -> Case:
    """€540 and more, by an agent who may grant €200."""
    case = await desk.report(desk.agent, INC_19)
    return await desk.choose(desk.agent, case, case.offers[0].key)


async def approved(desk: Desk, who: Who, case: Case, **more: str) -> Case:
    return (await desk.door.write(approve, who, Approve(case_id=case.id, **more))).read(Case)


async def test_within_his_authority_an_agent_grants_at_once(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    assert (await desk.choose(desk.agent, case, case.offers[0].key)).state is CaseState.accepted
    assert await desk.told() == ["issue_case"]


async def test_beyond_it_a_second_person_decides_and_only_then_it_is_issued(desk: Desk) -> None:
    case = await proposed(desk)
    assert case.state is CaseState.needs_approval
    reserved = (await desk.balances())[1]
    assert reserved > 0
    assert await desk.told() == []
    assert (await approved(desk, desk.lead, case, reason="Hannah is right")).state is CaseState.accepted
    assert await desk.told() == ["issue_case"]
    assert (await desk.balances())[1] == reserved
    row = await desk.only("approvals")
    assert (row["verdict"], row["asked_by"], row["decided_by"]) == ("approved", desk.agent.actor, desk.lead.actor)
    assert await desk.history(case) == ["reported", "assessed", "offered", "proposed", "approved"]


async def test_nobody_decides_on_his_own_proposal(desk: Desk) -> None:
    lead = await hire(desk.door, desk.system, "ivo@shop.example", "lead", 1000)
    reported = await desk.report(lead, INC_19)
    case = await desk.choose(lead, reported, reported.offers[0].key)
    decline = Decline(case_id=case.id, reason="Too much")
    with pytest.raises(Forbidden, match="self_approval"):
        await approved(desk, lead, case)
    # Through the merchant's system it is still he.
    with pytest.raises(Forbidden, match="self_approval"):
        await approved(desk, desk.system, case, agent=lead.actor)
    for act in (reject, send_back):
        with pytest.raises(Forbidden, match="self_approval"):
            await desk.door.write(act, lead, decline)
    assert (await desk.file(case)).state is CaseState.needs_approval


async def test_the_second_person_has_the_role_the_authority_and_a_name(desk: Desk) -> None:
    case = await proposed(desk)
    equal = await hire(desk.door, desk.system, "ivo@shop.example", "agent", 200_000)
    small = await hire(desk.door, desk.system, "ana@shop.example", "lead", 1000)
    himself = Who(desk.system.merchant_id, case.customer_id)
    for who, code in (
        (equal, "not_an_approver"),
        (small, "beyond_authority"),
        (desk.system, "person_needed"),
        (himself, "person_needed"),
    ):
        with pytest.raises(Forbidden, match=code):
            await approved(desk, who, case)
    with pytest.raises(Forbidden, match="not_yourself"):
        await approved(desk, desk.agent, case, agent=desk.lead.actor)
    await desk.owner.execute("UPDATE agents SET retired_at = now() WHERE id = $1", desk.lead.actor)
    with pytest.raises(Forbidden, match="unknown_agent"):
        await approved(desk, desk.lead, case)
    assert await desk.told() == []


async def test_a_merchant_s_system_speaks_for_the_lead_it_names(desk: Desk) -> None:
    case = await proposed(desk)
    accepted = await approved(desk, desk.system, case, agent=desk.lead.actor)
    assert accepted.state is CaseState.accepted
    assert await desk.owner.fetchval("SELECT decided_by FROM approvals") == desk.lead.actor
    assert await desk.owner.fetchval("SELECT actor FROM audit_log ORDER BY seq DESC LIMIT 1") == desk.system.actor


async def test_a_system_that_chooses_for_an_agent_is_bound_by_his_authority(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    moved = await desk.choose(desk.system, case, case.offers[0].key, agent=desk.agent.actor)
    assert moved.state is CaseState.needs_approval


async def test_asking_the_customer_does_not_get_round_the_limit(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_19 | {"ask_customer": True})
    himself = Who(desk.system.merchant_id, case.customer_id)
    moved = await desk.choose(himself, case, case.offers[0].key)
    assert moved.state is CaseState.needs_approval
    assert await desk.owner.fetchval("SELECT asked_by FROM approvals") == desk.agent.actor
    with pytest.raises(Forbidden, match="self_approval"):
        await approved(desk, desk.system, case, agent=desk.agent.actor)
    # What a merchant's system put to the customer is his to choose.
    free = await desk.report(desk.system, INC_19 | {"customer": {"reference": "2", "email": "b@c.example"}})
    himself = Who(desk.system.merchant_id, free.customer_id)
    assert (await desk.choose(himself, free, free.offers[0].key)).state is CaseState.accepted


async def test_a_customer_with_many_cases_is_looked_at_and_not_refused(desk: Desk) -> None:
    for _ in range(4):
        case = await desk.report(desk.system, INC_10)
        assert (await desk.choose(desk.system, case, case.offers[0].key)).state is CaseState.accepted
    case = await desk.report(desk.system, INC_10)
    assert case.assessment.review
    assert (await desk.choose(desk.system, case, case.offers[0].key)).state is CaseState.needs_approval


async def test_rejecting_and_sending_back_give_the_budget_back_and_keep_the_reason(desk: Desk) -> None:
    case = await proposed(desk)
    sent = (await desk.door.write(send_back, desk.lead, Decline(case_id=case.id, reason="Ask Hannah first"))).read(Case)
    assert (sent.state, sent.chosen, sent.chosen_by) == (CaseState.offered, None, None)
    assert await desk.balances() == (500_000, 0)
    again = await desk.choose(desk.agent, sent, case.chosen or "")
    assert again.state is CaseState.needs_approval
    ended = (await desk.door.write(reject, desk.lead, Decline(case_id=case.id, reason="Already paid"))).read(Case)
    assert ended.state is CaseState.rejected
    assert await desk.balances() == (500_000, 0)
    assert await desk.owner.fetchval("SELECT sum(balance) FROM accounts") == 0
    reversed_ = await desk.owner.fetch("SELECT reverses FROM transfers WHERE kind = 'release'")
    assert len({row["reverses"] for row in reversed_}) == 2
    async with desk.door.read(desk.system.merchant_id) as tx:
        told = [(event.what, event.said) for event in await events(tx, case.id)]
    assert told[-3:] == [("sent_back", "Ask Hannah first"), ("proposed", None), ("rejected", "Already paid")]
    assert "Hannah" not in str([dict(row) for row in await desk.owner.fetch("SELECT * FROM case_events")])
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert not any(event.said for event in await events(tx, case.id))


async def test_a_case_is_called_off_until_it_is_issued(desk: Desk) -> None:
    case = await proposed(desk)
    ended = (await desk.door.write(cancel, desk.agent, Cancel(case_id=case.id, reason="Reported twice"))).read(Case)
    assert ended.state is CaseState.cancelled
    assert await desk.balances() == (500_000, 0)
    assert await desk.owner.fetchval("SELECT verdict FROM approvals") == "withdrawn"
    with pytest.raises(Refused, match="wrong_state"):
        await approved(desk, desk.lead, case)
    final = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, final, final.offers[0].key)
    assert (await desk.balances("CAD"))[1] > 0
    off = Cancel(case_id=final.id, reason="The customer sent the wrong order number")
    ended = (await desk.door.write(cancel, desk.system, off)).read(Case)
    assert (ended.state, await desk.balances("CAD")) == (CaseState.cancelled, (500_000, 0))
    # The work that was told of it finds nothing to do, and is done.
    nobody: Any = None  # issuing asks neither partners nor the post
    worker = Worker(desk.door, nobody, nobody)
    await worker.work_all(desk.system.merchant_id)
    assert await desk.owner.fetchval("SELECT count(*) FROM rewards") == 0
    assert await desk.owner.fetchval("SELECT ended FROM outbox WHERE topic = 'issue_case'") == "done"
    late = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, late, late.offers[0].key)
    await desk.door.write(issue_case, Who(desk.system.merchant_id, "system:issue"), IssueCase(late.id))
    with pytest.raises(Refused, match="wrong_state"):
        await desk.door.write(cancel, desk.system, Cancel(case_id=late.id, reason="Too late"))
    assert await audit(desk.owner) == {}


async def test_the_table_itself_lets_no_case_end_with_something_set_aside(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, case, case.offers[0].key)
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.owner.execute("UPDATE cases SET state = 'cancelled' WHERE id = $1", case.id)


async def test_a_hurt_customer_s_case_is_not_closed_before_the_apology_is_sent(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, case, case.offers[0].key)
    with pytest.raises(Refused, match="wrong_state"):
        await desk.door.write(close, desk.system, Close(case_id=case.id))
    for state in ("issuing", "issued"):
        await desk.owner.execute("UPDATE cases SET state = $2 WHERE id = $1", case.id, state)
    with pytest.raises(Refused, match="apology_not_sent"):
        await desk.door.write(close, desk.system, Close(case_id=case.id))
    await desk.owner.execute(
        "INSERT INTO deliveries (merchant_id, id, letter, case_id, channel, locale, state, created_at, updated_at)"
        " VALUES ($1, 'dlv_1', 'remedy', $2, 'email', 'en', 'sent', now(), now())",
        desk.system.merchant_id, case.id,
    )  # fmt: skip
    assert (await desk.door.write(close, desk.system, Close(case_id=case.id))).read(Case).state is CaseState.closed


async def test_another_merchant_s_people_decide_nothing_here(desk: Desk) -> None:
    other = await open_desk(desk.door, desk.owner, await make_merchant(desk.owner), slug="other")
    case = await proposed(desk)
    with pytest.raises(NotFound):
        await approved(desk, other.lead, case)
    with pytest.raises(Forbidden, match="unknown_agent"):
        await approved(desk, desk.system, case, agent=other.lead.actor)
    for act in (reject, send_back):
        with pytest.raises(NotFound):
            await desk.door.write(act, other.lead, Decline(case_id=case.id, reason="x"))
    with pytest.raises(NotFound):
        await desk.door.write(cancel, other.lead, Cancel(case_id=case.id, reason="x"))
    assert (await desk.file(case)).state is CaseState.needs_approval
