"""Files of orders at the desk: upload, what it would issue, approve after a second look, progress, download."""

import asyncio
import hashlib
from typing import Annotated, BinaryIO, cast
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from compensation.core.errors import Invalid, Problem, TooMany, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.states import ImportState
from compensation.core.text import isolate, listed, money
from compensation.imports.approve import ApproveImport, CancelImport, approve_import, bars, cancel_import
from compensation.imports.batch import Import, find, flaws, newest
from compensation.imports.result import Download, download, may_see_links
from compensation.imports.take import Taking, Upload
from compensation.merchants.agent import agents
from compensation.merchants.merchant import programs
from compensation.web.asked import Door
from compensation.web.console.import_view import KINDS, NOT_DONE, REFUSED, STATES, Seen
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.times import when
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest
from compensation.web.spool import MOST_BYTES

FORM_BYTES = MOST_BYTES + 64 * 1024
_SHOWN = 25
_FLAWS = 100
_PATIENCE = 300.0
"""Seconds in which the form must have arrived."""


@get("/imports")
async def files(
    request: StrictRequest,
    door: Door,
    desk: AtDesk,
    cursor: Annotated[str | None, QueryParameter(max_length=64)] = None,
) -> Response[str]:
    """The files, newest first, and the form to upload one."""
    return await _files(request, door, desk, cursor)


@post("/imports", status_code=303, request_max_body_size=FORM_BYTES)
async def upload(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """Take a file in. One that cannot be read at all is told of beside the field."""
    try:
        async with asyncio.timeout(_PATIENCE):
            typed = await form_of(request, desk.token)
    except TimeoutError:
        raise HTTPException(status_code=408) from None
    except HTTPException as error:
        if error.status_code != 413:
            raise
        return await _files(request, door, desk, None, "file_too_large")
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _files(request, door, desk, None, "none")
    digest = await asyncio.to_thread(hashlib.file_digest, file.file, "sha256")
    what = Upload(
        name=file.filename,
        format="json" if file.filename.lower().endswith((".json", ".ndjson", ".jsonl")) else "csv",
        sha256=digest.hexdigest(),
    )
    try:
        taken = (await door.write(Taking(cast(BinaryIO, file.file)).take, desk.who, what, key_of(typed))).read(Import)
    except Invalid as problem:
        return await _files(request, door, desk, None, problem.code, problem)
    finally:
        await file.close()
    return see(f"/console/imports/{taken.id}")


@get("/imports/{import_id:str}")
async def one(request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Where a file stands: its flaws, what it would issue, how far it is, or what came of it."""
    seen = await _see(request, import_id, door, desk)
    return view(
        request, desk, "import.html", seen=seen, happened=("import_approved", "import_cancelled"), room="imports"
    )


@get("/imports/{import_id:str}/progress")
async def progress(request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The part of the page that moves, for a page with script. Once nothing moves any more, the page loads again."""
    seen = await _see(request, import_id, door, desk)
    answer = view(request, desk, "import_progress.html", seen=seen)
    if not seen.moving:
        answer.headers["hx-refresh"] = "true"
    return answer


@get("/imports/{import_id:str}/approve")
async def look_at_file(request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The second look: what approving issues, and from which budgets."""
    seen = await _see(request, import_id, door, desk)
    if seen.found.state is not ImportState.checked:
        return _back(import_id, "wrong_state")
    if seen.barred is not None:
        return see(f"/console/imports/{import_id}")
    return view(request, desk, "import_look.html", seen=seen, room="imports")


@post("/imports/{import_id:str}/approve", status_code=303)
async def grant_file(request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Approve exactly what the second look showed."""
    typed = await form_of(request, desk.token)
    lines = typed.get("lines", "")
    what = ApproveImport(import_id, int(lines) if lines.isdecimal() and len(lines) < 7 else 0)
    try:
        await door.write(approve_import, desk.who, what, key_of(typed))
    except (TooMany, Unavailable):
        raise
    except Problem as problem:
        return _back(import_id, problem.code)
    return see(f"/console/imports/{import_id}?done=import_approved")


@post("/imports/{import_id:str}/cancel", status_code=303)
async def call_off(request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """As long as the worker has not begun."""
    typed = await form_of(request, desk.token)
    try:
        await door.write(cancel_import, desk.who, CancelImport(import_id), key_of(typed))
    except (TooMany, Unavailable):
        raise
    except Problem as problem:
        return _back(import_id, problem.code)
    return see(f"/console/imports/{import_id}?done=import_cancelled")


@post("/imports/{import_id:str}/result", status_code=200)
async def save_result(
    request: StrictRequest, import_id: FromPath[str], door: Door, desk: AtDesk
) -> Stream | Response[str]:
    """The result as CSV; with links for whom may see them. Codes are never shown here."""
    typed = await form_of(request, desk.token)
    settings: Settings = request.app.state.settings
    what = Download(import_id, "links" if "links" in typed else "nothing")
    try:
        found = await download(door, desk.who, what, "csv", settings.base_url)
    except (TooMany, Unavailable):
        raise
    except Problem as problem:
        return _back(import_id, problem.code)
    return Stream(
        found, media_type="text/csv", headers={"content-disposition": f'attachment; filename="{import_id}.csv"'}
    )


async def _files(
    request: StrictRequest,
    door: Door,
    desk: Desk,
    cursor: str | None,
    refused: str | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    say = words(request, desk.locale)
    async with door.read(desk.who.merchant_id) as tx:
        found = await newest(tx, cursor, _SHOWN + 1)
    facts = {name: isolate(str(value)) for name, value in (problem.extra if problem else {}).items()}
    wrong = {"file": say(REFUSED.get(refused, REFUSED["otherwise"]), **facts)} if refused else {}
    more = "/console/imports?" + urlencode({"cursor": found[_SHOWN - 1].id}) if len(found) > _SHOWN else None
    rows = [
        (each, STATES[each.state].look, say(STATES[each.state].label), when(say, each.created_at, door.clock()))
        for each in found[:_SHOWN]
    ]
    return view(
        request, desk, "imports.html", status=422 if wrong else 200, rows=rows, wrong=wrong, more=more, room="imports"
    )


async def _see(request: StrictRequest, import_id: str, door: Door, desk: Desk) -> Seen:
    say = words(request, desk.locale)
    now, barred = door.clock(), None
    async with door.read(desk.who.merchant_id) as tx:
        found = await find(tx, import_id)
        people = await agents(tx, [desk.who.actor, found.created_by, found.approved_by or ""])
        if found.state is ImportState.checked:
            barred, _ = await bars(tx, people[desk.who.actor], found, now)
        wrong = await flaws(tx, import_id, 0, _FLAWS) if found.flaws else []
        links = await may_see_links(tx, desk.who)
        named = {one.id: one.name for one in await programs(tx)}
    labels = Labels(say, request.app.state.post.writer.reasons)
    badge, refused = STATES[found.state], request.query_params.get("no", "")
    return Seen(
        found=found,
        badge=(badge.look, say(badge.label)),
        flaws=[(flaw, say(flaw.cure)) for _, flaw in wrong],
        counted=say.many(
            "{n} cell is wrong, so nothing will be issued",
            "{n} cells are wrong, so nothing will be issued",
            found.flaws,
        )
        if found.flaws
        else say.many("{n} line will be issued.", "{n} lines will be issued.", found.lines),
        programs=named,
        kinds={code: say(text) for code, text in KINDS.items()},
        maker=labels.actor(found.created_by, people, ""),
        checker=labels.actor(found.approved_by, people, "") if found.approved_by else "",
        uploaded=when(say, found.created_at, now),
        approved=when(say, found.approved_at, now) if found.approved_at else "",
        worth=listed([money(Money(amount, code), desk.locale) for code, amount in found.values.items()], desk.locale),
        barred=say(NOT_DONE[barred]) if barred else None,
        refused=say(NOT_DONE.get(refused, NOT_DONE["otherwise"])) if refused else None,
        links=links,
    )


def _back(import_id: str, code: str) -> Response[str]:
    return see(f"/console/imports/{import_id}?{urlencode({'no': code})}")
