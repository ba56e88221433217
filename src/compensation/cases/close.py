"""How a case ends: called off before anything is issued, or closed once the remedy is with the customer."""

from datetime import datetime

import msgspec

from compensation.cases import sql
from compensation.cases.approve import Because
from compensation.cases.authority import Named, acting
from compensation.cases.budget import release
from compensation.cases.case import Case, case
from compensation.cases.move import locked, move
from compensation.core.errors import Refused
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Cancel(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


class Close(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str
    agent: Named = None


async def cancel(tx: Tx, who: Who, what: Cancel, at: datetime) -> Case:
    """Call a case off before its remedy is issued. What was reserved goes back to the budget.

    An accepted case can be called off until issuing has begun; from then on what was issued is voided in the open. The
    authority that was used for it stays used: it was granted.

    Raises NotFound ``unknown_case``, Refused ``wrong_state``, ``dispute_open``, Forbidden ``not_yourself``.
    """
    actor = acting(who, what.agent)
    ending = await locked(tx, what.case_id, CaseState.offered, CaseState.needs_approval, CaseState.accepted)
    await _answered(tx, ending.id)
    if ending.approval_id is not None:
        await tx.run(sql.DECIDE_APPROVAL, ending.approval_id, "withdrawn", None, at, None)
    await release(tx, ending.id, actor, at)
    await move(tx, ending, CaseState.cancelled, "cancelled", actor, at, said=what.reason)
    return await case(tx, ending.id)


async def close(tx: Tx, who: Who, what: Close, at: datetime) -> Case:
    """Close an issued case. One with an emotional harm is not closed before its apology was sent.

    Raises NotFound ``unknown_case``, Refused ``wrong_state``, ``apology_not_sent``, ``dispute_open``, Forbidden
    ``not_yourself``.
    """
    actor = acting(who, what.agent)
    ending = await locked(tx, what.case_id, CaseState.issued)
    await _answered(tx, ending.id)
    if ending.emotional and not await tx.value(sql.TOLD, ending.id):
        raise Refused(
            "apology_not_sent", "The apology has not reached the customer. See that it is sent, then close the case."
        )
    await move(tx, ending, CaseState.closed, "closed", actor, at)
    return await case(tx, ending.id)


async def _answered(tx: Tx, case_id: str) -> None:
    """Nobody ends a case to be rid of the question."""
    if (await case(tx, case_id)).disputed:
        raise Refused("dispute_open", "The customer disagrees and waits for an answer. Answer him first.")
