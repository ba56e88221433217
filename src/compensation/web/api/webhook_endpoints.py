"""Webhook endpoints: where a merchant's systems are told, of what, and what came of it."""

from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, Parameter

from compensation.notices.address import check_url
from compensation.notices.endpoint import (
    Change,
    ChangeEndpoint,
    Endpoint,
    NewEndpoint,
    Remove,
    add,
    change,
    endpoint,
    endpoints,
    remove,
)
from compensation.notices.notice import Notice, NoticeState, Range, Replay, Replayed, notices, replay
from compensation.notices.secret import EndpointSecret, Rotate, Rotated, Rotation, rotate, show_secret
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key, Size, Told


class EndpointList(msgspec.Struct, frozen=True):
    items: list[Endpoint]


class NoticePage(msgspec.Struct, frozen=True):
    """``next`` is what to send as ``before`` for the page after this one; null on the last."""

    items: list[Notice]
    next: int | None


@post("/", summary="Be told of events", status_code=201)
async def create(data: JSONBody[NewEndpoint], door: Door, who: Caller, key: Key, settings: Told) -> Response[Endpoint]:
    """Each event is posted to the address, signed by Standard Webhooks. Ask for the secret once you have the id.

    Answer 2xx within ten seconds, and do the work afterwards. Anything else is tried again for three days. A message
    may come twice, under the same `webhook-id`.
    """
    check_url(data.url, development=settings.development)
    return answered(await door.write(add, who, data, key), 201, Endpoint)


@get("/", summary="Your endpoints")
async def index(door: Door, who: Caller) -> EndpointList:
    async with door.read(who.merchant_id) as tx:
        return EndpointList(await endpoints(tx))


@get("/{endpoint_id:str}", summary="One endpoint")
async def read(endpoint_id: FromPath[str], door: Door, who: Caller) -> Endpoint:
    async with door.read(who.merchant_id) as tx:
        return await endpoint(tx, endpoint_id)


@patch("/{endpoint_id:str}", summary="Change an endpoint", status_code=200)
async def update(
    endpoint_id: FromPath[str], data: JSONBody[Change], door: Door, who: Caller, key: Key, settings: Told
) -> Response[Endpoint]:
    """What you leave out stays as it is. What waits for the endpoint goes to its new address."""
    if data.url is not None:
        check_url(data.url, development=settings.development)
    changed = ChangeEndpoint(endpoint_id=endpoint_id, url=data.url, types=data.types)
    return answered(await door.write(change, who, changed, key), 200, Endpoint)


@delete("/{endpoint_id:str}", summary="Remove an endpoint", status_code=200)
async def end(endpoint_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Endpoint]:
    """It is never called again. What waited for it is given up; the feed of events still has it."""
    return answered(await door.write(remove, who, Remove(endpoint_id), key), 200, Endpoint)


@post("/{endpoint_id:str}/secret", summary="Show the secret", status_code=200)
async def show(endpoint_id: FromPath[str], door: Door, who: Caller) -> EndpointSecret:
    """Who looked, and when, is written down. The answer is never kept; ask again when you need it again."""
    return await show_secret(door, who, endpoint_id)


@post("/{endpoint_id:str}/rotate", summary="Replace the secret", status_code=200)
async def renew(
    endpoint_id: FromPath[str], data: JSONBody[Rotation], door: Door, who: Caller, key: Key
) -> Response[Rotated]:
    """Until `previous_until` every message carries a signature by the old secret and one by the new."""
    asked = Rotate(endpoint_id=endpoint_id, overlap_hours=data.overlap_hours)
    return answered(await door.write(rotate, who, asked, key), 200, Rotated)


@post("/{endpoint_id:str}/replay", summary="Be told once more", status_code=200)
async def again(
    endpoint_id: FromPath[str], data: JSONBody[Range], door: Door, who: Caller, key: Key
) -> Response[Replayed]:
    """Tells the endpoint of the events with these numbers, also of those from before it was there."""
    asked = Replay(endpoint_id=endpoint_id, first=data.first, last=data.last)
    return answered(await door.write(replay, who, asked, key), 200, Replayed)


@get("/{endpoint_id:str}/notices", summary="What came of telling")
async def read_notices(
    endpoint_id: FromPath[str],
    door: Door,
    who: Caller,
    status: Annotated[NoticeState | None, Parameter(description="Only those in this state.")] = None,
    before: Annotated[int | None, Parameter(ge=1, le=2**53, description="Only events of lower numbers.")] = None,
    limit: Size = 50,
) -> NoticePage:
    """The newest event first, each with its attempts, the last answer and when it is tried next."""
    async with door.read(who.merchant_id) as tx:
        found = await notices(tx, endpoint_id, state=status, before=before, limit=limit + 1)
    return NoticePage(found[:limit], found[limit - 1].number if len(found) > limit else None)


router = Router(
    "/webhook-endpoints",
    route_handlers=[create, index, read, update, end, show, renew, again, read_notices],
    tags=["Webhook endpoints"],
)
