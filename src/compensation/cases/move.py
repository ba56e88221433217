"""Moving a case: lock it, see where it stands, move it from there and nowhere else, and write down who did it."""

from datetime import datetime
from typing import Any

import msgspec

from compensation.cases import sql
from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import clean
from compensation.customers.key import open_key
from compensation.db.pool import Tx
from compensation.engine.plan import Offer


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """A case that nobody else can move until this transaction ends."""

    id: str
    state: CaseState
    program_id: str
    customer_id: str
    locale: str
    agent_id: str | None
    chosen: str | None
    offer: Offer | None
    """The offer asked for, or the one that was chosen."""
    in_review: bool
    """Whether the decision wants a person to look before anything is granted."""
    emotional: bool
    approval_id: str | None
    asked_by: str | None
    """Who made the proposal that waits for a second person."""
    over_budget: bool
    """Whether the budget did not cover that proposal, so that nothing is set aside for it."""
    data_key: bytes | None


async def locked(tx: Tx, case_id: str, *allowed: CaseState, offer: str | None = None) -> Locked:
    """Lock a case that must stand in one of these states. Raises NotFound ``unknown_case``, Refused ``wrong_state``."""
    row = await tx.row(sql.LOCK, case_id, offer)
    if row is None:
        raise NotFound("unknown_case", "There is no such case.")
    fields: dict[str, Any] = dict(row)
    fields["state"] = CaseState(row["state"])
    fields["offer"] = None if row["offer"] is None else msgspec.convert(row["offer"], Offer)
    found = Locked(id=case_id, **fields)
    if found.state not in allowed:
        wanted = " or ".join(state.value for state in allowed)
        raise Refused(
            "wrong_state", f"The case is {found.state}; this can be done while it is {wanted}.", state=found.state.value
        )
    return found


async def move(
    tx: Tx,
    case: Locked,
    to: CaseState,
    what: str,
    actor: str,
    at: datetime,
    *,
    chosen: str | None = None,
    note: str = "",
    said: str = "",
) -> None:
    """Move it and tell its history. ``said`` is a reason in somebody's words, and sealed as the customer's own are.

    Going back to ``offered`` forgets the choice.
    """
    event_id = new_id("evt")
    sealed = None
    if said and case.data_key is not None:
        sealed = open_key(tx, case.customer_id, case.data_key).seal(event_id, clean(said).encode())
    moved = await tx.run(sql.MOVE, case.id, case.state, to, at, chosen, event_id, what, actor, note, sealed)
    assert moved == 1, "the row was locked, so its state is the one that was seen"
