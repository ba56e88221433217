"""Goods inspected before goodwill: the case waits and is found in the queue; what is owed never waits for it."""

from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings

from compensation.cases.case import CaseFile
from compensation.cases.papers import stands_before
from compensation.cases.queue import queue
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.db.audit import audit
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.plan import History, Limits, Part
from compensation.engine.report import Report
from tests.cases.desk import INC_10, Desk
from tests.cases.test_inspection import look
from tests.cases.test_papers import ON, with_value
from tests.catalog.pen import live, text
from tests.engine.bench import reports

FIRST = ('worst_grade = "C"\n', 'worst_grade = "C"\nbefore_issue = { order_at_least = { EUR = 10, CAD = 10 } }\n')


async def waiting(desk: Desk) -> list[str]:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return [case.id for case in (await queue(tx, "to_inspect", desk.agent.actor, desk.door.clock())).items]


async def waits(desk: Desk, case: CaseFile) -> bool:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return (await stands_before(tx, case.id)).goods


async def begun(desk: Desk, **more: Any) -> CaseFile:
    await live(desk, FIRST)
    case = await desk.report(desk.agent, INC_10 | more)
    with pytest.raises(Problem) as refusal:
        await desk.choose(desk.system, case, with_value(case), without_documents=True)
    assert refusal.value.code == "inspection_needed"
    assert await waiting(desk) == [case.id]
    assert await waits(desk, case)
    return case


async def test_goodwill_waits_for_the_inspection_and_goes_out_once_the_goods_pass(desk: Desk) -> None:
    case = await begun(desk)
    await look(desk, case, "B")
    assert (await waiting(desk), await waits(desk, case)) == ([], False)
    chosen = await desk.choose(desk.system, case, with_value(await desk.file(case)))
    assert chosen.state is CaseState.accepted
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize("found", [("D",), ("A", "packaging")])
async def test_goods_that_do_not_pass_go_to_a_second_person(desk: Desk, found: tuple[str, ...]) -> None:
    case = await begun(desk)
    await look(desk, case, *found)
    chosen = await desk.choose(desk.system, case, with_value(await desk.file(case)))
    assert chosen.state is CaseState.needs_approval
    assert await audit(desk.owner) == {}


async def test_the_table_itself_lets_nobody_take_alone_what_was_not_inspected(desk: Desk) -> None:
    case = await begun(desk)
    take = "UPDATE cases SET state = 'accepted', chosen = $1, chosen_by = 'agt_x' WHERE id = $2"
    with pytest.raises(asyncpg.CheckViolationError, match="did not pass an inspection"):
        await desk.owner.execute(take, with_value(case), case.id)
    await desk.owner.execute("SET session_replication_role = replica")
    await desk.owner.execute(take, with_value(case), case.id)
    await desk.owner.execute("SET session_replication_role = origin")
    assert any("inspected first" in law for law in await audit(desk.owner))


@given(reports())
@settings(max_examples=60)
def test_nothing_that_is_owed_alone_ever_waits_for_an_inspection(report: Report) -> None:
    shelf = library()
    policy = shelf.policy(text((FIRST[0], 'worst_grade = "C"\nbefore_issue = {}\n')), "first.toml")
    books = shelf.books_of(policy)
    assessment = assess(report, books.taxonomy, books.law, ON)
    for offer in decide(assessment, books.policy, books.law, Limits(), History(), books.shelf).offers:
        adds = any(line.part is Part.goodwill and line.amount is not None for line in offer.lines)
        assert (offer.inspection == "needed") == adds
