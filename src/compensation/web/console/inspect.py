"""Inspecting the goods at the desk: the checklist of their category, the grade, and what becomes of them."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.inspection.inspect import Inspect, inspect
from compensation.cases.inspection.inspection import Disposition, ItemSeen
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.delivery.words import word
from compensation.engine.checklist import Checklist
from compensation.engine.inspection import Grade
from compensation.web.asked import Door
from compensation.web.console.case import tools
from compensation.web.console.evidence import files
from compensation.web.console.goods import checklist_of
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.written import too_long, written

_LACKS = {
    "item": word("Say whether this is well: {item}"),
    "grade": word("Choose a grade"),
    "disposition": word("Say what becomes of the goods"),
    "broken": word("Goods of grade D are sold to nobody: choose another use for them"),
}


@get("/cases/{case_id:str}/inspect")
async def look_at_goods(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The empty checklist."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    checklist = checklist_of(work)
    return back_to(case_id, "wrong_state") if checklist is None else _form(request, desk, work, checklist, {})


@post("/cases/{case_id:str}/inspect", status_code=303)
async def keep_inspection(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Keep what was found. The form comes back where something is not said, with what was ticked."""
    typed = await form_of(request, desk.token)
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    checklist = checklist_of(work)
    if checklist is None:
        return back_to(case_id, "wrong_state")
    labels, _ = tools(request, desk, work)
    if wrong := _lacking(labels, checklist, typed):
        return _form(request, desk, work, checklist, typed, wrong)
    what = Inspect(
        case_id=case_id,
        items=tuple(ItemSeen(item.code, typed[f"item.{item.code}"] == "yes") for item in checklist.items),
        missing=tuple(one.code for one in checklist.accessories if f"missing.{one.code}" in typed),
        grade=Grade(typed["grade"]),
        disposition=Disposition(typed["disposition"]),
        note=written(typed, "note"),
        evidence=tuple(piece.id for piece in work.evidence if f"file.{piece.id}" in typed),
    )
    try:
        await door.write(inspect, desk.who, what, key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=inspected")


def _lacking(labels: Labels, checklist: Checklist, typed: Mapping[str, str]) -> dict[str, str]:
    """What is not said yet: the id of the field, and what to do about it."""
    say = labels.say
    wrong = {
        f"item.{item.code}.yes": say(_LACKS["item"], item=labels.wording(item.label))
        for item in checklist.items
        if typed.get(f"item.{item.code}") not in ("yes", "no")
    }
    if typed.get("grade") not in Grade.__members__:
        wrong["grade.A"] = say(_LACKS["grade"])
    if typed.get("disposition") not in Disposition.__members__:
        wrong["disposition"] = say(_LACKS["disposition"])
    elif (typed.get("grade"), typed["disposition"]) == ("D", "restock"):
        wrong["disposition"] = say(_LACKS["broken"])
    if long := too_long(say, written(typed, "note")):
        wrong["note"] = long
    return wrong


def _form(
    request: StrictRequest,
    desk: Desk,
    work: Work,
    checklist: Checklist,
    typed: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
) -> Response[str]:
    labels, _ = tools(request, desk, work)
    book = library().inspection
    pieces = [(card, piece.id) for card, piece in zip(files(labels, work), work.evidence, strict=True)]
    return view(
        request,
        desk,
        "inspect.html",
        status=422 if wrong else 200,
        work=work,
        labels=labels,
        checklist=checklist,
        grades=book.grade,
        dispositions=book.disposition,
        pieces=pieces,
        typed=typed,
        wrong=wrong,
        room="open",
    )
