"""Disputes: the customer disagrees, and somebody who had no part in the decision answers him with reasons."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.cases.approve import Decline, reject
from compensation.cases.case import Case, CaseFile, events
from compensation.cases.close import Cancel, Close, cancel, close
from compensation.cases.dispute.answer import AnswerDispute, answer
from compensation.cases.dispute.disagree import Disagree, disagree
from compensation.cases.dispute.dispute import Dispute, Outcome, disputes, spoken
from compensation.cases.queue import queue
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.engine.harm import Severity
from compensation.engine.report import Harm
from compensation.issuance.order import IssueCase, issue_case
from tests.cases.desk import INC_10, INC_19, Desk, hire
from tests.catalog.pen import live

WORDS = "I waited three weeks. This is too little."


async def disputed(desk: Desk, case: Case, who: Who | None = None, key: str | None = None) -> Dispute:
    himself = Who(desk.system.merchant_id, case.customer_id)
    return (await desk.door.write(disagree, who or himself, Disagree(case_id=case.id, words=WORDS), key)).read(Dispute)


async def answered(desk: Desk, dispute: Dispute, who: Who, outcome: Outcome = Outcome.upheld, **more: Any) -> Dispute:
    what = AnswerDispute(
        case_id=dispute.case_id, dispute_id=dispute.id, outcome=outcome, reason="We looked at all of it.", **more
    )
    return (await desk.door.write(answer, who, what)).read(Dispute)


async def refused(asked: Any) -> str:
    with pytest.raises(Problem) as refusal:
        await asked
    return refusal.value.code


async def test_somebody_else_answers_and_the_customer_is_told(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    dispute = await disputed(desk, case, key="once")
    assert await disputed(desk, case, key="once") == dispute, "sent twice, it is one"
    assert await refused(disputed(desk, case)) == "dispute_open"
    now = await desk.file(case)
    assert (now.state, now.disputed, now.answer_due) == (CaseState.offered, True, dispute.due_at)
    assert dispute.due_at - dispute.opened_at == timedelta(days=7)
    async with desk.door.read(desk.system.merchant_id) as tx:
        listed = await queue(tx, "disputed", desk.lead.actor, desk.door.clock())
    assert [one.id for one in listed.items] == [case.id]
    # Whoever made the offers, a machine, and a customer do not answer; nor is the case ended to be rid of it.
    assert await refused(answered(desk, dispute, desk.agent)) == "decided_before"
    assert await refused(answered(desk, dispute, desk.system)) == "person_needed"
    assert await refused(answered(desk, dispute, Who(desk.system.merchant_id, case.customer_id))) == "person_needed"
    off = Cancel(case_id=case.id, reason="No")
    assert await refused(desk.door.write(cancel, desk.lead, off)) == "dispute_open"
    assert await refused(answered(desk, dispute, desk.lead, further_case="case_x")) == "nothing_to_change"
    done = await answered(desk, dispute, desk.lead)
    assert (done.outcome, done.answered_by) == (Outcome.upheld, desk.lead.actor)
    assert await desk.told() == ["tell_dispute"]
    assert not (await desk.file(case)).disputed
    assert await refused(answered(desk, dispute, desk.lead)) == "dispute_answered"
    assert await refused(disputed(desk, case)) == "already_answered", "with each decision once"
    async with desk.door.read(desk.system.merchant_id) as tx:
        (told,) = spoken(await disputes(tx, case.id), await events(tx, case.id))
    assert (told.words, told.answer) == (WORDS, "We looked at all of it.")
    assert await audit(desk.owner) == {}


async def test_a_harm_that_was_graded_too_low_is_graded_anew_and_the_new_decision_can_be_disputed(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    dispute = await disputed(desk, case)
    anew = Outcome.decided_anew
    assert await refused(answered(desk, dispute, desk.lead, anew)) == "nothing_changed"
    worse = (Harm("emotional.frustration_resentment", Severity.critical),)
    other = (Harm("material.delivery_delay", Severity.low),)
    assert await refused(answered(desk, dispute, desk.lead, anew, harms=other)) == "unknown_harm"
    await answered(desk, dispute, desk.lead, anew, harms=worse)
    now = await desk.file(case)
    assert (now.state, now.severity) == (CaseState.offered, "critical")
    assert now.goodwill.amount > case.goodwill.amount
    assert await desk.told() == ["tell_offers"], "he is told though he had no letter before"
    again = await disputed(desk, now)
    assert await refused(answered(desk, again, desk.lead)) == "decided_before", "this decision is hers"
    third = await hire(desk.door, desk.system, "ivo@shop.example", "agent", 0)
    await answered(desk, again, third)
    assert await audit(desk.owner) == {}


async def test_what_was_rejected_may_be_offered_again(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_19)
    await desk.choose(desk.agent, case, case.offers[0].key)
    assert await refused(disputed(desk, case)) == "wrong_state", "somebody is deciding"
    await desk.door.write(reject, desk.lead, Decline(case_id=case.id, reason="Not ours"))
    dispute = await disputed(desk, case)
    assert await refused(answered(desk, dispute, desk.lead, Outcome.decided_anew)) == "decided_before"
    third = await hire(desk.door, desk.system, "ivo@shop.example", "agent", 0)
    await answered(desk, dispute, third, Outcome.decided_anew)
    now = await desk.file(case)
    assert (now.state, now.chosen, now.owed) == (CaseState.offered, None, case.owed)
    assert await audit(desk.owner) == {}


async def issued(desk: Desk) -> CaseFile:
    case = await desk.report(desk.agent, INC_10)
    await desk.choose(desk.agent, case, case.offers[0].key)
    await desk.door.write(issue_case, Who(desk.system.merchant_id, "system:issue"), IssueCase(case.id))
    return await desk.file(case)


async def test_what_is_out_stays_and_more_comes_with_a_case_of_its_own(desk: Desk) -> None:
    before = await desk.report(desk.agent, INC_10)
    case = await issued(desk)
    dispute = await disputed(desk, case, who=desk.lead)
    anew = Outcome.decided_anew
    assert await refused(desk.door.write(close, desk.lead, Close(case_id=case.id))) == "dispute_open"
    assert await refused(answered(desk, dispute, desk.lead, anew)) == "further_case_needed"
    strange = await desk.report(desk.lead, INC_19)
    for unfit in (before.id, strange.id, case.id, "case_x"):
        code = await refused(answered(desk, dispute, desk.lead, anew, further_case=unfit))
        assert code == "unfit_case", unfit
    more = await desk.report(desk.lead, INC_10)
    done = await answered(desk, dispute, desk.lead, anew, further_case=more.id)
    assert (done.further_case, (await desk.file(case)).state) == (more.id, CaseState.issued)
    assert (await desk.told())[-1] == "tell_dispute"
    assert await audit(desk.owner) == {}


async def test_the_days_are_those_of_the_policy_that_decided(desk: Desk) -> None:
    rule = ("[inspection]\n", "[dispute]\nwithin_days = 20\nanswer_days = 5\n\n[inspection]\n")
    await live(desk, rule)
    late, soon = [await desk.report(desk.agent, INC_10 | {"customer": {"reference": name}}) for name in ("A", "B")]
    for case, days, outcome in ((soon, 20, None), (late, 21, "dispute_too_late")):
        desk.door.clock = partial(_same, case.created_at + timedelta(days=days))
        if outcome is None:
            dispute = await disputed(desk, case)
            assert dispute.due_at - dispute.opened_at == timedelta(days=5)
        else:
            assert await refused(disputed(desk, case)) == outcome


def _same(at: datetime) -> datetime:
    return at


async def test_of_an_erased_customer_the_question_ends_without_his_words(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    dispute = await disputed(desk, case)
    await desk.door.write(erase, desk.system, Erase(customer_id=case.customer_id))
    anew = Outcome.decided_anew
    worse = (Harm("emotional.frustration_resentment", Severity.critical),)
    assert await refused(answered(desk, dispute, desk.lead, anew, harms=worse)) == "customer_erased"
    await answered(desk, dispute, desk.lead)
    assert await refused(disputed(desk, case)) == "customer_erased"


async def test_the_table_refuses_what_the_act_would(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    dispute = await disputed(desk, case)
    settle = "UPDATE disputes SET outcome = 'upheld', answered_at = now(), answered_by = $2 WHERE id = $1"
    for who in (desk.agent.actor, desk.system.actor, case.customer_id):
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.owner.execute(settle, dispute.id, who)
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.owner.execute("UPDATE cases SET state = 'cancelled' WHERE id = $1", case.id)
    with pytest.raises(asyncpg.PostgresError):
        await desk.owner.execute("UPDATE disputes SET due_at = now() WHERE id = $1", dispute.id)
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.owner.execute(
            "INSERT INTO disputes (merchant_id, id, case_id, decision, opened_by, opened_at, due_at) "
            "SELECT merchant_id, 'dsp_x', case_id, decision, opened_by, opened_at, due_at FROM disputes"
        )
    await desk.owner.execute(settle, dispute.id, desk.lead.actor)
    with pytest.raises(asyncpg.PostgresError):
        await desk.owner.execute("UPDATE disputes SET outcome = 'decided_anew' WHERE id = $1", dispute.id)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from(["disagree", "answer", "choose", "reject", "cancel"]), st.integers(0, 2)))
)
async def test_whoever_had_a_part_in_it_never_answers(desk: Desk, steps: list[tuple[str, int]]) -> None:
    """Whatever three colleagues do in whatever order, the audit stays silent and nobody answers for himself."""
    staff = (desk.agent, desk.lead, await _third(desk))
    case = await desk.report(staff[0], INC_19)
    for what, place in steps:
        who, acts = staff[place], {"choose": _choose, "reject": _reject, "cancel": _cancel, "answer": _answer}
        try:
            await (disputed(desk, case) if what == "disagree" else acts[what](desk, case, who))
        except Problem:
            continue
    assert await audit(desk.owner) == {}


async def _third(desk: Desk) -> Who:
    found = await desk.owner.fetchval("SELECT id FROM agents WHERE role = 'finance'")
    return (
        Who(desk.system.merchant_id, found)
        if found
        else await hire(desk.door, desk.system, "eva@shop.example", "finance", 200_000)
    )


async def _choose(desk: Desk, case: Case, who: Who) -> None:
    await desk.choose(who, case, (await desk.file(case)).offers[0].key)


async def _reject(desk: Desk, case: Case, who: Who) -> None:
    await desk.door.write(reject, who, Decline(case_id=case.id, reason="No"))


async def _cancel(desk: Desk, case: Case, who: Who) -> None:
    await desk.door.write(cancel, who, Cancel(case_id=case.id, reason="No"))


async def _answer(desk: Desk, case: Case, who: Who) -> None:
    async with desk.door.read(desk.system.merchant_id) as tx:
        opened = await disputes(tx, case.id)
    for dispute in opened:
        await answered(desk, dispute, who)
