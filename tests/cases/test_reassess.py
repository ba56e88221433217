"""Assessing a case anew: what an agent accepts is owed, what he does not is not, and every decision stays on record."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.cases.approve import Decline, send_back
from compensation.cases.case import CaseFile, events, receipt
from compensation.cases.reassess import CostVerdict, Reassess, changed, reassess
from compensation.cases.said import inert, reported
from compensation.cases.verify import judge
from compensation.cases.weigh import setting, weigh
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.delivery.compose import Writer
from compensation.delivery.facts import case_facts
from compensation.delivery.links import link_of
from compensation.delivery.tell import Tell, queue
from compensation.engine.plan import History
from compensation.engine.report import CostLine, Facts, Report
from tests.cases.desk import INC_19, Desk, reading

REPAIRS: list[dict[str, Any]] = [
    {"type": "repair", "amount": {"amount": 9_000, "currency": "EUR"}, "reference": "R-1"},
    {"type": "return_shipping", "amount": {"amount": 1_250, "currency": "EUR"}},
]
COSTLY = {
    **INC_19,
    "harms": [{"type": "financial.additional_costs", "severity": "high"}],
    "reason_code": "defect",
    "facts": {},
    "cost_lines": REPAIRS,
}


def accepting(*accepted: bool) -> dict[str, Any]:
    """The same report, had the lines been judged before it was sent."""
    return {**COSTLY, "cost_lines": [{**line, "accepted": yes} for line, yes in zip(REPAIRS, accepted, strict=True)]}


async def again(desk: Desk, case: CaseFile, *lines: bool | None, who: Who | None = None, **more: Any) -> CaseFile:
    verdicts = tuple(CostVerdict(at, yes) for at, yes in enumerate(lines, 1) if yes is not None)
    what = Reassess(case_id=case.id, cost_lines=verdicts, reason="The invoice is genuine.", **more)
    return (await desk.door.write(reassess, who or desk.agent, what)).read(CaseFile)


async def test_an_accepted_cost_is_owed_and_one_that_is_not_is_not(desk: Desk) -> None:
    case = await desk.report(desk.agent, COSTLY)
    assert case.owed.amount == 0
    first = case.receipt_id
    case = await again(desk, case, True, None)
    assert (case.state, case.owed.amount) == (CaseState.offered, 9_000)
    assert case.offers[0].value.amount >= 9_000
    case = await again(desk, case, None, True)
    assert case.owed.amount == 10_250
    case = await again(desk, case, False, None)
    assert case.owed.amount == 1_250
    assert await desk.history(case) == ["reported", "assessed", "offered", *["reassessed", "offered"] * 3]
    assert await desk.count("receipts") == 4
    assert case.receipt_id != first
    async with desk.door.read(desk.system.merchant_id) as tx:
        told = [event for event in await events(tx, case.id) if event.what == "reassessed"]
        kept = await receipt(tx, case.id)
    assert {event.said for event in told} == {"The invoice is genuine."}
    assert kept.id == case.receipt_id
    assert judge(kept.document, [desk.door.vault.verifier(1)]).valid
    assert (await desk.choose(desk.agent, case, case.offers[0].key)).state == CaseState.accepted
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize("accepted", [(True, True), (True, False), (False, True)])
async def test_it_comes_to_what_reporting_it_so_would_have_come_to(desk: Desk, accepted: tuple[bool, bool]) -> None:
    """The order in which things become known changes nothing in the offers."""
    later = await again(desk, await desk.report(desk.system, COSTLY), *accepted, who=desk.system)
    said = inert(reading(accepting(*accepted)))
    async with desk.door.read(desk.system.merchant_id) as tx:
        under = await setting(tx, said, later.updated_at)
        at_once = weigh(said, under, History(), later.id, later.updated_at).decision
    assert msgspec.to_builtins(later.offers) == msgspec.to_builtins(at_once.offers)
    assert (later.owed, later.goodwill) == (at_once.owed, at_once.goodwill)


async def test_facts_that_are_established_count(desk: Desk) -> None:
    case = await desk.report(desk.agent, {**INC_19, "facts": {}})
    assert case.owed.amount == 0
    case = await again(desk, case, facts=Facts(prepaid_unreturned=True, cancelled_by_merchant=True))
    assert case.owed.amount == 54_000
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert (await reported(tx, case.id)).words == INC_19["words"], "his words stay what they were"


async def test_a_proposal_is_sent_back_before_it_can_change(desk: Desk) -> None:
    case = await desk.report(desk.agent, accepting(True, True) | {"order": INC_19["order"]})
    case = await again(desk, case, facts=Facts(prepaid_unreturned=True, cancelled_by_merchant=True))
    assert (await desk.choose(desk.agent, case, case.offers[0].key)).state == CaseState.needs_approval
    with pytest.raises(Problem) as refusal:
        await again(desk, case, False, False)
    assert refusal.value.code == "wrong_state"
    await desk.door.write(send_back, desk.lead, Decline(case_id=case.id, reason="Look at the costs."))
    case = await again(desk, case, False, False)
    assert case.state == CaseState.offered
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize(
    ("lines", "code"), [((None, None), "nothing_changed"), ((False, False), "nothing_changed"), ((True,) * 3, "line")]
)
async def test_a_change_that_is_none_is_refused(desk: Desk, lines: tuple[bool | None, ...], code: str) -> None:
    case = await desk.report(desk.agent, COSTLY)
    with pytest.raises(Problem) as refusal:
        await again(desk, case, *lines)
    assert refusal.value.code == {"line": "unknown_cost_line"}.get(code, code)
    assert (await desk.history(case))[-1] == "offered"


async def test_of_an_erased_customer_nothing_is_assessed(desk: Desk) -> None:
    case = await desk.report(desk.agent, COSTLY)
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    with pytest.raises(Problem) as refusal:
        await again(desk, case, True)
    assert refusal.value.code == "customer_erased"


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_word_on_a_line_counts_and_no_other_line_is_touched(said: list[tuple[int, bool]]) -> None:
    lines = tuple(CostLine(type="repair", amount=reading(INC_19).order.amount, reference=f"R-{n}") for n in range(3))
    report: Report = msgspec.structs.replace(reading(INC_19), cost_lines=lines)
    verdicts = tuple(CostVerdict(line, accepted) for line, accepted in said)
    now = changed(report, Reassess(case_id="case_x", cost_lines=verdicts, reason="r"))
    last = dict(said)
    assert [line.accepted for line in now.cost_lines] == [last.get(n, False) for n in (1, 2, 3)]
    assert [line.reference for line in now.cost_lines] == ["R-0", "R-1", "R-2"]


async def test_a_customer_who_was_written_to_is_written_to_again_and_one_who_was_not_is_not(desk: Desk) -> None:
    asked = await desk.report(desk.system, COSTLY | {"ask_customer": True})
    assert (await desk.told()).count("tell_offers") == 1
    [task] = await desk.owner.fetch("SELECT id, subject_id FROM outbox WHERE topic = 'tell_offers'")
    await desk.door.write(queue, desk.system, Tell("offers", task["subject_id"]))
    async with desk.door.read(desk.system.merchant_id) as tx:
        link, renewed = (
            await link_of(tx, "offers", asked.id),
            (await case_facts(tx, asked.id, asked.created_at)).occasion,
        )
    assert not renewed.renewed
    asked = await again(desk, asked, True, True)
    assert (await desk.told()).count("tell_offers") == 2
    async with desk.door.read(desk.system.merchant_id) as tx:
        facts = await case_facts(tx, asked.id, asked.created_at)
        assert await link_of(tx, "offers", asked.id) == link, "the link that he has goes on working"
    assert facts.occasion.renewed
    assert facts.case is not None
    letter = Writer().offers(facts.occasion, facts.case.offers, "https://shop.example/o/x", facts.occasion.on)
    assert letter.get[0].startswith("We looked at your case once more")

    unasked = await desk.report(desk.system, COSTLY)
    await again(desk, unasked, True, True)
    assert (await desk.told()).count("tell_offers") == 2
