"""Who acts on a case, and whether he may grant what he proposes or a second person decides.

The value that is compared is the whole value of the offer to the customer, what is owed included: an agent who hands
out €594 answers for €594, whoever it is due to. What is owed does not depend on the verdict, only its moment does.

An agent is bound by his authority. A merchant's system (an API key) is bound by the merchant's own rules, not by
ours, unless it says that it acts for an agent. A customer chooses among offers that somebody put to him: if an agent
did, the agent's authority bounds them, so that no limit is got round by asking the customer.
"""

from typing import Annotated

from msgspec import Meta

from compensation.core.errors import Forbidden
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants.agent import Agent, agents

Named = Annotated[str, Meta(max_length=64)] | None
"""The agent in whose name a merchant's system speaks; None for itself."""


def acting(who: Who, named: str | None) -> str:
    """Who acts: the caller, or the agent whom a merchant's system names. Raises Forbidden ``not_yourself``."""
    if named is None or named == who.actor:
        return who.actor
    if who.actor.startswith(("agt_", "cus_")):
        raise Forbidden("not_yourself", "You act in your own name only; leave agent out.")
    return named


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


async def approver(tx: Tx, actor: str, asked_by: str | None, value: Money | None) -> Agent:
    """The second person. ``value`` is what an approval grants; None for a verdict that grants nothing.

    Raises Forbidden ``person_needed``, ``unknown_agent``, ``self_approval``, ``not_an_approver``, ``beyond_authority``.
    """
    if not actor.startswith("agt_"):
        raise Forbidden("person_needed", "A person decides: log in at the console, or name the agent in agent.")
    if actor == asked_by:
        raise Forbidden("self_approval", "Whoever made the proposal cannot decide on it. Ask somebody else.")
    second = await bounding(tx, actor, None)
    assert second is not None, "an agent is always bound by himself"
    if not second.may_approve:
        raise Forbidden("not_an_approver", "Your role may not decide on what others propose.")
    if value is not None and not second.may_grant(value):
        raise Forbidden("beyond_authority", "This is beyond your own authority too. Ask somebody with more.")
    return second
