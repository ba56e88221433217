"""The second person approves, rejects or sends back what somebody else proposed. Nobody decides on his own proposal."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases import sql
from compensation.cases.authority import Asked, Named, acting, approver, exceeded, record
from compensation.cases.budget import fund_and_reserve, release
from compensation.cases.case import Case, case
from compensation.cases.move import Locked, locked, move
from compensation.cases.risk.review import clear
from compensation.core.errors import Forbidden, Refused
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Assent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=2000)] = ""
    agent: Named = None


class Approve(Assent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


class Because(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict against somebody's proposal, or an end: never without a reason."""

    reason: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]
    agent: Named = None


class Decline(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def approve(tx: Tx, who: Who, what: Approve, at: datetime) -> Case:
    """Grant what was proposed: the case is ``accepted`` and will be issued.

    What the budget did not cover is funded first, and needs a reason.

    Raises NotFound ``unknown_case``, Refused ``wrong_state`` and ``reason_needed``, and Forbidden as
    ``authority.approver`` does.
    """
    actor = acting(who, what.agent)
    proposed = await locked(tx, what.case_id, CaseState.needs_approval)
    asked = _asked(proposed)
    second = await approver(tx, actor, proposed.asked_by, asked, at, grants=True)
    if await exceeded(tx, second.authority_of, asked, "approved", at, hold=True) is not None:
        raise Forbidden("beyond_authority", "The same authority was used up a moment ago. Ask somebody with more.")
    if proposed.over_budget:
        if not what.reason.strip():
            raise Refused("reason_needed", "This is over the budget: say in reason why it is granted all the same.")
        assert proposed.offer is not None, "a proposal names an offer of its case"
        await fund_and_reserve(tx, proposed.id, proposed.program_id, proposed.offer, actor, at)
    await _decide(tx, proposed, "approved", actor, second.authority_of, at)
    await clear(tx, proposed.id, actor, at)
    await record(tx, asked, second.authority_of, actor, "approved", at)
    await move(tx, proposed, CaseState.accepted, "approved", actor, at, said=what.reason)
    tx.tell("issue_case", proposed.id)
    return await case(tx, proposed.id)


async def reject(tx: Tx, who: Who, what: Decline, at: datetime) -> Case:
    """End the case without a remedy; what was reserved goes back to the budget."""
    return await _decline(tx, who, what, at, "rejected", CaseState.rejected)


async def send_back(tx: Tx, who: Who, what: Decline, at: datetime) -> Case:
    """Ask for another choice: the case is ``offered`` again and holds nothing of the budget."""
    return await _decline(tx, who, what, at, "sent_back", CaseState.offered)


async def _decline(tx: Tx, who: Who, what: Decline, at: datetime, verdict: str, to: CaseState) -> Case:
    actor = acting(who, what.agent)
    proposed: Locked = await locked(tx, what.case_id, CaseState.needs_approval)
    second = await approver(tx, actor, proposed.asked_by, _asked(proposed), at, grants=False)
    await _decide(tx, proposed, verdict, actor, second.authority_of, at)
    await release(tx, proposed.id, actor, at)
    await move(tx, proposed, to, verdict, actor, at, said=what.reason)
    return await case(tx, proposed.id)


async def _decide(tx: Tx, proposed: Locked, verdict: str, actor: str, authority_of: str, at: datetime) -> None:
    on_behalf_of = None if authority_of == actor else authority_of
    await tx.run(sql.DECIDE_APPROVAL, proposed.approval_id, verdict, actor, at, on_behalf_of)


def _asked(proposed: Locked) -> Asked:
    assert proposed.offer is not None, "a proposal names an offer of its case"
    return Asked(
        case_id=proposed.id,
        program_id=proposed.program_id,
        customer_id=proposed.customer_id,
        value=proposed.offer.value,
    )
