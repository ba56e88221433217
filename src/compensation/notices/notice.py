"""Notices: how far each event has come on its way to one endpoint, and telling events once more."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.notices import sql
from compensation.notices.endpoint import endpoint, unknown
from compensation.notices.event import EventType
from compensation.notices.queue import queue
from compensation.notices.receiver import Failure

MOST = 10_000
"""How many events may be told again by one request."""
Number = Annotated[int, Meta(ge=1, le=2**53)]


class NoticeState(StrEnum):
    queued = "queued"
    sent = "sent"
    """The receiver answered 2xx."""
    dead = "dead"
    """Tried for three days and given up; a replay begins anew."""


class Notice(msgspec.Struct, kw_only=True):
    """One event on its way to one endpoint."""

    number: int
    event_id: str
    """The ``webhook-id`` of the message, the same in every attempt."""
    type: EventType
    state: NoticeState
    attempts: int
    answered: int | None
    """The HTTP status of its last answer; null when it gave none."""
    error: Failure | None
    """What went wrong last; null when nothing did."""
    due_at: datetime | None
    """When it is tried next."""
    updated_at: datetime


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Numbers of events, both included."""

    first: Number = msgspec.field(name="from")
    last: Number = msgspec.field(name="to")

    def __post_init__(self) -> None:
        if not 0 <= self.last - self.first < MOST:
            raise ValueError(f"`to` is not below `from`, and at most {MOST} events are told again at a time")


class Replay(Range, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint_id: str


class Replayed(msgspec.Struct, frozen=True):
    """``count`` notices were queued for the endpoint ``id``; types it does not hear of are left out."""

    id: str
    count: int


async def replay(tx: Tx, who: Who, what: Replay, at: datetime) -> Replayed:
    """Tell an endpoint once more, or for the first time, of events past. Raises NotFound ``unknown_endpoint``."""
    if (await endpoint(tx, what.endpoint_id)).disabled_at is not None:
        raise unknown()
    return Replayed(what.endpoint_id, await queue(tx, what.endpoint_id, what.first, what.last, at))


async def notices(
    tx: Tx, endpoint_id: str, *, state: NoticeState | None, before: int | None, limit: int
) -> list[Notice]:
    """A page of an endpoint's notices, newest event first. Raises NotFound ``unknown_endpoint``."""
    await endpoint(tx, endpoint_id)
    return [_notice(dict(row)) for row in await tx.rows(sql.NOTICES, endpoint_id, state, before, limit)]


def _notice(row: dict[str, object]) -> Notice:
    row["error"] = row["error"] or None
    if row["state"] != NoticeState.queued:
        row["due_at"] = None
    return msgspec.convert(row, Notice)
