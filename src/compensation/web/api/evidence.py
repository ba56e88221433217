"""Evidence of a case: receipts, photos, papers; sent as a form with one file, handed out as inert downloads."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from compensation.cases.evidence.add import Upload, receive
from compensation.cases.evidence.piece import Evidence, EvidenceKind, NamedEvidence, content, evidence_of
from compensation.core.errors import Invalid
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key, Store
from compensation.web.request import StrictRequest
from compensation.web.upload import FORM_BYTES, handed_out, sent_file

FORM = {
    "type": "object",
    "properties": {
        "kind": {
            "type": "string",
            "enum": [kind.value for kind in EvidenceKind],
            "default": "other",
            "description": "What it shows. A policy may ask for some kinds before a case is granted.",
        },
        "file": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "description": "JPEG, PNG, WebP or PDF, told by its content; at most 10 MB.",
        },
    },
    "required": ["file"],
    "additionalProperties": False,
}


class EvidenceList(msgspec.Struct, frozen=True):
    items: list[NamedEvidence]


@post("/", summary="Add evidence to a case", status_code=201, request_max_body_size=FORM_BYTES, opt={"form": FORM})
async def create(
    request: StrictRequest, case_id: FromPath[str], door: Door, who: Caller, key: Key, store: Store
) -> Response[Evidence]:
    """A form (`multipart/form-data`) with one `file` and its `kind`. The same file twice is one piece of evidence.

    A case takes 20 pieces, until it has ended. Files lie sealed under the customer's own key.
    """
    sent = await sent_file(request)
    kind = sent.fields.get("kind", EvidenceKind.other.value)
    if kind not in EvidenceKind.__members__:
        allowed = list(EvidenceKind.__members__)
        raise Invalid("unknown_evidence_kind", f"kind is one of {', '.join(allowed)}.", allowed=allowed)
    upload = Upload(case_id=case_id, kind=EvidenceKind(kind), name=sent.name, content=sent.content)
    return answered(await receive(door, store, who, upload, key), 201, Evidence)


@get("/", summary="The evidence of a case")
async def index(case_id: FromPath[str], door: Door, who: Caller) -> EvidenceList:
    """Oldest first. `name` is null once the customer was erased; the files cannot be read then."""
    async with door.read(who.merchant_id) as tx:
        return EvidenceList(await evidence_of(tx, case_id))


@get("/{evidence_id:str}/file", summary="The file of a piece of evidence", opt={"download": True})
async def read_file(
    case_id: FromPath[str], evidence_id: FromPath[str], door: Door, who: Caller, store: Store
) -> Response[bytes]:
    """As it came, to be saved: it is sent so that no browser opens it."""
    return handed_out(*await content(door, store, who.merchant_id, case_id, evidence_id))


router = Router("/cases/{case_id:str}/evidence", route_handlers=[create, index, read_file], tags=["Cases"])
