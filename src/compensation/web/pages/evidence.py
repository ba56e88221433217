"""The customer's own receipts and photos: a form behind his link, and the list of what we have of him."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from compensation.cases.case import CaseFile
from compensation.cases.evidence.add import OPEN, Upload, receive
from compensation.cases.evidence.piece import EvidenceKind, NamedEvidence, evidence_of
from compensation.core.errors import Invalid, Problem, Refused
from compensation.core.text import moment
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.facts import Facts
from compensation.delivery.links import Opened
from compensation.web.asked import Counted, Door, Store
from compensation.web.form import ours
from compensation.web.limits import UPLOADS
from compensation.web.page import csrf_field, page
from compensation.web.pages.link import of_case, opened, tongues
from compensation.web.pages.status import in_language
from compensation.web.problems import HttpRefusal
from compensation.web.request import StrictRequest
from compensation.web.upload import FORM_BYTES, KINDS, OTHERWISE, WRONG, Sent, sent_file

_PATHS = ["/o/{token:str}/evidence", "/t/{token:str}/evidence"]


@get(_PATHS)
async def files(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """What we have, and the form to add to it. Opening it writes nothing."""
    link = await opened(request, door, limits, of_case(request), token)
    facts, pieces = await _read(request, door, link)
    return _page(request, facts, pieces, token)


@post(_PATHS, status_code=303, request_max_body_size=FORM_BYTES)
async def send_file(
    request: StrictRequest, token: FromPath[str], door: Door, limits: Counted, store: Store
) -> Response[str]:
    """Take one file. The form comes back when it cannot be taken, and says why."""
    link = await opened(request, door, limits, of_case(request), token)
    await limits.count(UPLOADS, link.id)
    facts, pieces = await _read(request, door, link)
    assert facts.case is not None, "an offers or status link leads to a case"
    try:
        sent = await sent_file(request)
        typed = ours(door.vault, token, sent.fields)
        who = Who(link.merchant_id, facts.case.customer_id)
        await receive(door, store, who, _upload(facts.case, sent, typed))
    except (Invalid, Refused, HttpRefusal) as problem:
        return _page(request, facts, pieces, token, problem)
    return Redirect(f"{request.url.path}?lang={facts.occasion.locale[:2]}&done=1", status_code=303)


def _upload(case: CaseFile, sent: Sent, typed: Mapping[str, str]) -> Upload:
    if sent.is_empty:
        raise Invalid("file_needed", "Nobody picked a file.")
    shows = typed.get("kind", "")
    kind = EvidenceKind(shows) if shows in EvidenceKind.__members__ else EvidenceKind.other
    return Upload(case_id=case.id, kind=kind, name=sent.name, content=sent.content)


async def _read(request: StrictRequest, door: Doorway, link: Opened) -> tuple[Facts, list[NamedEvidence]]:
    async with door.read(link.merchant_id) as tx:
        return await in_language(request, tx, link.subject_id, door.clock()), await evidence_of(tx, link.subject_id)


def _page(
    request: StrictRequest, facts: Facts, pieces: list[NamedEvidence], token: str, wrong: Problem | None = None
) -> Response[str]:
    assert facts.case is not None, "an offers or status link leads to a case"
    state: State = request.app.state
    say = state.post.writer.words.in_(facts.occasion.locale)
    return page(
        state,
        "pages/evidence.html",
        status=422 if wrong else 200,
        locale=facts.occasion.locale,
        brand=facts.occasion.brand,
        tongues=tongues(request.url.path),
        csrf=csrf_field(state.door.vault, token),
        kinds=[(code, say(text)) for code, text in KINDS.items()],
        files=[(say(KINDS[piece.kind]), piece.name or "", moment(piece.at, facts.occasion.locale)) for piece in pieces],
        case_number=facts.occasion.case_number,
        takes=facts.case.state in OPEN,
        wrong=say(WRONG.get(wrong.code, OTHERWISE)) if wrong else None,
        done=bool(pieces) and request.query_params.get("done") == "1",
        back=f"{request.url.path.removesuffix('/evidence')}?lang={say.locale[:2]}",
    )
