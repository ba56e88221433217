"""Papers that a policy asks for: goodwill waits for them, what is owed does not, who has none is not turned away."""

import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings

from compensation.cases.approve import Approve, approve
from compensation.cases.case import CaseFile
from compensation.cases.evidence.add import Upload, receive
from compensation.cases.evidence.piece import EvidenceKind
from compensation.cases.papers import may_go_on, stands_before
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.db.audit import audit
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.plan import Decision, History, Limits, Part
from compensation.engine.report import Report
from compensation.partners.objects import Objects
from tests.cases.desk import INC_10, INC_19, Desk
from tests.catalog.pen import live, text
from tests.engine.bench import reports

EARNS = "# ---------------------------------------------------------------- what a harm earns\n"
PAPERS = """
[[document]]
kind = "photo"

[[document]]
kind = "receipt"
when = { order_at_least = { EUR = 100, CAD = 10 } }

"""
ASKING = (EARNS, PAPERS + EARNS)
"""A photo always, and a receipt above a value."""
ON = datetime.date(2026, 11, 22)


async def hand_in(desk: Desk, case: CaseFile, kind: str, files: Path) -> None:
    paper = b"%PDF-1.7\n% " + kind.encode() + b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
    upload = Upload(case_id=case.id, kind=EvidenceKind(kind), name="paper.pdf", content=paper)
    await receive(desk.door, Objects("", files), desk.agent, upload)


async def asked(desk: Desk, case: CaseFile) -> dict[str, bool]:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return {one.kind.value: one.given for one in (await stands_before(tx, case.id)).papers}


async def refused(desk: Desk, case: CaseFile, offer: str, **more: Any) -> Problem:
    with pytest.raises(Problem) as refusal:
        await desk.choose(desk.agent, case, offer, **more)
    return refusal.value


def with_value(case: CaseFile) -> str:
    return next(offer.key for offer in case.offers if offer.value.amount and offer.consent is None)


async def test_goodwill_waits_for_the_papers_and_goes_out_once_they_are_there(desk: Desk, tmp_path: Path) -> None:
    await live(desk, ASKING)
    case = await desk.report(desk.system, INC_10)
    offer = with_value(case)
    problem = await refused(desk, case, offer)
    assert (problem.code, problem.extra["documents"]) == ("documents_missing", ["photo", "receipt"])
    await hand_in(desk, case, "photo", tmp_path)
    assert await asked(desk, case) == {"receipt": False, "photo": True}
    assert (await refused(desk, case, offer)).extra["documents"] == ["receipt"]
    await hand_in(desk, case, "receipt", tmp_path)
    assert (await desk.choose(desk.system, case, offer)).state is CaseState.accepted
    assert await audit(desk.owner) == {}


async def test_whoever_cannot_give_a_paper_is_looked_at_by_a_second_person(desk: Desk) -> None:
    await live(desk, ASKING)
    case = await desk.report(desk.agent, INC_10)
    chosen = await desk.choose(desk.system, case, with_value(case), without_documents=True)
    assert chosen.state is CaseState.needs_approval
    await desk.door.write(approve, desk.lead, Approve(case_id=case.id))
    assert (await desk.file(case)).state is CaseState.accepted
    assert await audit(desk.owner) == {}


async def test_what_is_owed_is_not_refused_for_a_paper_that_no_law_asks_for(desk: Desk) -> None:
    await live(desk, ASKING)
    case = await desk.report(desk.lead, INC_19)
    assert case.owed.amount
    assert (await desk.choose(desk.lead, case, case.offers[0].key)).state is CaseState.needs_approval


async def test_below_the_value_and_by_the_policy_that_ships_nothing_is_asked(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_10)
    assert await asked(desk, case) == {}
    await live(desk, ASKING)
    order = {"number": "SN-2", "amount": {"amount": 999, "currency": "CAD"}}
    assert await asked(desk, await desk.report(desk.agent, INC_10 | {"order": order})) == {"photo": False}


async def test_the_table_itself_lets_nobody_take_alone_what_lacks_one_of_its_papers(desk: Desk, tmp_path: Path) -> None:
    await live(desk, ASKING)
    case = await desk.report(desk.agent, INC_10)
    await hand_in(desk, case, "photo", tmp_path)
    take = "UPDATE cases SET state = 'accepted', chosen = $1, chosen_by = 'agt_x' WHERE id = $2"
    with pytest.raises(asyncpg.CheckViolationError, match="a paper is missing"):
        await desk.owner.execute(take, with_value(case), case.id)
    await desk.owner.execute("SET session_replication_role = replica")
    await desk.owner.execute(take, with_value(case), case.id)
    await desk.owner.execute("SET session_replication_role = origin")
    law = "what a policy asks papers for was taken with them, or with a second person's word"
    assert law in await audit(desk.owner)


def decided(report: Report) -> Decision:
    shelf = library()
    books = shelf.books_of(shelf.policy(text(ASKING), "asking.toml"))
    assessment = assess(report, books.taxonomy, books.law, ON)
    return decide(assessment, books.policy, books.law, Limits(), History(), books.shelf)


@given(reports())
@settings(max_examples=60)
def test_no_offer_with_something_owed_is_ever_refused_for_a_paper(report: Report) -> None:
    for offer in decided(report).offers:
        owes = any(line.part is Part.owed for line in offer.lines)
        missing = tuple(offer.documents or ())
        adds = any(line.part is Part.goodwill and line.amount is not None for line in offer.lines)
        assert bool(missing) == adds, "what is owed alone, and words alone, ask for nothing"
        if owes:
            may_go_on(offer, missing, without=False)
        elif missing:
            with pytest.raises(Problem):
                may_go_on(offer, missing, without=False)
            may_go_on(offer, missing, without=True)
