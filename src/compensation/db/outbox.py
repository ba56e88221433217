"""Work that a commit left behind: claimed by one worker at a time, tried until it is done or given up in the open."""

from datetime import datetime, timedelta

import msgspec

from compensation.db import sql
from compensation.db.pool import begin
from compensation.db.unit import Doorway

LEASE = timedelta(seconds=60)
"""How long a claim lasts. A worker that dies leaves its row to whoever comes after that."""
TRIES = 12
"""Attempts, over about two days, before a row is dead and a person is shown it."""


class Task(msgspec.Struct, frozen=True):
    """A claimed outbox row. ``fence`` proves that the claim is still ours when we finish."""

    merchant_id: str
    id: str
    topic: str
    subject_id: str
    attempts: int
    fence: int


async def claim(door: Doorway, merchant_id: str, at: datetime, task_id: str | None = None) -> Task | None:
    """Take the oldest due row of this merchant, or the one named, or None when there is nothing to do."""
    async with begin(door.pool, door.vault, merchant_id) as tx:
        row = await tx.row(sql.CLAIM, at, at + LEASE, task_id)
    return None if row is None else Task(merchant_id, **row)


async def finish(door: Doorway, task: Task, at: datetime) -> bool:
    """Mark it done. False when the lease had run out and another worker took it: what he does now stands."""
    async with begin(door.pool, door.vault, task.merchant_id) as tx:
        return await tx.run(sql.FINISH, task.id, task.fence, "done", at, "") == 1


async def postpone(door: Doorway, task: Task, at: datetime, error: str) -> bool:
    """Put it back for later, longer each time; after TRIES attempts it is dead. Returns whether it lives on."""
    async with begin(door.pool, door.vault, task.merchant_id) as tx:
        if task.attempts >= TRIES:
            await tx.run(sql.FINISH, task.id, task.fence, "dead", at, error[:500])
            return False
        await tx.run(sql.POSTPONE, task.id, task.fence, at + pause(task.attempts), error[:500])
        return True


def pause(attempts: int) -> timedelta:
    """1 s, 4 s, 16 s … up to 12 hours."""
    return timedelta(seconds=min(4 ** max(attempts - 1, 0), 12 * 3600))


async def merchants(door: Doorway) -> list[str]:
    """Every merchant, for sweeps: work is claimed merchant by merchant, so that one cannot starve another."""
    async with door.pool.acquire() as connection:
        return [row["id"] for row in await connection.fetch(sql.MERCHANTS)]
