"""Stories of the cap over a period for one customer: asked again as he chooses, while nobody else can use it."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from compensation.cases.approve import Decline, reject
from compensation.cases.case import Case, CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.close import Cancel, cancel
from compensation.cases.promise import goodwill
from compensation.cases.reassess import Reassess, reassess
from compensation.core.errors import Invalid, Refused
from compensation.core.states import CaseState
from compensation.db.answers import Written
from compensation.db.audit import audit
from compensation.merchants.authority import NewLimit, set_limit
from tests.cases.desk import Desk

GRAVE: dict[str, Any] = {
    "harms": [{"type": "emotional.loss_of_trust", "severity": "critical"}],
    "country": "JP",
    "reason_code": "support_experience",
    "order": {"number": "SN-60001", "amount": {"amount": 60_000, "currency": "EUR"}},
    "customer": {"reference": "CUST-90"},
}
"""EUR 75.00 of goodwill each, by the cap of one case; EUR 200.00 is the cap of one customer in a year."""


async def three(desk: Desk, count: int = 3) -> list[CaseFile]:
    """Cases of one customer that were all reported before any was chosen."""
    cases = [await desk.report(desk.system, GRAVE) for _ in range(count)]
    assert [case.goodwill.amount for case in cases] == [7_500] * count
    return cases


def giving(case: CaseFile) -> str:
    """An offer of the case that gives all of its goodwill."""
    return next(offer.key for offer in case.offers if goodwill(offer) == case.goodwill)


async def chosen_at_once(desk: Desk, cases: list[CaseFile]) -> list[Written | BaseException]:
    return await asyncio.gather(
        *(desk.door.write(choose, desk.system, Choose(case_id=case.id, offer=giving(case))) for case in cases),
        return_exceptions=True,
    )


async def test_cases_chosen_at_the_same_moment_never_pass_the_cap_together(desk: Desk) -> None:
    cases = await three(desk)
    ends = await chosen_at_once(desk, cases)
    refused = [end for end in ends if isinstance(end, Refused)]
    assert sum(isinstance(end, Written) for end in ends) == 2
    assert {one.code for one in refused} == {"customer_cap_reached"}
    assert all(one.extra["left"] == {"amount": 5_000, "currency": "EUR"} for one in refused)
    assert await desk.owner.fetchval("SELECT sum(amount) FROM goodwill_promises") == 15_000
    assert not await audit(desk.owner)


async def promised(owner: asyncpg.Connection, case: CaseFile, most: int) -> None:
    """EUR 75.00 written straight into the table, by whoever does not ask."""
    await owner.execute(
        """INSERT INTO goodwill_promises (merchant_id, id, case_id, customer_id, currency, amount, opened_at, most,
             since, at)
           SELECT merchant_id, id, id, customer_id, 'EUR', 7500, created_at, $2, created_at - interval '1 day',
             created_at FROM cases WHERE id = $1""",
        case.id,
        most,
    )


async def both(desk: Desk, url: str) -> None:
    """Two promises to one customer, neither of which sees the other until both are written."""
    one, other = [await asyncpg.connect(url) for _ in range(2)]
    try:
        first, second = await three(desk, 2)
        async with one.transaction(), other.transaction():
            await promised(one, first, 10_000)
            await other.execute("SET LOCAL lock_timeout = 100")
            await promised(other, second, 10_000)
    finally:
        await one.close()
        await other.close()


async def test_whoever_forgets_to_ask_is_stopped_by_the_table(desk: Desk, database_url: str) -> None:
    with pytest.raises(asyncpg.LockNotAvailableError):
        await both(desk, database_url)
    first, second = await three(desk, 2)
    await promised(desk.owner, first, 10_000)
    with pytest.raises(asyncpg.CheckViolationError, match="passes the cap"):
        await promised(desk.owner, second, 10_000)


async def test_without_the_lock_both_would_pass_and_only_the_audit_would_say_so(desk: Desk, database_url: str) -> None:
    """The control: the same sum by the same trigger, with nobody waiting for anybody."""
    text = await desk.owner.fetchval("SELECT pg_get_functiondef('hold_goodwill'::regproc)")
    waits = "FOR NO KEY UPDATE"
    assert waits in text
    await desk.owner.execute(text.replace(waits, ""))
    await both(desk, database_url)
    assert "nobody was promised more goodwill over a period than his policy allows one customer" in await audit(
        desk.owner
    )


async def test_what_is_undone_is_promised_no_more(desk: Desk) -> None:
    """Called off and rejected: each way gives the customer back what others may promise him."""
    await desk.door.write(
        set_limit, desk.system, NewLimit(kind="customer", currency="EUR", most=0, period_days=30)
    )  # So that every choice waits for a second person and can still be undone.
    first, second, third = await three(desk)
    for case in (first, second):
        assert (await desk.choose(desk.agent, case, giving(case))).state is CaseState.needs_approval
    with pytest.raises(Refused, match="would pass the policy's cap"):
        await desk.choose(desk.agent, third, giving(third))
    await desk.door.write(cancel, desk.system, Cancel(case_id=first.id, reason="Told twice"))
    assert (await desk.choose(desk.agent, third, giving(third))).state is CaseState.needs_approval
    await desk.door.write(reject, desk.lead, Decline(case_id=second.id, reason="Not ours"))
    assert await desk.owner.fetchval("SELECT count(*) FROM goodwill_promises WHERE withdrawn_at IS NULL") == 1
    assert not await audit(desk.owner)


async def test_whoever_is_refused_assesses_the_case_anew_and_has_offers_under_what_is_left(desk: Desk) -> None:
    *before, last = await three(desk)
    again = Reassess(case_id=last.id, reason="Two others were made good meanwhile")
    with pytest.raises(Invalid, match="assessed by these facts already"):
        await desk.door.write(reassess, desk.agent, again)
    for case in before:
        await desk.choose(desk.system, case, giving(case))
    anew = (await desk.door.write(reassess, desk.agent, again)).read(CaseFile)
    assert anew.goodwill.amount == 5_000
    assert (await desk.choose(desk.system, anew, giving(anew))).state is CaseState.accepted
    assert not await audit(desk.owner)


async def test_what_was_promised_a_period_ago_counts_no_more(desk: Desk) -> None:
    now = desk.door.clock()
    for case in (await three(desk))[:2]:
        await desk.choose(desk.system, case, giving(case))
    desk.door.clock = partial(_same, now + timedelta(days=366))
    for case in (await three(desk))[:2]:
        done = (await desk.door.write(choose, desk.system, Choose(case_id=case.id, offer=giving(case)))).read(Case)
        assert done.state is CaseState.accepted


def _same(moment: datetime) -> datetime:
    return moment
