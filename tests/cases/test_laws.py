"""Laws of cases: one effect per key, one choice per case, no state skipped, no sum lost."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from compensation.cases.approve import Approve, approve
from compensation.cases.case import CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.close import Cancel, cancel
from compensation.cases.report import ReportCase, report
from compensation.cases.sign import unpacked
from compensation.core.errors import Conflict, Invalid, Problem, Refused
from compensation.core.states import MOVES, CaseState
from compensation.db.answers import Ask, Who, Written
from compensation.db.pool import Tx
from tests.cases.desk import INC_10, INC_19, Desk, hire, reading


class Opened(msgspec.Struct, frozen=True):
    cases: tuple[CaseFile, ...]
    id: str = ""


async def test_a_hundred_repeats_of_one_report_make_one_case(desk: Desk) -> None:
    written = await asyncio.gather(
        *(desk.door.write_together(report, desk.system, reading(INC_19), "k") for _ in range(100))
    )
    assert len({one.answer for one in written}) == 1
    assert sum(not one.replayed for one in written) == 1
    # What is kept of it is packed, and given again byte for byte.
    kept = await desk.owner.fetchval("SELECT octet_length(answer) FROM idempotency_keys WHERE key = 'k'")
    assert kept < len(written[0].answer) / 3
    for table in ("cases", "receipts", "customers", "persons"):
        assert await desk.count(table) == 1


async def test_reports_that_share_a_commit_see_one_another_and_are_refused_alone(desk: Desk) -> None:
    unknown = INC_10 | {"harms": [{"type": "material.nothing_we_know", "severity": "low"}]}
    asked = (INC_19, unknown, INC_19, INC_10)
    outcomes = await asyncio.gather(*(desk.report(desk.system, body) for body in asked), return_exceptions=True)
    assert [type(one) for one in outcomes] == [CaseFile, Invalid, CaseFile, CaseFile]
    documents = [unpacked(row["document"]) for row in await desk.owner.fetch("SELECT document FROM receipts")]
    before = [msgspec.json.decode(each)["receipt"]["inputs"]["history"]["cases"] for each in documents]
    assert sorted(before) == [0, 0, 1]
    assert await desk.count("customers") == 2


async def test_reports_written_by_one_statement_are_those_of_one_after_the_other(desk: Desk) -> None:
    names = [{"reference": "A", "email": "a@x.example"}, {"reference": "B"}, {"reference": "A"}]
    names += [{"reference": "C", "email": "A@x.example"}, {"reference": "B"}, {"reference": "A"}]
    # Whoever was known by his address alone is the first who gives it with a name.
    names += [{"email": "d@x.example"}, {"reference": "D", "email": "d@x.example"}]
    asked = [reading(INC_10 | {"customer": who, "incident_group": "REP-1"}) for who in names]

    async def together(tx: Tx, who: Who, what: list[ReportCase], at: datetime) -> Opened:
        return Opened(tuple(await report(tx, [Ask(who, one) for one in what], at)))

    made = (await desk.door.write(together, desk.system, asked)).read(Opened).cases
    # Each customer is one, with or without his address; a household that shares one is two.
    ids = [one.customer_id for one in made]
    assert [ids.index(each) for each in ids] == [0, 1, 0, 3, 1, 0, 6, 6]
    assert len({one.number for one in made}) == len(made)
    documents = [unpacked(row["document"]) for row in await desk.owner.fetch("SELECT document FROM receipts")]
    before = [msgspec.json.decode(each)["receipt"]["inputs"]["history"]["cases"] for each in documents]
    assert sorted(before) == [0, 0, 0, 0, 1, 1, 1, 2]
    for one in made:
        assert await desk.file(one) == one
        assert await desk.history(one) == ["reported", "assessed", "offered"]
    assert await desk.count("incidents") == 1


async def test_the_same_key_with_another_word_of_the_customer_is_a_conflict(desk: Desk) -> None:
    await desk.report(desk.system, INC_19, "k")
    with pytest.raises(Conflict, match="words differs"):
        await desk.report(desk.system, INC_19 | {"words": "Something else"}, "k")
    assert await desk.count("cases") == 1


async def test_a_hundred_repeats_of_one_choice_reserve_and_tell_once(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    what = Choose(case_id=case.id, offer=case.offers[0].key)
    written = await asyncio.gather(*(desk.door.write(choose, desk.system, what, "k") for _ in range(100)))
    assert len({one.answer for one in written}) == 1
    assert await desk.told() == ["issue_case"]
    assert await desk.owner.fetchval("SELECT count(*) FROM transfers WHERE kind = 'reserve'") == 1


async def test_of_fifty_who_choose_at_once_one_does(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    keys = [offer.key for offer in case.offers if offer.consent is None]
    outcomes: list[Written | BaseException] = await asyncio.gather(
        *(
            desk.door.write(choose, desk.system, Choose(case_id=case.id, offer=keys[n % len(keys)]), f"k{n}")
            for n in range(50)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Written) for one in outcomes) == 1
    assert {one.code for one in outcomes if isinstance(one, Problem)} == {"wrong_state"}
    assert await desk.told() == ["issue_case"]
    assert await desk.owner.fetchval("SELECT count(*) FROM transfers WHERE kind = 'reserve'") == 1


async def test_of_one_who_approves_and_one_who_calls_off_the_end_is_whole(desk: Desk) -> None:
    """Called off before it was approved, or after; approved after it was called off, never."""
    for turn in range(10):
        case = await desk.report(desk.agent, INC_19 | {"customer": {"reference": str(turn)}})
        await desk.choose(desk.agent, case, case.offers[0].key)
        ends = await asyncio.gather(
            desk.door.write(approve, desk.lead, Approve(case_id=case.id)),
            desk.door.write(cancel, desk.agent, Cancel(case_id=case.id, reason="Wrong customer")),
            return_exceptions=True,
        )
        granted, ended = (isinstance(end, Written) for end in ends)
        state = (await desk.file(case)).state
        assert ended
        assert state is CaseState.cancelled
        history = await desk.history(case)
        assert ("approved" in history) == granted
        assert history[-1] == "cancelled"
        reserved = await desk.owner.fetchval(
            "SELECT sum(CASE kind WHEN 'reserve' THEN 1 ELSE -1 END) FROM transfers WHERE subject_id = $1", case.id
        )
        assert reserved == 0


async def test_choices_that_race_for_the_last_of_a_budget_never_overdraw_it(desk: Desk) -> None:
    cases = [await desk.report(desk.system, INC_10 | {"customer": {"reference": str(n)}}) for n in range(12)]
    drawn = (await desk.balances("CAD"))[0]
    one = await desk.choose(desk.system, cases[0], cases[0].offers[0].key)
    drawn -= (await desk.balances("CAD"))[0]
    # Enough is left for three more, and a little.
    spare = (await desk.balances("CAD"))[0] - 3 * drawn - 1
    await desk.owner.execute("ALTER TABLE accounts DISABLE ROW LEVEL SECURITY")
    await desk.owner.execute(
        "UPDATE accounts SET balance = balance - $1 WHERE role = 'budget' AND asset = 'CAD'", spare
    )
    assert one.state is CaseState.accepted
    ends = await asyncio.gather(
        *(
            desk.door.write(choose, desk.system, Choose(case_id=case.id, offer=case.offers[0].key))
            for case in cases[1:]
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Written) for end in ends) == 3
    assert {end.code for end in ends if isinstance(end, Refused)} == {"budget_exhausted"}
    assert await desk.balances("CAD") == (1, 4 * drawn)


async def test_no_state_is_ever_skipped(desk: Desk) -> None:
    """The table refuses every move that is not drawn, whoever tries it."""
    case = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, case, case.offers[0].key)
    # It holds something of the budget, which is another reason not to end it.
    await desk.owner.execute("ALTER TABLE cases DISABLE TRIGGER nothing_is_held_by_what_ended")
    drawn = {(old, new) for old, news in MOVES["case"].items() for new in news}
    for old in CaseState:
        for new in CaseState:
            if old is new:
                continue
            await desk.owner.execute("ALTER TABLE cases DISABLE TRIGGER states_never_skip")
            await desk.owner.execute("UPDATE cases SET state = $1", old)
            await desk.owner.execute("ALTER TABLE cases ENABLE TRIGGER states_never_skip")
            try:
                await desk.owner.execute("UPDATE cases SET state = $1", new)
                moved = True
            except asyncpg.CheckViolationError:
                moved = False
            assert moved == ((old, new) in drawn), (old, new)


async def test_the_order_in_which_facts_are_told_changes_nothing(desk: Desk) -> None:
    """Two agents, the same facts in another order: the same offers and the same sums."""
    harms = [
        {"type": "material.defective_product", "severity": "high"},
        {"type": "emotional.loss_of_trust", "severity": "medium"},
    ]
    costs: list[dict[str, Any]] = [
        {"type": "repair", "amount": {"amount": 6000, "currency": "EUR"}, "accepted": True},
        {"type": "return_shipping", "amount": {"amount": 2450, "currency": "EUR"}, "accepted": True},
    ]
    second = await hire(desk.door, desk.system, "ivo@shop.example", "lead", 0)
    seen: list[CaseFile] = []
    for who, turned in ((desk.agent, 1), (second, -1)):
        body = INC_19 | {
            "harms": harms[::turned],
            "cost_lines": costs[::turned],
            "customer": {"reference": str(turned)},
        }
        seen.append(await desk.report(who, body))
    one, other = seen
    assert one.owed.amount >= 8450
    assert (one.owed, one.goodwill, one.assessment) == (other.owed, other.goodwill, other.assessment)
    assert {offer.key: offer.value for offer in one.offers} == {offer.key: offer.value for offer in other.offers}
