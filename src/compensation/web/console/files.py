"""Files of evidence at the desk: added by an agent, seen small, saved as they came."""

from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.evidence.add import Upload, receive
from compensation.cases.evidence.piece import EvidenceKind, content
from compensation.core.errors import Problem
from compensation.web.asked import Door, Store
from compensation.web.console.session import AtDesk
from compensation.web.console.view import back_to, key_of, not_done, see
from compensation.web.form import ours
from compensation.web.request import StrictRequest
from compensation.web.upload import FORM_BYTES, handed_out, sent_file


@post("/cases/{case_id:str}/evidence", status_code=303, request_max_body_size=FORM_BYTES)
async def add_file(
    request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk, store: Store
) -> Response[str]:
    """Keep a file that the customer handed over by another way."""
    try:
        sent = await sent_file(request)
    except Problem as problem:
        return not_done(case_id, problem)
    typed = ours(door.vault, desk.token, sent.fields)
    if sent.is_empty or typed.get("kind") not in EvidenceKind.__members__:
        return back_to(case_id, "file_needed")
    upload = Upload(case_id=case_id, kind=EvidenceKind(typed["kind"]), name=sent.name, content=sent.content)
    try:
        await receive(door, store, desk.who, upload, key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=evidence_added")


@get("/cases/{case_id:str}/evidence/{evidence_id:str}")
async def save_file(
    case_id: FromPath[str], evidence_id: FromPath[str], door: Door, desk: AtDesk, store: Store
) -> Response[bytes]:
    """The file as it came, to be saved."""
    return handed_out(*await content(door, store, desk.who.merchant_id, case_id, evidence_id))


@get("/cases/{case_id:str}/evidence/{evidence_id:str}/small")
async def small_picture(
    case_id: FromPath[str], evidence_id: FromPath[str], door: Door, desk: AtDesk, store: Store
) -> Response[bytes]:
    """The thumbnail: our own drawing of the picture, so that it may be shown."""
    _, drawn = await content(door, store, desk.who.merchant_id, case_id, evidence_id, small=True)
    return Response(drawn, media_type="image/jpeg")
