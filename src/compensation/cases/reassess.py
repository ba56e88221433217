"""Assessing a case anew: its cost lines accepted or not, its facts established; then decided and signed once more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases import sql
from compensation.cases.approve import Because
from compensation.cases.authority import acting, bounding
from compensation.cases.case import CaseFile, case_file
from compensation.cases.move import Locked, locked, move
from compensation.cases.said import open_report, seal_report
from compensation.cases.sign import sign
from compensation.cases.trials.past import past
from compensation.cases.urgency import urgency
from compensation.cases.weigh import Setting, Weighed, history, setting, weigh
from compensation.core.errors import Conflict, Invalid
from compensation.core.states import CaseState
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx, columns
from compensation.engine.plan import History
from compensation.engine.report import Facts, Harm, Report


class CostVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``line`` counts the cost lines of the report from 1, in the order in which they came."""

    line: Annotated[int, Meta(ge=1, le=50)]
    accepted: bool


class Change(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is found otherwise than before, and why. ``facts`` take the place of those known so far; left out, they
    stay as they are."""

    cost_lines: Annotated[tuple[CostVerdict, ...], Meta(max_length=50)] = ()
    harms: Annotated[tuple[Harm, ...], Meta(max_length=16)] = ()
    """Harms of the case that were graded wrongly, each with its severity."""
    facts: Facts | None = None


class Reassess(Change, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def reassess(tx: Tx, who: Who, what: Reassess, at: datetime) -> CaseFile:
    """Assess and decide the case once more, by the policy and the law of today. It is ``offered`` again, with other
    offers and a further receipt; the receipts before it stay.

    What somebody proposed must be sent back first, so that nobody approves what has changed beneath him. A customer who
    was written to is written to again. Without new facts it is done only where the customer was given more since then,
    so that other offers are due.

    Raises NotFound ``unknown_case``, Refused ``wrong_state``, Conflict ``customer_erased``, Invalid
    ``unknown_cost_line``, ``nothing_changed`` and whatever a report with these facts would raise; Forbidden
    ``not_yourself``, ``unknown_agent``.
    """
    actor = acting(who, what.agent)
    if actor.startswith("agt_"):
        await bounding(tx, actor, None)
    case = await locked(tx, what.case_id, CaseState.offered)
    await renew(tx, case, what, actor, at, what.reason)
    return await case_file(tx, case.id)


async def renew(tx: Tx, case: Locked, what: Change, actor: str, at: datetime, reason: str) -> None:
    """Decide a case that is locked, and ``offered`` or ``rejected``, by what was found otherwise. One that was rejected
    may be decided by the same facts: it is offered again. Raises as ``reassess`` does."""
    if case.data_key is None:
        raise Conflict("customer_erased", "This customer was erased; the case can only be called off.")
    key = open_key(tx, case.customer_id, case.data_key)
    row = await tx.row(sql.REPORTS, [case.id])
    assert row is not None, "the case is locked, so it is there"
    before = open_report(key, case.id, row["report"])
    report = changed(before, what)
    under = await setting(tx, msgspec.structs.replace(report, program=case.program_id), at)
    known = await _history(tx, case, under, at)
    settled = case.state is CaseState.offered and report == before
    if settled and not await _more_was_given(tx, case.id, known):
        raise Invalid("nothing_changed", "The case is assessed by these facts already. Say what is otherwise.")
    await decide_again(tx, case, report, under, actor, at, reason)


async def decide_again(
    tx: Tx, case: Locked, report: Report, under: Setting, actor: str, at: datetime, reason: str
) -> None:
    """Decide a case that is locked, and ``offered`` or ``rejected``, by what its report says now; it is ``offered``.

    A customer who was written to is written to again. ``reason`` is in somebody's words; empty where what happened is
    told by the history already.
    """
    assert case.data_key is not None, "of an erased customer nothing is assessed"
    weighed = weigh(report, under, await _history(tx, case, under, at), case.id, at)
    sealed = seal_report(open_key(tx, case.customer_id, case.data_key), case.id, report)
    await _write(tx, case, weighed, sealed, actor, at, reason)
    if await tx.value(sql.OFFERED_BY_LETTER, case.id):
        # His link stays the same; what it shows is not what the letter said any more.
        tx.tell("tell_offers", case.id)
    if under.shadowed:
        tx.tell("shadow", case.id)


def changed(report: Report, what: Change) -> Report:
    """The report as it reads now. Raises Invalid ``unknown_cost_line``, ``unknown_harm``, or what reading such a
    report would raise."""
    lines = list(report.cost_lines)
    for verdict in what.cost_lines:
        if verdict.line > len(lines):
            raise Invalid("unknown_cost_line", f"The report has {len(lines)} cost lines; there is no {verdict.line}.")
        lines[verdict.line - 1] = msgspec.structs.replace(lines[verdict.line - 1], accepted=verdict.accepted)
    graded = {harm.type: harm for harm in what.harms}
    if strange := sorted(graded.keys() - {harm.type for harm in report.harms}):
        raise Invalid("unknown_harm", f"The report has no harm {', '.join(strange)}.")
    harms = tuple(graded.get(harm.type, harm) for harm in report.harms)
    # Made anew instead of replaced in, so that one currency and sound sums are looked after here too.
    fields = {name: getattr(report, name) for name in Report.__struct_fields__}
    return Report(**fields | {"harms": harms, "cost_lines": tuple(lines), "facts": what.facts or report.facts})


async def _history(tx: Tx, case: Locked, under: Setting, at: datetime) -> History:
    """What the customer received before. This case does not count as one before itself."""
    found = await history(tx, case.customer_id, under, at)
    opened: datetime = await tx.value(sql.OPENED, case.id)
    counted = opened >= at - timedelta(days=under.books.policy.document.caps.period_days)
    return msgspec.structs.replace(found, cases=found.cases - counted)


async def _more_was_given(tx: Tx, case_id: str, known: History) -> bool:
    """Whether the customer's past is another than when the case was decided; that it is longer ago does not count."""
    row = await tx.row(sql.RECEIPT, case_id)
    assert row is not None, "a case with offers was decided"
    was, now = (
        (one.cases, one.apologies, one.gestures, one.goodwill.amount if one.goodwill else 0, one.tier)
        for one in (past(row["document"]).inputs.history, known)
    )
    return was != now


async def _write(tx: Tx, case: Locked, weighed: Weighed, sealed: bytes, actor: str, at: datetime, reason: str) -> None:
    signed, decision = sign(tx, weighed), weighed.decision
    made: Sequence[tuple[int, str, object]] = [(place, one.key, one) for place, one in enumerate(decision.offers)]
    await move(tx, case, CaseState.assessed, "reassessed", actor, at, said=reason)
    await tx.run(sql.DROP_OFFERS, case.id)
    await tx.run(
        sql.REASSESS, case.id, at, sealed, decision.owed.amount, decision.goodwill.amount, bool(decision.review),
        signed.id, signed.document, signed.key_version, *columns(made, 3),
        urgency(decision.assessment.harms, at).severity,
    )  # fmt: skip
    again = msgspec.structs.replace(case, state=CaseState.assessed)
    await move(tx, again, CaseState.offered, "offered", actor, at, note=signed.id)
