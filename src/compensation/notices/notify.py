"""The visit: one endpoint is told, one after another, of what is due. Nobody else waits for how long it takes.

There is at most one visit to an endpoint at a time, so a receiver is told in the order of the numbers unless it refused
one, and a slow one holds up nothing but its own notices. Told at least once: who dies between telling and writing it
down tells again, under the same id.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec

from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.notices import sql
from compensation.notices.event import NumberedEvent, read_event
from compensation.notices.queue import plan
from compensation.notices.receiver import Answer, Receivers
from compensation.notices.secret import live_secrets, signed

PAUSES = [
    *(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 18, 24)),
]
"""How long a notice waits after each failed attempt: eleven attempts over 73 hours and a half, then it is dead."""
AT_MOST = 100
"""Notices told in one visit."""
VISIT = 25.0
"""Seconds after which a visit tells nothing more; with one last call it still ends within the worker's deadline."""


class Visit(msgspec.Struct, frozen=True):
    """What a visit needs to know. ``secrets`` are in the clear: they live as long as the visit."""

    endpoint_id: str
    url: str
    secrets: list[str]
    due: list[NumberedEvent]


class Heard(msgspec.Struct, frozen=True):
    """What came of telling one event."""

    visit_id: str
    endpoint_id: str
    number: int
    answer: Answer


class Recorded(msgspec.Struct, frozen=True):
    """``goes_on``: the receiver answers, and the visit is still the one it should be."""

    id: str
    goes_on: bool


class Ended(msgspec.Struct, frozen=True):
    id: str


async def notify(door: Doorway, receivers: Receivers, task: Task) -> None:
    """The work ``notify``; its subject is a visit. One that is out of date does nothing."""
    visit = await _begin(door, task)
    if visit is None:
        return
    who, loop = Who(task.merchant_id, "system:notify"), asyncio.get_running_loop()
    until = loop.time() + VISIT
    for event in visit.due:
        body = msgspec.json.encode(event)
        headers = {"content-type": "application/json", **signed(visit.secrets, event.id, body, door.clock())}
        answer = await receivers.post(visit.url, headers, body)
        heard = Heard(task.subject_id, visit.endpoint_id, event.number, answer)
        if not (await door.write(record, who, heard)).read(Recorded).goes_on or loop.time() >= until:
            break
    await door.write(end_visit, who, Ended(task.subject_id))


async def record(tx: Tx, who: Who, what: Heard, at: datetime) -> Recorded:
    """Write down what came of it. A receiver that did not answer would not have answered the others that are due."""
    place, status, error = (what.endpoint_id, what.number), what.answer.status, what.answer.error
    if error is None:
        await tx.run(sql.SENT, *place, status, at)
    else:
        await tx.run(sql.FAILED, *place, status, error, at, PAUSES)
    still_due = await tx.row(sql.VISITED, what.visit_id) is not None
    return Recorded(what.endpoint_id, still_due and status is not None)


async def end_visit(tx: Tx, who: Who, what: Ended, at: datetime) -> Ended:
    """Plan the next visit for when something is due; nothing, when this visit had been replaced meanwhile."""
    endpoint = await tx.row(sql.LOCK_VISITED, what.id)
    if endpoint is not None:
        await plan(tx, endpoint["id"])
    return what


async def _begin(door: Doorway, task: Task) -> Visit | None:
    at = door.clock()
    async with door.read(task.merchant_id) as tx:
        endpoint = await tx.row(sql.VISITED, task.subject_id)
        if endpoint is None:
            return None
        due = [read_event(row) for row in await tx.rows(sql.DUE, endpoint["id"], at, AT_MOST)]
    secrets = live_secrets(door.vault, task.merchant_id, endpoint, at)
    return Visit(endpoint["id"], endpoint["url"], secrets, due)
