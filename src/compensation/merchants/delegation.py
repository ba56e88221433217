"""Standing in: somebody who may approve lets another decide in his place, for a time that ends by itself.

What is lent is the lender's own authority. Nobody lends on what was lent to him, and nobody decides by the authority
of whoever made the proposal.
"""

from datetime import datetime, timedelta

import msgspec

from compensation.core.errors import Forbidden, Invalid, NotFound
from compensation.core.ids import new_id
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants import sql
from compensation.merchants.agent import agent
from compensation.merchants.authority import setter

LONGEST = timedelta(days=92)


class NewDelegation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From ``from_agent`` to ``to_agent``, until ``ends_at``; from now on unless ``starts_at`` says later."""

    from_agent: str
    to_agent: str
    ends_at: datetime
    starts_at: datetime | None = None


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """``ended_at`` is when it was ended before its time."""

    id: str
    from_agent: str
    to_agent: str
    starts_at: datetime
    ends_at: datetime
    made_by: str
    created_at: datetime
    ended_at: datetime | None = None


class EndDelegation(msgspec.Struct, frozen=True):
    delegation_id: str


async def delegate(tx: Tx, who: Who, what: NewDelegation, at: datetime) -> Delegation:
    """Made by the lender himself, or by whoever may set authority.

    Raises NotFound ``unknown_agent``, Forbidden ``not_an_approver`` and ``not_an_administrator``, Invalid
    ``invalid_period``.
    """
    if who.actor != what.from_agent:
        await setter(tx, who)
    lender, other = await agent(tx, what.from_agent), await agent(tx, what.to_agent)
    if not lender.may_approve:
        raise Forbidden("not_an_approver", "Only somebody who may approve can have another stand in for him.")
    starts = what.starts_at or at
    if starts.tzinfo is None or what.ends_at.tzinfo is None or not at < what.ends_at <= starts + LONGEST:
        raise Invalid("invalid_period", "A delegation ends in the future, within 92 days of its start; send the zone.")
    if what.ends_at <= starts or starts < at or lender.id == other.id or other.retired:
        raise Invalid("invalid_period", "A delegation is to another person who works here, from now or later on.")
    delegation_id = new_id("del")
    await tx.run(sql.ADD_DELEGATION, delegation_id, who.actor, at, lender.id, other.id, starts, what.ends_at)
    return await delegation(tx, delegation_id)


async def end_delegation(tx: Tx, who: Who, what: EndDelegation, at: datetime) -> Delegation:
    """Before its time, by the lender, whoever stands in for him, or whoever may set authority."""
    ending = await delegation(tx, what.delegation_id)
    if who.actor not in (ending.from_agent, ending.to_agent):
        await setter(tx, who)
    await tx.run(sql.END_DELEGATION, ending.id, who.actor, at)
    return await delegation(tx, ending.id)


async def delegation(tx: Tx, delegation_id: str) -> Delegation:
    """Raises NotFound ``unknown_delegation``."""
    row = await tx.row(sql.DELEGATION, delegation_id)
    if row is None:
        raise NotFound("unknown_delegation", "There is no such delegation.")
    return Delegation(**row)


async def delegations(tx: Tx, at: datetime) -> list[Delegation]:
    """Those that run or are still to come."""
    return [Delegation(**row) for row in await tx.rows(sql.DELEGATIONS, at)]


async def lenders(tx: Tx, agent_id: str, at: datetime) -> list[str]:
    """The agents whom this one stands in for at this moment."""
    return [row["from_agent"] for row in await tx.rows(sql.DELEGATORS, agent_id, at)]
