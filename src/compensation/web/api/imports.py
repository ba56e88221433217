"""Imports: a file of orders, checked as a whole, approved, issued in the background, with a result to download."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from compensation.imports.approve import ApproveImport, CancelImport, approve_import, cancel_import
from compensation.imports.batch import Format, Import, find, flaws, newest
from compensation.imports.line import FLAWS
from compensation.imports.result import Download, Shown, download
from compensation.imports.take import Taking, Upload
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key, Told
from compensation.web.problems import HttpRefusal
from compensation.web.request import StrictRequest
from compensation.web.spool import spooled

FORMATS: dict[str, Format] = {"text/csv": "csv", "application/json": "json", "application/x-ndjson": "json"}
MEDIA: dict[Format, str] = {"csv": "text/csv", "json": "application/json"}
_CSV = (
    "key,kind,amount,currency,program,customer\noutage-11-1,gift_card,25.00,EUR,,\noutage-11-2,gift_card,25.00,EUR,,\n"
)
_SUM = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {
        "amount": {"type": "integer", "minimum": 1},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "additionalProperties": False,
}
_LINE = {
    "type": "object",
    "required": ["key", "kind", "amount"],
    "properties": {
        "key": {"type": "string", "minLength": 1, "maxLength": 200},
        "kind": {"enum": ["gift_card", "store_credit", "points"]},
        "amount": _SUM,
        "bonus": _SUM,
        "points": {"type": "integer", "minimum": 1},
        "valid_months": {"type": "integer", "minimum": 1, "maximum": 120},
        "program": {"type": "string"},
        "customer": {"type": "string", "description": "Your own customer number, or our id."},
        "reference": {"type": "string", "maxLength": 200},
    },
    "additionalProperties": False,
}
_JSON = {
    "type": "array",
    "minItems": 1,
    "maxItems": 100_000,
    # A wrong line does not refuse the file: it is named with all others, and the file cannot be approved.
    "items": {"anyOf": [_LINE, {"description": "Anything else is taken, and named as a flaw of the file."}]},
}
_BODIES = {
    "text/csv": {"schema": {"type": "string"}, "example": _CSV},
    "application/json": {"schema": _JSON},
    "application/x-ndjson": {"schema": {"type": "string"}},
}


class Page(msgspec.Struct):
    """``next`` is the cursor of the page after this one; null on the last."""

    items: list[Import]
    next: str | None


class NamedFlaw(msgspec.Struct):
    """What is wrong with one cell and what to do. ``line`` counts as a spreadsheet does, the names of the columns being
    line 1; in JSON it is the place of the object, from 1."""

    line: int
    column: str
    code: str
    detail: str
    given: str


class Flaws(msgspec.Struct):
    items: list[NamedFlaw]
    next: int | None


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``lines`` is how many lines you have seen in the import that you approve."""

    lines: Annotated[int, Meta(ge=1, le=100_000)]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``show`` links, or codes and links, only where you need them: whoever has one can spend."""

    format: Format = "csv"
    show: Shown = "nothing"


@post("/", summary="Upload a file of orders", status_code=201, request_max_body_size=None, opt={"bodies": _BODIES})
async def create(
    request: StrictRequest,
    door: Door,
    who: Caller,
    key: Key,
    name: Annotated[str, QueryParameter(max_length=200, description="What people know the file by.")] = "",
) -> Response[Import]:
    """Up to 100,000 lines in up to 32 MB, as CSV, a JSON list, or a JSON object a line; UTF-8.

    Nothing is issued yet. Every line is checked: with `state` `checked` all are good, and `totals` and `needs` say what
    approving them issues; with `refused` none will be issued, and `/flaws` names every cell that is wrong. A CSV names
    its columns in the first line (`key`, `kind`, `amount`, `currency`, and if you need them `bonus`, `points`,
    `valid_months`, `program`, `customer`, `reference`) and writes amounts as `25.00`. The `key` of a line is yours, and
    is taken in once for ever, so that no line is issued twice.
    """
    form = FORMATS.get(request.content_type[0])
    if form is None:
        raise HttpRefusal(415, "unsupported_media_type", "Send text/csv, application/json or application/x-ndjson.")
    async with spooled(request) as found:
        written = await door.write(Taking(found.file).take, who, Upload(name, form, found.sha256), key)
    return answered(written, 201, Import)


@get("/", summary="Imports, newest first")
async def index(
    door: Door,
    who: Caller,
    cursor: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
) -> Page:
    async with door.read(who.merchant_id) as tx:
        found = await newest(tx, cursor, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@get("/{import_id:str}", summary="One import, and how far it is")
async def read(import_id: FromPath[str], door: Door, who: Caller) -> Import:
    """While it is being issued, `issued` of its `lines` are out. When all are, the event `import.issued` is told."""
    async with door.read(who.merchant_id) as tx:
        return await find(tx, import_id)


@get("/{import_id:str}/flaws", summary="Every cell that is wrong")
async def show_flaws(
    import_id: FromPath[str],
    door: Door,
    who: Caller,
    cursor: Annotated[int, QueryParameter(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> Flaws:
    """In the order of the lines, each with its column and what to do."""
    async with door.read(who.merchant_id) as tx:
        await find(tx, import_id)
        found = await flaws(tx, import_id, cursor, limit + 1)
    items = [NamedFlaw(one.line, one.column, one.code, FLAWS[one.code], one.given) for _, one in found[:limit]]
    return Flaws(items, found[limit - 1][0] if len(found) > limit else None)


@post("/{import_id:str}/approve", summary="Approve an import", status_code=200)
async def approve(
    import_id: FromPath[str], data: JSONBody[Approval], door: Door, who: Caller, key: Key
) -> Response[Import]:
    """What it takes is set aside from the budgets at once, and the lines are issued in the background."""
    what = ApproveImport(import_id, data.lines)
    return answered(await door.write(approve_import, who, what, key), 200, Import)


@post("/{import_id:str}/cancel", summary="Call an import off", status_code=200)
async def cancel(import_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Import]:
    """As long as its issuing has not begun. What was set aside goes back, and the keys of its lines are free again."""
    return answered(await door.write(cancel_import, who, CancelImport(import_id), key), 200, Import)


@post(
    "/{import_id:str}/result",
    summary="Download the result",
    status_code=200,
    opt={"gives": {"text/csv": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "array"}}}},
)
async def result(import_id: FromPath[str], data: JSONBody[Wanted], door: Door, who: Caller, settings: Told) -> Stream:
    """What became of every line. Who took it, and whether with links or codes, is written down; nothing is kept."""
    found = await download(door, who, Download(import_id, data.show), data.format, settings.base_url)
    return Stream(found, media_type=MEDIA[data.format], headers={"cache-control": "no-store"})


router = Router("/imports", route_handlers=[create, index, read, show_flaws, approve, cancel, result], tags=["Imports"])
