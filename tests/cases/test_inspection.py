"""Inspections: what was found is kept for good, changes goodwill by the policy's rules, and never what is owed."""

import datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.cases.approve import Decline, send_back
from compensation.cases.case import CaseFile, events, receipt
from compensation.cases.evidence.add import Upload, receive
from compensation.cases.evidence.piece import Evidence, EvidenceKind
from compensation.cases.inspection.inspect import Inspect, inspect
from compensation.cases.inspection.inspection import Disposition, Inspection, ItemSeen, inspections
from compensation.cases.verify import judge
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.engine.assess import assess
from compensation.engine.condition import When
from compensation.engine.decide import decide
from compensation.engine.inspection import Grade, Inspected
from compensation.engine.plan import History, Limits
from compensation.engine.report import Report
from compensation.engine.taxonomy import DueKind, Owes
from compensation.partners.objects import Objects
from tests.cases.desk import Desk
from tests.engine.bench import reports

KETTLE: dict[str, Any] = {
    "harms": [{"type": "material.defective_product", "severity": "low"}],
    "country": "DE",
    "reason_code": "defect",
    "order": {"number": "SN-1", "amount": {"amount": 10_000, "currency": "EUR"}},
    "facts": {"keeps_goods": True, "replaceable": False},
    "customer": {"reference": "CUST-1", "name": "Hannah Weber", "email": "hannah@weber.example"},
}
"""€5.00 of goodwill by the policy that ships; €2.00 where something is missing, none below grade C."""
ITEMS = tuple(item.code for item in library().inspection.of(None).items)


def seen(grade: str = "A", *missing: str, case: str, **more: Any) -> Inspect:
    return Inspect(
        case_id=case,
        items=tuple(ItemSeen(code, grade == "A") for code in ITEMS),
        missing=missing,
        grade=Grade(grade),
        disposition=more.pop("disposition", Disposition.repair),
        **more,
    )


async def look(desk: Desk, case: CaseFile, *what: str, who: Who | None = None, **more: Any) -> Inspection:
    return (await desk.door.write(inspect, who or desk.lead, seen(*what, case=case.id, **more))).read(Inspection)


async def refused(desk: Desk, what: Inspect, who: Who | None = None) -> str:
    with pytest.raises(Problem) as refusal:
        await desk.door.write(inspect, who or desk.lead, what)
    assert await desk.count("inspections") == 0
    return refusal.value.code


async def test_goods_in_a_condition_that_is_not_accepted_change_the_offers_and_say_why(desk: Desk) -> None:
    case = await desk.report(desk.agent, KETTLE)
    assert case.goodwill.amount == 500
    found = await look(desk, case, "D", note="Dropped from some height.")
    assert (found.acceptable, found.complete, found.inspected_by) == (False, True, desk.lead.actor)
    now = await desk.file(case)
    assert (now.state, now.goodwill.amount, now.owed) == (CaseState.offered, 0, case.owed)
    told = [line.reason.code for line in now.assessment.trace]
    assert {"facts.inspected", "facts.unacceptable"} <= set(told)
    assert await desk.history(case) == ["reported", "assessed", "offered", "inspected", "reassessed", "offered"]
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [one.said for one in await events(tx, case.id) if one.what == "inspected"] == [
            "Dropped from some height."
        ]
        kept = await receipt(tx, case.id)
    assert judge(kept.document, [desk.door.vault.verifier(1)]).valid
    assert await audit(desk.owner) == {}


async def test_a_missing_accessory_brings_the_amount_of_the_policy_and_a_second_look_another(desk: Desk) -> None:
    case = await desk.report(desk.agent, KETTLE)
    assert not (await look(desk, case, "A", "packaging")).complete
    assert (await desk.file(case)).goodwill.amount == 200
    assert (await look(desk, case, "A")).complete
    assert (await desk.file(case)).goodwill.amount == 500, "it was found after all"
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [one.missing for one in await inspections(tx, case.id)] == [("packaging",), ()]


async def test_finding_the_same_again_decides_nothing_again(desk: Desk) -> None:
    case = await desk.report(desk.agent, KETTLE)
    await look(desk, case, "B")
    receipts = await desk.count("receipts")
    await look(desk, case, "B", disposition=Disposition.dispose)
    assert await desk.count("receipts") == receipts
    assert await desk.count("inspections") == 2


async def test_what_was_promised_is_not_taken_back_by_a_later_look(desk: Desk) -> None:
    case = await desk.report(desk.agent, KETTLE)
    await desk.choose(desk.agent, case, case.offers[0].key)
    await look(desk, case, "D")
    now = await desk.file(case)
    assert (now.state, now.goodwill, now.offers) == (CaseState.accepted, case.goodwill, case.offers)


async def test_a_proposal_is_sent_back_before_the_goods_are_inspected(desk: Desk) -> None:
    dear = KETTLE | {"order": {"number": "SN-2", "amount": {"amount": 400_000, "currency": "EUR"}}}
    case = await desk.report(desk.agent, dear)
    assert (await desk.choose(desk.agent, case, case.offers[0].key)).state is CaseState.needs_approval
    assert await refused(desk, seen(case=case.id)) == "wrong_state"
    await desk.door.write(send_back, desk.lead, Decline(case_id=case.id, reason="Have it looked at."))
    await look(desk, case)


async def test_what_does_not_fit_the_checklist_is_refused_and_changes_nothing(desk: Desk) -> None:
    case = await desk.report(desk.agent, KETTLE)
    fine = seen(case=case.id)
    twice = (fine.items[0], *fine.items)
    for what, code in (
        (msgspec.structs.replace(fine, items=fine.items[1:]), "items_left_out"),
        (msgspec.structs.replace(fine, items=twice), "items_left_out"),
        (msgspec.structs.replace(fine, items=(*fine.items, ItemSeen("wings", True))), "unknown_item"),
        (msgspec.structs.replace(fine, missing=("wings",)), "unknown_accessory"),
        (msgspec.structs.replace(fine, missing=("packaging", "packaging")), "unknown_accessory"),
        (msgspec.structs.replace(fine, grade=Grade.D, disposition=Disposition.restock), "broken_goods"),
        (msgspec.structs.replace(fine, evidence=("evd_none",)), "unknown_evidence"),
        (msgspec.structs.replace(fine, case_id="case_none"), "unknown_case"),
    ):
        assert await refused(desk, what) == code
    customer = Who(desk.system.merchant_id, case.customer_id)
    assert await refused(desk, fine, customer) == "not_the_inspector"
    cardless = {key: value for key, value in KETTLE.items() if key != "order"} | {"currency": "EUR"}
    talk = await desk.report(desk.agent, cardless | {"harms": [{"type": "emotional.loss_of_trust", "severity": "low"}]})
    assert await refused(desk, seen(case=talk.id)) == "no_goods"
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    assert await refused(desk, fine) == "customer_erased"


async def test_it_is_shown_by_files_of_its_own_case_alone(desk: Desk, tmp_path: Path) -> None:
    files = Objects("", tmp_path)
    case, other = await desk.report(desk.agent, KETTLE), await desk.report(desk.agent, KETTLE)
    paper = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
    upload = Upload(case_id=case.id, kind=EvidenceKind.photo, name="lid.pdf", content=paper)
    piece = (await receive(desk.door, files, desk.agent, upload)).read(Evidence)
    assert await refused(desk, seen(case=other.id, evidence=(piece.id,))) == "unknown_evidence"
    assert (await look(desk, case, evidence=(piece.id,))).evidence == (piece.id,)
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize(
    "change",
    ["grade = 'D', disposition = 'restock'", "inspected_by = 'cus_1'", "missing = '{packaging}'"],
)
async def test_the_table_itself_keeps_an_inspection_as_it_was(desk: Desk, change: str) -> None:
    await look(desk, await desk.report(desk.agent, KETTLE))
    with pytest.raises(asyncpg.PostgresError):
        await desk.owner.execute(f"UPDATE inspections SET {change}")


async def test_the_audit_finds_what_the_table_no_longer_keeps(desk: Desk) -> None:
    await look(desk, await desk.report(desk.agent, KETTLE))
    await desk.owner.execute(
        """SET session_replication_role = replica;
           ALTER TABLE inspections DROP CONSTRAINT inspections_inspected_by_check;
           UPDATE inspections SET inspected_by = 'cus_1'; DELETE FROM case_events WHERE what = 'inspected';
           SET session_replication_role = origin"""
    )
    assert {
        "nobody graded what he sent back himself, and nothing broken went back on the shelf",
        "an inspection stands in the history of its case",
    } <= set(await audit(desk.owner))


@given(report=reports(), grade=st.sampled_from(Grade), complete=st.booleans())
@settings(max_examples=60)
def test_no_inspection_changes_what_is_owed(report: Report, grade: Grade, complete: bool) -> None:
    on = datetime.date(2026, 11, 22)
    books = library().books("default", on)
    looked = msgspec.structs.replace(report, inspection=Inspected(grade=grade, complete=complete))
    before, after = (assess(one, books.taxonomy, books.law, on) for one in (report, looked))
    assert (after.owed, after.dues, after.obligations) == (before.owed, before.dues, before.obligations)
    offers = decide(after, books.policy, books.law, Limits(), History(), books.shelf).offers
    assert offers, "every case has an answer, whatever came back"


def test_what_is_owed_cannot_be_written_to_depend_on_an_inspection() -> None:
    for when in (When(facts=("unacceptable",)), When(not_facts=("complete",)), When(grades=(Grade.A,))):
        with pytest.raises(ValueError, match="goodwill alone"):
            Owes(DueKind.price, when)


def test_of_goods_that_nobody_looked_at_nothing_is_held_against_the_customer() -> None:
    on = datetime.date(2026, 11, 22)
    books = library().books("default", on)
    body = {key: value for key, value in KETTLE.items() if key != "customer"}
    assessment = assess(msgspec.convert(body, Report), books.taxonomy, books.law, on)
    assert decide(assessment, books.policy, books.law, Limits(), History(), books.shelf).goodwill.amount == 500
