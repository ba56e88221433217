"""Notices that wait for their endpoint, and the one visit by which each endpoint is told what waits for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from compensation.core.ids import new_id
from compensation.db.pool import Tx, columns
from compensation.notices import sql

LOST = timedelta(minutes=5)
"""A visit takes less than a minute. One that should have begun so long ago will not come, and another is sent."""


async def queue(tx: Tx, endpoint_id: str | None, first: int, last: int, at: datetime) -> int:
    """Have the events of these numbers told to one endpoint, or to all, where it wants to hear of their types.

    Returns how many notices that makes. What is already queued begins anew.
    """
    listening = [row["id"] for row in await tx.rows(sql.LOCK_ENDPOINTS, endpoint_id)]
    if not listening:
        return 0
    queued = [row["endpoint_id"] for row in await tx.rows(sql.QUEUE, listening, first, last, at)]
    await _summon(tx, sorted(set(queued)), at)
    return len(queued)


async def plan(tx: Tx, endpoint_id: str) -> None:
    """The visit is over: plan the next for when something is due, or none. The endpoint's row must be locked."""
    due_at = await tx.value(sql.NEXT_DUE, endpoint_id)
    visit_id = None if due_at is None else new_id("vis")
    await tx.run(sql.PLAN, endpoint_id, visit_id, due_at)
    if visit_id is not None:
        tx.tell("notify", visit_id, due_at)


async def _summon(tx: Tx, endpoint_ids: Iterable[str], at: datetime) -> None:
    """See that each is visited now: a visit under way will find what was queued, a later one is brought forward."""
    visits = [(endpoint_id, new_id("vis")) for endpoint_id in endpoint_ids]
    for row in await tx.rows(sql.SUMMON, *columns(visits, 2), at, at - LOST):
        tx.tell("notify", row["visit_id"])
