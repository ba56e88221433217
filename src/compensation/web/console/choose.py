"""Choosing an offer: first the second look, which says what will be issued and for how much; then the act."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.approve import Approve, approve
from compensation.cases.budget import drawn
from compensation.cases.case import Case
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven, sentence
from compensation.cases.override import Override, Why
from compensation.core.errors import Problem
from compensation.core.states import CaseState
from compensation.core.text import clean, line
from compensation.delivery.words import word
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Offer, Part
from compensation.web.asked import Door
from compensation.web.console.case import case_page, tools
from compensation.web.console.message import preview
from compensation.web.console.offers import lines, notes
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.verdict import authority
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load, second_person
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.upload import KINDS
from compensation.web.written import MOST, too_long, written

WAYS: dict[str, str] = {
    "phone": word("By telephone"),
    "email": word("By e-mail"),
    "chat": word("In a chat"),
    "person": word("In person"),
    "signed": word("By signing it"),
}
"""How a customer may have agreed. It is kept, with where it is found, beside the sentence itself."""

WHYS: dict[Why, str] = {
    "customer_wish": word("The customer asked for it"),
    "harm_weighs_more": word("The harm weighs more than the rules see"),
    "keeps_customer": word("It keeps a customer we would lose"),
    "not_available": word("What the first offer gives is not to be had"),
    "other": word("Another reason, in my own words"),
}
"""Why an agent takes another offer than the first."""

MISSING = {
    "why": word("Say why you take another offer than the first"),
    "words": word("Write the reason in your own words"),
    "agreed": word("Tick the box once the customer has agreed, or choose another offer"),
    "way": word("Say how the customer agreed"),
    "signed": word("The law asks for a signature here: choose “By signing it”"),
    "found": word("Say where the agreement is found"),
}


@get("/cases/{case_id:str}/choose")
async def look(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """What choosing this offer will do. With no offer named, the case again, saying that one must be picked."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
        offer = work.offer(request.query_params.get("offer"))
        second = None if offer is None else await second_person(tx, desk.who, work, offer, door.clock())
    if work.case.state is not CaseState.offered:
        return back_to(work.case.id, "wrong_state")
    if offer is None:
        return case_page(request, desk, work, wrong="none_chosen")
    if second == "own_case":
        return back_to(work.case.id, second)
    return _look(request, desk, work, offer, second)


@post("/cases/{case_id:str}/choose", status_code=303)
async def take(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Choose. The look comes back when the customer's agreement is asked for and not recorded."""
    typed = await form_of(request, desk.token)
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
        offer = work.offer(typed.get("offer"))
        second = None if offer is None else await second_person(tx, desk.who, work, offer, door.clock())
    if offer is None:
        return back_to(case_id, "unknown_offer")
    wrong = _lacks(offer, typed) | _unexplained(offer, work, typed)
    if wrong:
        return _look(request, desk, work, offer, second, typed, wrong)
    what = Choose(
        case_id=case_id,
        offer=offer.key,
        consent=_consent(offer, work, typed),
        override=_override(offer, work, typed),
        without_documents=typed.get("without") == "yes",
    )
    try:
        moved = (await door.write(choose, desk.who, what, key_of(typed))).read(Case)
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done={'chosen' if moved.state is CaseState.accepted else 'proposed'}")


@get("/cases/{case_id:str}/approve")
async def look_again(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """What approving the proposal will do."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    if work.case.state is not CaseState.needs_approval or work.chosen is None:
        return back_to(case_id, "wrong_state")
    if work.barred_from_approving:
        return back_to(case_id, work.barred_from_approving)
    return _look(request, desk, work, work.chosen, None)


@post("/cases/{case_id:str}/approve", status_code=303)
async def grant(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Approve, as the second person."""
    typed = await form_of(request, desk.token)
    reason = written(typed, "reason")
    if too_long(words(request, desk.locale), reason):
        async with door.read(desk.who.merchant_id) as tx:
            work = await load(tx, desk.who, case_id, door.clock())
        if work.chosen is None:
            return back_to(case_id, "wrong_state")
        return _look(request, desk, work, work.chosen, None, typed, {"reason": "long"})
    try:
        await door.write(approve, desk.who, Approve(case_id=case_id, reason=reason), key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=approved")


def _look(
    request: StrictRequest,
    desk: Desk,
    work: Work,
    offer: Offer,
    second: str | None,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response[str]:
    labels, explain = tools(request, desk, work)
    approving = work.case.state is CaseState.needs_approval
    currency = offer.value.currency
    takes = drawn(offer.lines, currency)
    over = approving and any(one.over_budget for one in work.verdicts if one.verdict is None)
    left = work.budget_left(currency)
    return view(
        request,
        desk,
        "look.html",
        status=422 if wrong else 200,
        work=work,
        case=work.case,
        labels=labels,
        offer=offer,
        name=labels.wording(offer.label),
        lines=lines(labels, work, offer),
        takes=takes,
        # What is proposed was set aside when it was: approving it takes nothing more.
        left=left if approving else left - takes,
        covered=not over and (approving or takes.amount <= left.amount),
        over=over,
        escalates=work.program.on_empty == "escalate",
        notes=notes(explain, offer),
        sentence=None if approving else sentence(offer, work.case.locale),
        own_sentence=None if approving else sentence(offer, desk.locale),
        signed=offer.consent is not None and offer.consent.form is ConsentForm.signed,
        ways={code: labels.say(text) for code, text in WAYS.items()},
        typed=typed or {},
        wrong={
            field: too_long(labels.say, written(typed or {}, field)) if text == "long" else labels.say(MISSING[text])
            for field, text in (wrong or {}).items()
        },
        preview=preview(request.app.state.post, work, offer.key),
        second=second,
        papers=[] if approving else [labels.say(KINDS[kind]) for kind in work.papers_left(offer)],
        owes=any(line.part is Part.owed for line in offer.lines),
        whys={} if approving or not _is_override(offer, work) else {c: labels.say(text) for c, text in WHYS.items()},
        limit=authority(desk.agent, currency),
        approving=approving,
        act=f"/console/cases/{work.case.id}/{'approve' if approving else 'choose'}",
        room="needs_approval" if approving else "open",
    )


def _lacks(offer: Offer, typed: Mapping[str, str]) -> dict[str, str]:
    """What the record of the customer's agreement still lacks: the field, and the word for it."""
    if offer.consent is None:
        return {}
    wrong = {}
    if typed.get("agreed") != "yes":
        wrong["agreed"] = "agreed"
    way = typed.get("way", "")
    if way not in WAYS:
        wrong["way"] = "way"
    elif offer.consent.form is ConsentForm.signed and way != "signed":
        wrong["way"] = "signed"
    if not line(typed.get("found", "")):
        wrong["found"] = "found"
    return wrong


def _consent(offer: Offer, work: Work, typed: Mapping[str, str]) -> ConsentGiven | None:
    """The sentence in the customer's own language, and how and where he agreed to it."""
    spoken = sentence(offer, work.case.locale)
    if spoken is None:
        return None
    return ConsentGiven(sentence=clean(spoken), agreement=line(f"{typed['way']}: {typed['found']}")[:200])


def _is_override(offer: Offer, work: Work) -> bool:
    """What the customer consents to is his own choice, and needs no reason of ours."""
    return offer.consent is None and offer.key != work.case.offers[0].key


def _unexplained(offer: Offer, work: Work, typed: Mapping[str, str]) -> dict[str, str]:
    if not _is_override(offer, work):
        return {}
    if typed.get("why") not in WHYS:
        return {"why": "why"}
    if len(written(typed, "words")) > MOST:
        return {"words": "long"}
    return {"words": "words"} if typed["why"] == "other" and not line(typed.get("words", "")) else {}


def _override(offer: Offer, work: Work, typed: Mapping[str, str]) -> Override | None:
    why = next((code for code in WHYS if code == typed.get("why")), None)
    if why is None or not _is_override(offer, work):
        return None
    return Override(reason=why, words=written(typed, "words"))
