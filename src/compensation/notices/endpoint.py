"""Where a merchant's systems want to be told, and of what."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.notices import sql
from compensation.notices.address import LONGEST
from compensation.notices.event import EventType
from compensation.notices.receiver import Failure
from compensation.notices.secret import seal_fresh

MOST = 16
"""How many endpoints a merchant may have at a time; the table says the same."""
Url = Annotated[str, Meta(max_length=LONGEST)]
Types = Annotated[tuple[EventType, ...], Meta(max_length=len(EventType))]


class Endpoint(msgspec.Struct, kw_only=True):
    """One address that is told. Its secret is never here. The address is no secret: put no token into it."""

    id: str
    url: str
    types: tuple[EventType, ...]
    """The events it hears of; none named means all, also those to come."""
    previous_until: datetime | None = None
    """Until then the secret before the last rotation signs as well."""
    created_at: datetime
    disabled_at: datetime | None = None
    """When it was removed; it is never called again."""


class NewEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``types`` are the events it hears of; none named means all."""

    url: Url
    types: Types = ()


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is left out, or null, stays as it is."""

    url: Url | None = None
    types: Types | None = None


class ChangeEndpoint(Change, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint_id: str


class Remove(msgspec.Struct, frozen=True):
    endpoint_id: str


async def add(tx: Tx, who: Who, what: NewEndpoint, at: datetime) -> Endpoint:
    """A new endpoint with a fresh secret. It hears of the events from now on. Refuses ``too_many_endpoints``."""
    if await tx.value(sql.HOLD_ENDPOINTS) >= MOST:
        raise Refused("too_many_endpoints", f"A merchant has at most {MOST} endpoints. Remove one first.")
    endpoint = Endpoint(id=new_id("whe"), url=what.url, types=what.types, created_at=at)
    sealed = seal_fresh(tx, endpoint.id)
    await tx.run(sql.ADD_ENDPOINT, endpoint.id, endpoint.url, list(endpoint.types), sealed, at)
    return endpoint


async def change(tx: Tx, who: Who, what: ChangeEndpoint, at: datetime) -> Endpoint:
    """Raises NotFound ``unknown_endpoint``, as all that follow do; a removed one is as good as unknown to them."""
    types = None if what.types is None else list(what.types)
    if not await tx.run(sql.CHANGE_ENDPOINT, what.endpoint_id, what.url, types):
        raise unknown()
    return await endpoint(tx, what.endpoint_id)


async def remove(tx: Tx, who: Who, what: Remove, at: datetime) -> Endpoint:
    """It is told nothing more; what still waited for it is given up in the open."""
    if not await tx.run(sql.DISABLE, what.endpoint_id, at):
        raise unknown()
    await tx.run(sql.GIVE_UP, what.endpoint_id, Failure.endpoint_removed, at)
    return await endpoint(tx, what.endpoint_id)


async def endpoint(tx: Tx, endpoint_id: str) -> Endpoint:
    """Also a removed one."""
    row = await tx.row(sql.ENDPOINT, endpoint_id)
    if row is None:
        raise unknown()
    return msgspec.convert(dict(row), Endpoint)


async def endpoints(tx: Tx) -> list[Endpoint]:
    """Those that are live, oldest first."""
    return [msgspec.convert(dict(row), Endpoint) for row in await tx.rows(sql.ENDPOINTS)]


def unknown() -> NotFound:
    return NotFound("unknown_endpoint", "There is no such endpoint. GET /v1/webhook-endpoints lists yours.")
