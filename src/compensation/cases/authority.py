"""Who acts on a case, and whether he may grant what he proposes or a second person decides.

The value that is compared is the whole value of the offer to the customer, what is owed included: an agent who hands
out €594 answers for €594, whoever it is due to. What is owed does not depend on the verdict, only its moment does.

An agent is bound by his authority, over time and together with his team and role. A merchant's system (an API key) is
bound by the limits of programs and customers, and by no agent's unless it says that it acts for one. A customer
chooses among offers that somebody put to him: if an agent did, the agent's authority bounds them, so that no limit is
got round by asking the customer. Nobody grants anything to himself.
"""

from datetime import datetime
from typing import Literal

import msgspec

from compensation.cases import sql
from compensation.core.errors import Forbidden
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.merchants.acting import Named as Named
from compensation.merchants.acting import acting as acting
from compensation.merchants.agent import Agent, agents, own_hashes
from compensation.merchants.delegation import lenders

How = Literal["alone", "approved"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is about to grant, and where it counts."""

    case_id: str
    program_id: str
    customer_id: str
    value: Money


class Second(msgspec.Struct, frozen=True):
    """The second person, and the agent whose authority he uses: himself, or one whom he stands in for."""

    person: Agent
    authority_of: str


async def bounding(tx: Tx, actor: str, agent_id: str | None) -> Agent | None:
    """The agent whose authority bounds a choice by ``actor`` in a case that ``agent_id`` looks after; None: nobody's.

    Raises Forbidden ``unknown_agent`` for an agent who does not work here, or no longer does.
    """
    bound = agent_id if actor.startswith("cus_") else actor
    if bound is None or not bound.startswith("agt_"):
        return None
    found = (await agents(tx, [bound])).get(bound)
    if found is None or (found.retired and bound == actor):
        raise Forbidden("unknown_agent", "There is no such agent, or he works here no more.")
    return found


async def is_himself(tx: Tx, agent_id: str, customer_id: str) -> bool:
    """Whether this agent and this customer are one person, by every address that we know of him."""
    found: bool = await tx.value(sql.IS_HIMSELF, customer_id, await own_hashes(tx, agent_id))
    return found


async def exceeded(tx: Tx, agent_id: str | None, asked: Asked, how: How, at: datetime, *, hold: bool) -> str | None:
    """The first bound that granting this would pass: ``agent`` for his own authority, else the id of a limit.

    With ``hold``, whoever else would use the same authority waits until this transaction ends.
    """
    found: str | None = await tx.value(
        sql.HOLD_AUTHORITY if hold else sql.BEYOND_AUTHORITY,
        agent_id, asked.program_id, asked.customer_id, asked.value.currency, asked.value.amount, how, at,
    )  # fmt: skip
    return found


async def record(tx: Tx, asked: Asked, agent_id: str | None, actor: str, how: How, at: datetime) -> None:
    """Write down that authority was used; the table refuses what is beyond it."""
    value = asked.value
    await tx.run(
        sql.GRANT, new_id("grt"), asked.case_id, asked.program_id, asked.customer_id,
        agent_id, actor, how, value.currency, value.amount, at,
    )  # fmt: skip


async def approver(tx: Tx, actor: str, asked_by: str | None, asked: Asked, at: datetime, *, grants: bool) -> Second:
    """The second person. ``grants`` is False for a verdict that grants nothing.

    Raises Forbidden ``person_needed``, ``unknown_agent``, ``self_approval``, ``own_case``, ``not_an_approver``,
    ``beyond_authority``.
    """
    if not actor.startswith("agt_"):
        raise Forbidden("person_needed", "A person decides: log in at the console, or name the agent in agent.")
    if actor == asked_by:
        raise Forbidden("self_approval", "Whoever made the proposal cannot decide on it. Ask somebody else.")
    person = await bounding(tx, actor, None)
    assert person is not None, "an agent is always bound by himself"
    if await is_himself(tx, actor, asked.customer_id):
        raise Forbidden("own_case", "This case is your own. Ask somebody else.")
    # By the authority of the maker nobody decides, through whomever it comes.
    lent = [one for one in await lenders(tx, actor, at) if one != asked_by]
    known = await agents(tx, lent)
    able = [one for one in (person, *(known[one] for one in lent)) if one.may_approve]
    able = [one for one in able if one is person or not await is_himself(tx, one.id, asked.customer_id)]
    if not able:
        raise Forbidden("not_an_approver", "Your role may not decide on what others propose.")
    for one in able:
        if not grants or await exceeded(tx, one.id, asked, "approved", at, hold=False) is None:
            return Second(person, one.id)
    raise Forbidden("beyond_authority", "This is beyond your own authority too. Ask somebody with more.")
