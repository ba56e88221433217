"""Editing the words of a letter before it is sent; the letter beside the form shows what they make of it."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.core.errors import Invalid, Problem
from compensation.delivery.edit import BEFORE, FIELDS, EditWords, edit_words
from compensation.delivery.words import word
from compensation.web.asked import Door
from compensation.web.console.case import tools
from compensation.web.console.message import preview
from compensation.web.console.session import AtDesk, Desk
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.written import too_long, written

_LONGEST = {"reason": 200, "done": 2000, "prevention": 2000, "note": 2000}


_UNFILLED = word("A word in braces here cannot be filled in; write it out")


@get("/cases/{case_id:str}/words")
async def look_at_words(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The words as they stand; empty where the shipped words are used."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    if work.case.state not in BEFORE or work.facts is None:
        return back_to(case_id, "wrong_state")
    edited = work.facts.occasion.edited
    return _form(request, desk, work, {name: getattr(edited, name) for name in FIELDS})


@post("/cases/{case_id:str}/words", status_code=303)
async def keep_words(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Keep them. The form comes back where a text is too long or a word cannot be filled in, with what was written."""
    typed = await form_of(request, desk.token)
    words = {name: written(typed, name) for name in FIELDS}
    if wrong := next((name for name in FIELDS if len(words[name]) > _LONGEST[name]), None):
        async with door.read(desk.who.merchant_id) as tx:
            work = await load(tx, desk.who, case_id, door.clock())
        return _form(request, desk, work, words, wrong=wrong)
    try:
        await door.write(edit_words, desk.who, EditWords(case_id=case_id, **words), key_of(typed))
    except Invalid as refusal:
        if refusal.code != "unknown_placeholder":
            return not_done(case_id, refusal)
        async with door.read(desk.who.merchant_id) as tx:
            work = await load(tx, desk.who, case_id, door.clock())
        return _form(request, desk, work, words, wrong=str(refusal.extra["pointer"])[1:])
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=words_edited")


def _form(
    request: StrictRequest, desk: Desk, work: Work, typed: Mapping[str, str], *, wrong: str | None = None
) -> Response[str]:
    labels, _ = tools(request, desk, work)
    say = labels.say
    return view(
        request,
        desk,
        "own_words.html",
        status=422 if wrong else 200,
        work=work,
        case=work.case,
        labels=labels,
        preview=preview(request.app.state.post, work),
        fields=(
            ("reason", say("What happened, in a few words"), 1),
            ("done", say("What we did about it"), 3),
            ("prevention", say("How it will not happen again"), 3),
            ("note", say("Your personal note"), 4),
        ),
        fault=(too_long(say, typed[wrong], _LONGEST[wrong]) or say(_UNFILLED)) if wrong else "",
        typed=typed,
        wrong=wrong,
        room="open",
    )
