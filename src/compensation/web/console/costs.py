"""Deciding on the costs that a customer claims: which are accepted, and why; the case is then assessed anew."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.reassess import CostVerdict, Reassess, reassess
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.core.text import ltr
from compensation.web.asked import Door
from compensation.web.console.case import tools
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.written import reason_lacks, written


@get("/cases/{case_id:str}/costs")
async def look_at_costs(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The cost lines as they are judged now."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    if work.case.state is not CaseState.offered or work.heard is None:
        return back_to(case_id, "wrong_state")
    now = {f"line.{at}": "yes" for at, line in enumerate(work.heard.report.cost_lines, 1) if line.accepted}
    return _form(request, desk, work, now)


@post("/cases/{case_id:str}/costs", status_code=303)
async def judge_costs(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Assess the case anew. The form comes back where the reason is missing, with what was ticked."""
    typed = await form_of(request, desk.token)
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    if work.case.state is not CaseState.offered or work.heard is None:
        return back_to(case_id, "wrong_state")
    reason = written(typed, "reason")
    if lacks := reason_lacks(words(request, desk.locale), reason):
        return _form(request, desk, work, typed, wrong=lacks)
    lines = range(1, len(work.heard.report.cost_lines) + 1)
    verdicts = tuple(CostVerdict(line, f"line.{line}" in typed) for line in lines)
    what = Reassess(case_id=case_id, cost_lines=verdicts, reason=reason)
    try:
        await door.write(reassess, desk.who, what, key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=reassessed")


def _form(
    request: StrictRequest, desk: Desk, work: Work, typed: Mapping[str, str], *, wrong: str = ""
) -> Response[str]:
    assert work.heard is not None, "who was erased claims nothing any more"
    labels, _ = tools(request, desk, work)
    lines = [
        (f"line.{at}", labels.cost(line.type), line.amount, ltr(line.reference) if line.reference else "")
        for at, line in enumerate(work.heard.report.cost_lines, 1)
    ]
    return view(
        request,
        desk,
        "costs.html",
        status=422 if wrong else 200,
        work=work,
        lines=lines,
        typed=typed,
        wrong=wrong,
        room="open",
    )
