"""Before a policy is live: tried on past cases in the background, and beside the live one in the shadow."""

import datetime
from typing import Any

import msgspec
import pytest

from compensation.cases.reassess import Reassess, reassess
from compensation.cases.trials.past import past
from compensation.cases.trials.reckon import Brief, Reckoner
from compensation.cases.trials.samples import samples, told
from compensation.cases.trials.shadow import ShadowCase, shadow_case, shadow_decisions, shadow_sums
from compensation.cases.trials.simulate import run
from compensation.cases.trials.simulation import (
    Cancel,
    NewSimulation,
    Progress,
    Simulation,
    cancel,
    record_progress,
    simulate,
    simulation,
)
from compensation.cases.trials.tally import Count, Sums, Tally
from compensation.catalog.publish import publish, shadow
from compensation.core.errors import Conflict, NotFound, Refused
from compensation.core.money import Money
from compensation.core.states import MOVES
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.outbox import claim, finish
from compensation.engine.report import Facts, Wants
from tests.cases.desk import Desk
from tests.catalog.pen import DEFECT, earning, live, move, named, text, variant, write
from tests.conftest import make_merchant


async def work(desk: Desk, topic: str = "simulate") -> int:
    """Do everything in the outbox that is of a topic, as the worker does; returns how much it was."""
    count = 0
    while task := await claim(desk.door, desk.system.merchant_id, desk.door.clock()):
        if task.topic == topic == "simulate":
            await run(desk.door, task)
            count += 1
        elif task.topic == topic == "shadow":
            await desk.door.write(shadow_case, Who(task.merchant_id, "system:shadow"), ShadowCase(task.subject_id))
            count += 1
        await finish(desk.door, task, desk.door.clock())
    return count


async def past_cases(desk: Desk) -> list[str]:
    """Six cases: four defects (two of the same kind), a delay and a loss of trust abroad."""
    delay = {"harms": [{"type": "material.delivery_delay", "severity": "low"}]}
    abroad = {"harms": [{"type": "emotional.loss_of_trust", "severity": "low"}], "country": "KE"}
    made = [
        await desk.report(desk.system, DEFECT | {"customer": {"reference": f"CUST-{number}"}} | more)
        for number, more in enumerate(({}, {}, {"customer_tier": "gold"}, {"country": "KE"}, delay, abroad))
    ]
    return [case.id for case in made]


async def ask(desk: Desk, policy_id: str, **more: Any) -> Simulation:
    what = NewSimulation(policy_id=policy_id, **more)
    return (await desk.door.write(simulate, desk.system, what)).read(Simulation)


async def found(desk: Desk, asked: Simulation) -> Simulation:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return await simulation(tx, asked.policy_id, asked.id)


async def test_a_draft_is_tried_on_past_cases_and_changes_none(desk: Desk) -> None:
    cases = await past_cases(desk)
    version = await write(desk, earning(10))
    before = await desk.owner.fetch("SELECT * FROM cases ORDER BY id")
    asked = await ask(desk, version.id)
    assert (asked.state, asked.total, asked.seen) == ("running", 6, 0)
    assert await work(desk) == 1
    done = await found(desk, asked)
    assert (done.state, done.seen, done.total) == ("done", 6, 6)
    whole = done.tally.groups["all::EUR"]
    # Four defects of €100 earn €5 more each; the delay and the loss of trust stay as they were.
    assert (whole.cases, whole.gains, whole.loses, whole.flips) == (6, 4, 0, 0)
    assert whole.goodwill_after - whole.goodwill_before == 4 * 500
    assert done.tally.groups["harm:material.defective_product:EUR"].gains == 4
    assert done.tally.groups["harm:material.delivery_delay:EUR"].gains == 0
    assert done.tally.groups["country:KE:EUR"].cases == 2
    assert done.tally.groups["tier:gold:EUR"].gains == 1
    assert {one.case_id for one in done.tally.gains} == set(cases[:4])
    assert await desk.owner.fetch("SELECT * FROM cases ORDER BY id") == before
    assert not await audit(desk.owner)


async def test_what_is_counted_is_what_deciding_each_case_anew_gives(desk: Desk) -> None:
    """The recorded decision, the remembered kinds and the two processes change nothing in the sums."""
    await past_cases(desk)
    version = await write(desk, earning(10))
    asked = await ask(desk, version.id)
    await work(desk)
    rows = await desk.owner.fetch("SELECT case_id, document FROM receipts")
    programs = {desk.program: ("default", "")}
    brief = Brief(draft=text(earning(10)), live=(), programs=programs, today=desk.door.clock().date())
    count = Count()
    for row in rows:
        Reckoner(brief).count(count, row["case_id"], past(row["document"]).inputs, None)
    got, anew = (await found(desk, asked)).tally, count.done()
    assert msgspec.to_builtins(got.groups) == msgspec.to_builtins(anew.groups)
    assert msgspec.to_builtins(got.limits) == msgspec.to_builtins(anew.limits)


async def test_only_the_cases_that_a_draft_is_meant_for_are_touched(desk: Desk) -> None:
    await past_cases(desk)
    kenya = ("[house]", '[scope]\ncountries = ["KE"]\n\n[house]')
    version = await write(desk, variant("kenya", ""), kenya, earning(10))
    asked = await ask(desk, version.id)
    await work(desk)
    tally = (await found(desk, asked)).tally
    assert (tally.seen, tally.untouched, tally.groups["all::EUR"].cases) == (6, 4, 2)


async def test_limits_that_bite_are_counted_and_a_lower_policy_loses(desk: Desk) -> None:
    await past_cases(desk)
    version = await write(desk, earning(1), ("[caps]", '[caps]\nharms = { "material.delivery_delay" = { EUR = 1 } }'))
    asked = await ask(desk, version.id)
    await work(desk)
    tally = (await found(desk, asked)).tally
    assert (tally.groups["all::EUR"].gains, tally.groups["all::EUR"].loses) == (0, 5)
    assert msgspec.to_builtins(tally.limits) == {"limit.harm": {"before": 0, "after": 1}}
    assert len(tally.losses) == 5


async def test_the_baseline_is_what_decides_today_not_what_decided_then(desk: Desk) -> None:
    await past_cases(desk)
    await live(desk, earning(10))
    asked = await ask(desk, (await write(desk, earning(10))).id)
    await work(desk)
    whole = (await found(desk, asked)).tally.groups["all::EUR"]
    assert (whole.gains, whole.loses, whole.goodwill_before) == (0, 0, whole.goodwill_after)


async def test_the_samples_are_tried_without_any_past(desk: Desk) -> None:
    asked = await ask(desk, (await write(desk, earning(30))).id, over="samples")
    assert asked.total == 16
    await work(desk)
    done = await found(desk, asked)
    assert (done.state, done.seen) == ("done", 16)
    assert sum(sums.cases for name, sums in done.tally.groups.items() if name.startswith("all:")) == 16


async def test_it_can_be_called_off_and_only_one_runs_at_a_time(desk: Desk) -> None:
    await past_cases(desk)
    version = await write(desk, earning(10))
    asked = await ask(desk, version.id)
    with pytest.raises(Conflict, match="simulation_running"):
        await ask(desk, version.id)
    stop = Cancel(policy_id=version.id, simulation_id=asked.id)
    assert (await desk.door.write(cancel, desk.system, stop)).read(Simulation).state == "cancelled"
    assert await work(desk) == 1
    assert ((await found(desk, asked)).state, (await found(desk, asked)).seen) == ("cancelled", 0)
    with pytest.raises(Refused, match="wrong_state"):
        await desk.door.write(cancel, desk.system, stop)
    await ask(desk, version.id)


async def test_a_stretch_counts_once_however_often_it_is_told(desk: Desk) -> None:
    await past_cases(desk)
    version = await write(desk, earning(10))
    asked = await ask(desk, version.id, at_most=4)
    counted = Tally(seen=2, groups={"all::EUR": Sums(cases=2)})
    step = Progress(
        simulation_id=asked.id, policy_id=version.id, since=None, reached="rcpt_x", counted=counted, over=False
    )
    for _ in range(3):
        await desk.door.write(record_progress, desk.system, step)
    now = await found(desk, asked)
    assert (now.seen, now.total, now.reached, now.tally.groups["all::EUR"].cases) == (2, 4, "rcpt_x", 2)
    failed = msgspec.structs.replace(step, since="rcpt_x", counted=Tally(), failed=True)
    await desk.door.write(record_progress, desk.system, failed)
    assert (await found(desk, asked)).state == "failed"


async def test_another_merchants_cases_are_not_counted(desk: Desk) -> None:
    await past_cases(desk)
    version = await write(desk, earning(10))
    asked = await ask(desk, version.id)
    stranger = await make_merchant(desk.owner)
    async with desk.door.read(stranger.merchant_id) as tx:
        with pytest.raises(NotFound):
            await simulation(tx, version.id, asked.id)
    with pytest.raises(NotFound):
        await desk.door.write(simulate, stranger, NewSimulation(policy_id=version.id))


async def test_the_machine_of_a_simulation_is_the_one_in_the_table(desk: Desk) -> None:
    rows = await desk.owner.fetch("SELECT from_state, to_state FROM state_moves WHERE machine = 'simulation'")
    assert {tuple(row) for row in rows} == {(old, new) for old, news in MOVES["simulation"].items() for new in news}


async def test_a_case_that_is_assessed_anew_is_decided_anew_in_the_shadow(desk: Desk) -> None:
    version = await write(desk, earning(10))
    await move(desk, shadow, desk.lead, version)
    case = await desk.report(desk.system, DEFECT)
    assert await work(desk, "shadow") == 1
    await desk.door.write(
        reassess,
        desk.system,
        Reassess(case_id=case.id, facts=Facts(keeps_goods=True, wants=Wants.refund), reason="He called"),
    )
    assert await work(desk, "shadow") == 1
    assert await desk.count("shadow_decisions") == 2, "what was decided before is kept"
    async with desk.door.read(desk.system.merchant_id) as tx:
        [sums] = await shadow_sums(tx, version.id)
        [latest] = await shadow_decisions(tx, version.id, None, 10)
    assert sums.cases == 1
    assert latest.case_id == case.id


async def test_a_policy_in_the_shadow_decides_beside_the_live_one_and_offers_nothing(desk: Desk) -> None:
    version = await write(desk, earning(10))
    await move(desk, shadow, desk.lead, version)
    other = {"harms": [{"type": "material.delivery_delay", "severity": "low"}]}
    case = await desk.report(desk.system, DEFECT)
    await desk.report(desk.system, DEFECT | other | {"customer": {"reference": "CUST-2"}})
    assert (case.goodwill, case.assessment.policy) == (Money(500, "EUR"), named())
    assert (await desk.told()).count("shadow") == 2
    assert await work(desk, "shadow") == 2
    await desk.door.write(shadow_case, desk.system, ShadowCase(case.id))
    async with desk.door.read(desk.system.merchant_id) as tx:
        [sums] = await shadow_sums(tx, version.id)
        [differs] = await shadow_decisions(tx, version.id, None, 10)
    assert (sums.cases, sums.differing, sums.gains, sums.loses) == (2, 1, 1, 0)
    assert sums.goodwill_after - sums.goodwill_before == Money(500, "EUR")
    assert (differs.case_id, differs.goodwill_before, differs.goodwill_after) == (
        case.id,
        Money(500, "EUR"),
        Money(1_000, "EUR"),
    )
    assert (await desk.file(case)).offers == case.offers
    assert not await audit(desk.owner)


async def test_without_a_shadow_a_report_leaves_no_work(desk: Desk) -> None:
    version = await write(desk, earning(10))
    await desk.report(desk.system, DEFECT)
    await move(desk, shadow, desk.lead, version)
    await move(desk, publish, desk.lead, version)
    await desk.report(desk.system, DEFECT)
    assert "shadow" not in await desk.told()


def test_the_command_tells_what_the_samples_come_to() -> None:
    today = datetime.date(2026, 11, 22)
    brief = Brief(draft=text(earning(30)), live=(), programs={}, today=today)
    count, reckoner = Count(), Reckoner(brief)
    for name, inputs in samples(today):
        reckoner.count(count, name, inputs, None)
    lines = told(count.done())
    assert lines[0] == "16 cases, 0 of them not this policy's, 0 not decided"
    assert any(line.startswith("material.defective_product") and "USD" in line for line in lines)
