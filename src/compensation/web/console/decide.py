"""The acts that issue nothing: reject, send back, call off, close, and mark a task as done."""

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.approve import Decline, reject, send_back
from compensation.cases.budget import drawn
from compensation.cases.close import Cancel, Close, cancel, close
from compensation.core.errors import NotFound, Problem
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.core.text import isolate, ltr, money
from compensation.delivery.words import word
from compensation.issuance.read import reward
from compensation.issuance.task import Done, mark_done
from compensation.web.asked import Door
from compensation.web.console.case import tools
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.written import reason_lacks, written


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """An act that needs a reason: what is asked, what becomes of the case, the button, and what it is once done."""

    heading: str
    effect: str
    button: str
    done: str
    states: tuple[CaseState, ...]


ENDINGS = {
    "reject": Ending(
        heading=word("Reject the case of {name}"),
        effect=word("The case ends without a remedy. What was set aside goes back to the budget."),
        button=word("Reject the case"),
        done="rejected",
        states=(CaseState.needs_approval,),
    ),
    "send-back": Ending(
        heading=word("Send back the proposal for {name}"),
        effect=word("The case waits for another choice. What was set aside goes back to the budget."),
        button=word("Send back the proposal"),
        done="sent_back",
        states=(CaseState.needs_approval,),
    ),
    "cancel": Ending(
        heading=word("Call off the case of {name}"),
        effect=word(
            "The case ends without a remedy, as when it was reported by mistake. The customer’s rights remain."
        ),
        button=word("Call off the case"),
        done="cancelled",
        states=(CaseState.offered, CaseState.needs_approval, CaseState.accepted),
    ),
}


@get(["/cases/{case_id:str}/reject", "/cases/{case_id:str}/send-back", "/cases/{case_id:str}/cancel"])
async def ask(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The reason is asked for: the harmful buttons ask once more."""
    name, work = await _asked(request, case_id, door, desk)
    if work.case.state not in ENDINGS[name].states:
        return back_to(case_id, "wrong_state")
    if name != "cancel" and work.barred_from_declining:
        return back_to(case_id, work.barred_from_declining)
    return _form(request, desk, work, name)


@post(["/cases/{case_id:str}/reject", "/cases/{case_id:str}/send-back", "/cases/{case_id:str}/cancel"], status_code=303)
async def end(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Do it, for the reason given."""
    typed = await form_of(request, desk.token)
    name, work = await _asked(request, case_id, door, desk)
    reason = written(typed, "reason")
    if lacks := reason_lacks(words(request, desk.locale), reason):
        return _form(request, desk, work, name, typed=reason, wrong=lacks)
    key = key_of(typed)
    try:
        if name == "reject":
            await door.write(reject, desk.who, Decline(case_id=case_id, reason=reason), key)
        elif name == "send-back":
            await door.write(send_back, desk.who, Decline(case_id=case_id, reason=reason), key)
        else:
            await door.write(cancel, desk.who, Cancel(case_id=case_id, reason=reason), key)
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done={ENDINGS[name].done}")


@post("/cases/{case_id:str}/close", status_code=303)
async def close_case(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Close an issued case."""
    typed = await form_of(request, desk.token)
    try:
        await door.write(close, desk.who, Close(case_id=case_id), key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=closed")


@post("/cases/{case_id:str}/done/{reward_id:str}", status_code=303)
async def task_done(
    request: StrictRequest, case_id: FromPath[str], reward_id: FromPath[str], door: Door, desk: AtDesk
) -> Response[str]:
    """Mark a task of this case as done."""
    typed = await form_of(request, desk.token)
    async with door.read(desk.who.merchant_id) as tx:
        found = await reward(tx, reward_id)
    if found is None or found.case_id != case_id:
        raise NotFound("unknown_reward", "There is no such reward in this case.")
    try:
        await door.write(mark_done, desk.who, Done(reward_id), key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=task")


async def _asked(request: StrictRequest, case_id: str, door: Door, desk: Desk) -> tuple[str, Work]:
    """Which of the three the address names, and the case."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    return request.url.path.rpartition("/")[2], work


def _given_up(labels: Labels, work: Work) -> list[tuple[str, str]]:
    """What was chosen and will not be issued, and what goes back to the budget: rows of marked texts."""
    offer = work.chosen
    assert offer is not None, "nothing was chosen"
    say, currency = labels.say, offer.value.currency
    back = Money(0, currency) if any(one.over_budget for one in work.verdicts if not one.verdict) else None
    return [
        (say("Chosen, and not issued"), labels.wording(offer.label)),
        (say("Value to the customer"), money(offer.value, say.locale)),
        (say("Goes back to the budget"), money(back or drawn(offer.lines, currency), say.locale)),
        (say("Owed by law, and still open"), money(work.case.owed, say.locale)),
    ]


def _form(
    request: StrictRequest, desk: Desk, work: Work, name: str, *, typed: str = "", wrong: str = ""
) -> Response[str]:
    labels, _ = tools(request, desk, work)
    say, ending = labels.say, ENDINGS[name]
    return view(
        request,
        desk,
        "reason.html",
        status=422 if wrong else 200,
        work=work,
        heading=say(ending.heading, name=isolate(work.name) if work.name else ltr(work.number)),
        effect=say(ending.effect),
        given_up=_given_up(labels, work) if name == "cancel" and work.chosen is not None else [],
        button=say(ending.button),
        typed=typed,
        wrong=wrong,
        act=f"/console/cases/{work.case.id}/{name}",
        room="needs_approval" if name != "cancel" else "open",
    )
