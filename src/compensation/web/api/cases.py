"""Cases: report a harm, read what was found and offered, choose, and let a second person decide."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, Parameter

from compensation.cases.approve import Approve, Assent, Because, Decline, approve, reject, send_back
from compensation.cases.case import Case, CaseFile, Event, case_file, events, offers, receipt
from compensation.cases.choose import Choice, Choose, choose
from compensation.cases.close import Cancel, Close, cancel, close
from compensation.cases.papers import Paper, stands_before
from compensation.cases.queue import MOST, Page, View, find, queue
from compensation.cases.reassess import Change, Reassess, reassess
from compensation.cases.report import ReportCase, report
from compensation.cases.risk.review import Judge, Judgement, Review, judge, reviews
from compensation.cases.risk.signals import Score, score
from compensation.cases.witness import Approval, ConsentOnRecord, approvals, consents
from compensation.engine.plan import Offer
from compensation.issuance.read import rewards_of_case
from compensation.issuance.reward import Reward
from compensation.web.answer import answered
from compensation.web.asked import Busy, Caller, Door, Key

EXAMPLE = {
    "harms": [{"type": "financial.direct_financial_loss", "severity": "critical"}],
    "country": "DE",
    "locale": "en",
    "reason_code": "prepayment_not_returned",
    "order": {"number": "SN-39107", "amount": {"amount": 54000, "currency": "EUR"}},
    "facts": {"prepaid_unreturned": True, "cancelled_by_merchant": True},
    "words": "You cancelled the workshop in May and kept my prepayment.",
    "customer": {"reference": "C-20417", "name": "Hannah Weber", "email": "hannah@weber.example"},
}


class OfferList(msgspec.Struct, frozen=True):
    items: list[Offer]


class RewardList(msgspec.Struct, frozen=True):
    items: list[Reward]


class ApprovalList(msgspec.Struct, frozen=True):
    items: list[Approval]


class Signals(msgspec.Struct, frozen=True):
    """``now`` is what would be scored at this moment; ``reviews`` what was scored and judged before."""

    now: Score
    reviews: list[Review]


class ConsentList(msgspec.Struct, frozen=True):
    items: list[ConsentOnRecord]


class PaperList(msgspec.Struct, frozen=True):
    """``inspection_needed``: the policy wants the goods inspected before anything of the merchant's own goes out."""

    items: tuple[Paper, ...]
    inspection_needed: bool


class EventList(msgspec.Struct, frozen=True):
    items: list[Event]


@post("/", summary="Report a harm", status_code=201, opt={"example": EXAMPLE})
async def create(data: JSONBody[ReportCase], asked: Busy) -> Response[CaseFile]:
    """Opens a case: assessed, decided, with its offers, the lawful one first, and a signed receipt.

    With `ask_customer` the customer is sent the offers, to choose by himself.
    """
    return answered(await asked.together(report, data), 201, CaseFile)


@get("/", summary="Cases, the most urgent first")
async def index(
    door: Door,
    who: Caller,
    view: Annotated[View, Parameter(description="Which cases.")] = "all",
    q: Annotated[
        str | None,
        Parameter(
            max_length=200,
            description="Find by the id or number of the case, an order number, a customer's name, e-mail address or "
            "id, or the last four of a code. A search has one page, the newest first.",
        ),
    ] = None,
    cursor: Annotated[str | None, Parameter(max_length=200)] = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST)] = 50,
) -> Page:
    async with door.read(who.merchant_id) as tx:
        if q is not None:
            return await find(tx, q, limit)
        return await queue(tx, view, who.actor, door.clock(), cursor, limit)


@get("/{case_id:str}", summary="One case, with what was found and offered")
async def read(case_id: FromPath[str], door: Door, who: Caller) -> CaseFile:
    async with door.read(who.merchant_id) as tx:
        return await case_file(tx, case_id)


@get("/{case_id:str}/offers", summary="The offers of a case")
async def read_offers(case_id: FromPath[str], door: Door, who: Caller) -> OfferList:
    async with door.read(who.merchant_id) as tx:
        return OfferList(await offers(tx, case_id))


@get("/{case_id:str}/rewards", summary="What was issued for a case")
async def read_rewards(case_id: FromPath[str], door: Door, who: Caller) -> RewardList:
    async with door.read(who.merchant_id) as tx:
        await offers(tx, case_id)
        return RewardList(await rewards_of_case(tx, case_id))


@get("/{case_id:str}/events", summary="The history of a case")
async def read_events(case_id: FromPath[str], door: Door, who: Caller) -> EventList:
    async with door.read(who.merchant_id) as tx:
        return EventList(await events(tx, case_id))


@get("/{case_id:str}/approvals", summary="Who was asked to approve, and what he said")
async def read_approvals(case_id: FromPath[str], door: Door, who: Caller) -> ApprovalList:
    async with door.read(who.merchant_id) as tx:
        return ApprovalList(await approvals(tx, case_id))


@get("/{case_id:str}/consents", summary="What the customer agreed to")
async def read_consents(case_id: FromPath[str], door: Door, who: Caller) -> ConsentList:
    async with door.read(who.merchant_id) as tx:
        return ConsentList(await consents(tx, case_id))


@get("/{case_id:str}/documents", summary="The papers that are asked for in a case")
async def read_documents(case_id: FromPath[str], door: Door, who: Caller) -> PaperList:
    """Each kind of evidence that the policy asks for, and whether the case has it. What is owed is never refused for
    one that is missing."""
    async with door.read(who.merchant_id) as tx:
        before = await stands_before(tx, case_id)
        return PaperList(before.papers, before.goods)


@get("/{case_id:str}/signals", summary="What speaks for a second look")
async def read_signals(case_id: FromPath[str], door: Door, who: Caller) -> Signals:
    """For those who serve the customer: never show him any of it. A score brings the case to a second person when
    something is chosen; it refuses nothing. Weights and thresholds stand in `catalog/signals.toml`."""
    async with door.read(who.merchant_id) as tx:
        await offers(tx, case_id)
        return Signals(await score(tx, case_id, door.clock()), await reviews(tx, case_id))


@post("/{case_id:str}/review", summary="Say what came of a second look", status_code=200)
async def judge_case(
    case_id: FromPath[str], data: JSONBody[Judgement], door: Door, who: Caller, key: Key
) -> Response[Review]:
    """`cleared` or `confirmed`, by a second person named in `agent`. Approving clears; it never changes the case."""
    asked = Judge(case_id=case_id, outcome=data.outcome, agent=data.agent)
    return answered(await door.write(judge, who, asked, key), 200, Review)


@get("/{case_id:str}/receipt", summary="The signed receipt of the decision")
async def read_receipt(case_id: FromPath[str], door: Door, who: Caller) -> Response[dict[str, Any]]:
    """Save it as it comes: `compensation verify-receipt FILE` checks the signature and makes the decision again."""
    async with door.read(who.merchant_id) as tx:
        kept = await receipt(tx, case_id)
    headers = {"Receipt-Id": kept.id, "Receipt-Key-Version": str(kept.key_version)}
    signed: Response[Any] = Response(kept.document, media_type="application/json", headers=headers)
    return signed


@post(
    "/{case_id:str}/reassess",
    summary="Assess a case anew",
    status_code=200,
    opt={"example": {"cost_lines": [{"line": 1, "accepted": True}], "reason": "The repairer's invoice is genuine."}},
)
async def reassess_case(
    case_id: FromPath[str], data: JSONBody[Change], door: Door, who: Caller, key: Key
) -> Response[CaseFile]:
    """Cost lines accepted or not, facts established: the case is decided again, with other offers and a further
    receipt. Only while nothing is chosen or proposed.

    `line` counts the cost lines of the report from 1. `facts` take the place of those known so far.
    """
    return answered(await door.write(reassess, who, Reassess(case_id=case_id, **_of(data)), key), 200, CaseFile)


@post("/{case_id:str}/choose", summary="Choose an offer", status_code=200, opt={"example": {"offer": "refund"}})
async def choose_offer(
    case_id: FromPath[str], data: JSONBody[Choice], door: Door, who: Caller, key: Key
) -> Response[Case]:
    """The case is then accepted and issued, or waits for a second person.

    An offer that takes the place of money owed needs the customer's consent: without it the answer names the sentence
    to show him.
    """
    return answered(await door.write(choose, who, Choose(case_id=case_id, **_of(data)), key), 200, Case)


@post("/{case_id:str}/approve", summary="Approve what was proposed", status_code=200)
async def approve_case(
    case_id: FromPath[str], data: JSONBody[Assent], door: Door, who: Caller, key: Key
) -> Response[Case]:
    """By a second person: name him in `agent`. Nobody approves his own proposal."""
    return answered(await door.write(approve, who, Approve(case_id=case_id, **_of(data)), key), 200, Case)


@post("/{case_id:str}/reject", summary="Reject what was proposed", status_code=200)
async def reject_case(
    case_id: FromPath[str], data: JSONBody[Because], door: Door, who: Caller, key: Key
) -> Response[Case]:
    """Ends the case without a remedy; what was set aside goes back to the budget."""
    return answered(await door.write(reject, who, Decline(case_id=case_id, **_of(data)), key), 200, Case)


@post("/{case_id:str}/send-back", summary="Send a proposal back", status_code=200)
async def send_case_back(
    case_id: FromPath[str], data: JSONBody[Because], door: Door, who: Caller, key: Key
) -> Response[Case]:
    """The case waits for another choice; what was set aside goes back to the budget."""
    return answered(await door.write(send_back, who, Decline(case_id=case_id, **_of(data)), key), 200, Case)


@post("/{case_id:str}/cancel", summary="Call a case off", status_code=200)
async def cancel_case(
    case_id: FromPath[str], data: JSONBody[Because], door: Door, who: Caller, key: Key
) -> Response[Case]:
    """Until its remedy is being issued. What was set aside goes back to the budget; what is owed by law stays owed."""
    return answered(await door.write(cancel, who, Cancel(case_id=case_id, **_of(data)), key), 200, Case)


@post("/{case_id:str}/close", summary="Close an issued case", status_code=200)
async def close_case(case_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Case]:
    """A case with an emotional harm is not closed before its apology was sent."""
    return answered(await door.write(close, who, Close(case_id=case_id), key), 200, Case)


def _of(data: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(data)


router = Router(
    "/cases",
    route_handlers=[
        create, index, read, read_offers, read_rewards, read_events, read_approvals, read_consents, read_documents,
        read_signals, judge_case,
        read_receipt,
        reassess_case, choose_offer, approve_case, reject_case, send_case_back, cancel_case, close_case,
    ],
    tags=["Cases"],
)  # fmt: skip
