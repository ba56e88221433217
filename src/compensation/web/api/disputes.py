"""Disputes: that a customer disagrees with a decision, and the answer of somebody who had no part in it."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody

from compensation.cases.dispute.answer import Answer, AnswerDispute, answer
from compensation.cases.dispute.disagree import Disagree, Disagreement, disagree
from compensation.cases.dispute.dispute import Dispute, disputes
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key

EXAMPLE = {"words": "The kettle was new. I do not see why I get a part of the price only."}
ANSWERED = {
    "outcome": "upheld",
    "reason": "We read the report of the repairer again. The lid was broken by a fall, which no guarantee covers.",
    "agent": "agt_01kb3w8q2v5n9c7d4f6g8h0j1k",
}


class DisputeList(msgspec.Struct, frozen=True):
    items: list[Dispute]


@post("/", summary="Say that the customer disagrees", status_code=201, opt={"example": EXAMPLE})
async def create(
    case_id: FromPath[str], data: JSONBody[Disagreement], door: Door, who: Caller, key: Key
) -> Response[Dispute]:
    """In his own words; he can do it himself on the page of his offers. Nothing changes by it, but somebody who had no
    part in the decision must answer by `due_at`, and until then the case is neither closed nor called off.

    `GET /v1/cases?view=disputed` lists the cases that wait for an answer. With each decision he disagrees once.
    """
    asked = Disagree(case_id=case_id, **msgspec.structs.asdict(data))
    return answered(await door.write(disagree, who, asked, key), 201, Dispute)


@get("/", summary="The disputes of a case")
async def index(case_id: FromPath[str], door: Door, who: Caller) -> DisputeList:
    """Oldest first. What was said stands in the history of the case."""
    async with door.read(who.merchant_id) as tx:
        return DisputeList(await disputes(tx, case_id))


@post("/{dispute_id:str}/answer", summary="Answer a dispute", status_code=200, opt={"example": ANSWERED})
async def create_answer(
    case_id: FromPath[str],
    dispute_id: FromPath[str],
    data: JSONBody[Answer],
    door: Door,
    who: Caller,
    key: Key,
) -> Response[Dispute]:
    """By a person named in `agent` who made, took, granted or refused nothing in the case. The customer reads `reason`
    word by word, in a letter and on his page.

    `upheld`: the decision stands. `decided_anew`: say what is found otherwise in `harms`, `cost_lines` or `facts`, as
    for a reassessment, and the customer is sent the new offers; a rejected case may be offered again as it is. Where
    the remedy is out already, report what is to be added as a case of its own and name it in `further_case`.
    """
    asked = AnswerDispute(case_id=case_id, dispute_id=dispute_id, **msgspec.structs.asdict(data))
    return answered(await door.write(answer, who, asked, key), 200, Dispute)


router = Router("/cases/{case_id:str}/disputes", route_handlers=[create, index, create_answer], tags=["Cases"])
