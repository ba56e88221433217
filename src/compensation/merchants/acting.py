"""In whose name something is done: the caller, or the agent whom a merchant's system names; and who may write rules."""

from typing import Annotated

from msgspec import Meta

from compensation.core.errors import Forbidden
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants.agent import APPROVERS, Agent, agents

Named = Annotated[str, Meta(max_length=64)] | None
"""The agent in whose name a merchant's system speaks; None for itself."""


def acting(who: Who, named: str | None) -> str:
    """Who acts: the caller, or the agent whom a merchant's system names. Raises Forbidden ``not_yourself``."""
    if named is None or named == who.actor:
        return who.actor
    if who.actor.startswith(("agt_", "cus_")):
        raise Forbidden("not_yourself", "You act in your own name only; leave agent out.")
    return named


async def editor(tx: Tx, actor: str) -> Agent | None:
    """Who may write the merchant's rules: his system, or a person who may decide on what others propose.

    None for the system. Raises Forbidden ``unknown_agent``, ``not_an_editor``.
    """
    if not actor.startswith("agt_"):
        return None
    found = (await agents(tx, [actor])).get(actor)
    if found is None or found.retired:
        raise Forbidden("unknown_agent", "There is no such agent, or he works here no more.")
    if found.role not in APPROVERS:
        raise Forbidden("not_an_editor", "Your role may read the policies, not change them. Ask a lead.")
    return found


async def person(tx: Tx, actor: str) -> Agent:
    """The person who answers for a rule. Raises Forbidden ``person_needed`` besides what ``editor`` raises."""
    found = await editor(tx, actor)
    if found is None:
        raise Forbidden("person_needed", "A person decides: log in at the console, or name the agent in agent.")
    return found
