"""Disputes at the desk: the customer's words taken down, and the answer of somebody who had no part in the decision."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.dispute.answer import AnswerDispute, answer
from compensation.cases.dispute.disagree import Disagree, disagree
from compensation.cases.dispute.dispute import Outcome
from compensation.cases.queue import find
from compensation.cases.reassess import CostVerdict
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.core.text import ltr
from compensation.db.unit import Doorway
from compensation.delivery.words import word
from compensation.engine.harm import Severity
from compensation.engine.report import Harm
from compensation.web.asked import Door
from compensation.web.console.case import tools
from compensation.web.console.disputed import seen
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.view import NOT_DONE, back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.written import too_long, written

_OUT = (CaseState.issued, CaseState.closed)
_ASKED_AGAIN = {
    "nothing_changed": "outcome.upheld",
    "unfit_case": "further",
    "further_case_needed": "further",
}
"""Refusals that the form itself can put right, and the field that does."""
_LACKS = {
    "outcome": word("Say what came of the second look"),
    "reason": word("Write to the customer why"),
    "words": word("Write what the customer says"),
    "further": word("Name the case of this customer that was reported since he disagreed"),
}


@get("/cases/{case_id:str}/disagree")
async def ask_what(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The empty form for a customer who says it by telephone."""
    work = await _load(door, desk, case_id)
    return _words(request, desk, work, "") if work.may_dispute else back_to(case_id, "wrong_state")


@post("/cases/{case_id:str}/disagree", status_code=303)
async def take_down(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Keep his words."""
    typed = await form_of(request, desk.token)
    said = written(typed, "words")
    say = words(request, desk.locale)
    if lacks := too_long(say, said) if said else say(_LACKS["words"]):
        return _words(request, desk, await _load(door, desk, case_id), said, wrong=lacks)
    try:
        await door.write(disagree, desk.who, Disagree(case_id=case_id, words=said), key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=disputed")


@get("/cases/{case_id:str}/dispute")
async def look_at_dispute(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The words of the customer, and the form of the answer."""
    work = await _load(door, desk, case_id)
    if work.open_dispute is None:
        return back_to(case_id, "dispute_answered")
    return _form(request, desk, work, {}) if work.barred_from_answering is None else _barred(work)


@post("/cases/{case_id:str}/dispute", status_code=303)
async def give_answer(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Answer. The form comes back where something is lacking or does not fit, with what was typed."""
    typed = await form_of(request, desk.token)
    work = await _load(door, desk, case_id)
    if work.open_dispute is None:
        return back_to(case_id, "dispute_answered")
    if work.barred_from_answering is not None:
        return _barred(work)
    labels, _ = tools(request, desk, work)
    if wrong := _lacking(labels, work, typed):
        return _form(request, desk, work, typed, wrong)
    try:
        await door.write(answer, desk.who, await _answer(door, desk, work, typed), key_of(typed))
    except Problem as problem:
        if problem.code in _ASKED_AGAIN:
            return _form(request, desk, work, typed, {_ASKED_AGAIN[problem.code]: labels.say(NOT_DONE[problem.code])})
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=dispute_answered")


def _barred(work: Work) -> Response[str]:
    return back_to(work.case.id, work.barred_from_answering or "wrong_state")


async def _load(door: Doorway, desk: Desk, case_id: str) -> Work:
    async with door.read(desk.who.merchant_id) as tx:
        return await load(tx, desk.who, case_id, door.clock())


def _lacking(labels: Labels, work: Work, typed: Mapping[str, str]) -> dict[str, str]:
    """What is not said yet: the id of the field, and what to do about it."""
    say, wrong = labels.say, {}
    outcome, reason = typed.get("outcome"), written(typed, "reason")
    if outcome not in Outcome.__members__:
        wrong["outcome.upheld"] = say(_LACKS["outcome"])
    if not reason:
        wrong["reason"] = say(_LACKS["reason"])
    elif long := too_long(say, reason):
        wrong["reason"] = long
    if outcome == Outcome.decided_anew and work.case.state in _OUT and not typed.get("further", "").strip():
        wrong["further"] = say(_LACKS["further"])
    return wrong


async def _answer(door: Doorway, desk: Desk, work: Work, typed: Mapping[str, str]) -> AnswerDispute:
    dispute, report = work.open_dispute, work.heard.report if work.heard else None
    assert dispute is not None, "it was looked for before"
    harms: tuple[Harm, ...] = ()
    lines: tuple[CostVerdict, ...] = ()
    further, outcome = None, Outcome(typed["outcome"])
    if outcome is Outcome.decided_anew and work.case.state in _OUT:
        async with door.read(desk.who.merchant_id) as tx:
            found = (await find(tx, typed["further"], 2)).items
        # A number that nobody has is refused by the act, like one of somebody else.
        further = found[0].id if len(found) == 1 else typed["further"].strip()[:64]
    elif outcome is Outcome.decided_anew and report is not None:
        graded = {harm.type: typed.get(f"harm.{harm.type}", "") for harm in report.harms}
        harms = tuple(Harm(code, Severity(now)) for code, now in graded.items() if now in Severity.__members__)
        lines = tuple(CostVerdict(at, f"line.{at}" in typed) for at in range(1, len(report.cost_lines) + 1))
    return AnswerDispute(
        case_id=work.case.id,
        dispute_id=dispute.dispute.id,
        outcome=outcome,
        reason=written(typed, "reason"),
        harms=harms,
        cost_lines=lines,
        further_case=further,
    )


def _words(request: StrictRequest, desk: Desk, work: Work, typed: str, *, wrong: str = "") -> Response[str]:
    return view(
        request,
        desk,
        "disagree.html",
        status=422 if wrong else 200,
        work=work,
        typed=typed,
        wrong=wrong,
        room="open",
    )


def _form(
    request: StrictRequest,
    desk: Desk,
    work: Work,
    typed: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
) -> Response[str]:
    labels, _ = tools(request, desk, work)
    report = work.heard.report if work.heard else None
    anew = report is not None and work.case.state in (CaseState.offered, CaseState.rejected)
    lines = report.cost_lines if report and anew else ()
    if not typed:
        typed = {f"line.{at}": "yes" for at, line in enumerate(lines, 1) if line.accepted}
    return view(
        request,
        desk,
        "dispute.html",
        status=422 if wrong else 200,
        work=work,
        labels=labels,
        one=next(one for one in seen(labels, work) if one.open),
        harms=[(harm.type, labels.harm(harm.type), harm.severity) for harm in report.harms] if report and anew else [],
        severities=[(each.value, labels.severity(each)) for each in Severity],
        lines=[
            (f"line.{at}", labels.cost(line.type), line.amount, ltr(line.reference) if line.reference else "")
            for at, line in enumerate(lines, 1)
        ],
        out=work.case.state in _OUT,
        may_anew=report is not None and work.case.state in (CaseState.offered, CaseState.rejected, *_OUT),
        tongue=labels.tongue(work.case.locale),
        typed=typed,
        wrong=wrong,
        room="open",
    )
