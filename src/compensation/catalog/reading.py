"""Who has read a policy: each member of staff says so of each version that is published, once."""

from datetime import date, datetime

import msgspec

from compensation.catalog import sql
from compensation.catalog.publish import Move
from compensation.catalog.version import PolicyVersion, policy_version, read_version
from compensation.core.errors import Forbidden, Refused
from compensation.core.states import PolicyState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants.acting import acting
from compensation.merchants.agent import agents, staff


class Reading(msgspec.Struct, frozen=True):
    """``id`` is the policy's. ``at`` is when he first said so; None while he has not."""

    id: str
    agent_id: str
    name: str
    at: datetime | None


class Readers(msgspec.Struct, frozen=True):
    """Everybody who works for the merchant now, whoever has not read it first."""

    items: list[Reading]


async def acknowledge(tx: Tx, who: Who, what: Move, at: datetime) -> Reading:
    """Say that one has read it. Said again, the first time stands.

    Raises NotFound ``unknown_policy_version``; Forbidden ``person_needed``, ``unknown_agent``; Refused ``wrong_state``
    for what is not published.
    """
    actor = acting(who, what.agent)
    if not actor.startswith("agt_"):
        raise Forbidden("person_needed", "A person reads: log in at the console, or name the agent in agent.")
    found = (await agents(tx, [actor])).get(actor)
    if found is None or found.retired:
        raise Forbidden("unknown_agent", "There is no such agent, or he works here no more.")
    policy = await policy_version(tx, what.policy_id)
    if policy.state is not PolicyState.published:
        raise Refused(
            "wrong_state", f"The policy is {policy.state}; staff keep to what is published.", state=policy.state.value
        )
    await tx.run(sql.READ, policy.id, actor, at)
    return Reading(policy.id, actor, found.name, await tx.value(sql.READ_AT, policy.id, actor))


async def readers(tx: Tx, policy_id: str) -> Readers:
    """Raises NotFound ``unknown_policy_version``."""
    await policy_version(tx, policy_id)
    read = {row["agent_id"]: row["at"] for row in await tx.rows(sql.READ_BY, policy_id)}
    items = [Reading(policy_id, one.id, one.name, read.get(one.id)) for one in await staff(tx)]
    return Readers(sorted(items, key=lambda one: one.at is not None))


async def unread(tx: Tx, agent_id: str, on: date) -> list[PolicyVersion]:
    """The newest published version of each policy that still decides or is to come, and that he has not read."""
    return [read_version(row) for row in await tx.rows(sql.UNREAD, agent_id, on)]
