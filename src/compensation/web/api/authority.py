"""Authority over time: limits that count what was granted, and who stands in for whom."""

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody

from compensation.merchants.authority import EndLimit, Limit, NewLimit, end_limit, limits, set_limit
from compensation.merchants.delegation import (
    Delegation,
    EndDelegation,
    NewDelegation,
    delegate,
    delegations,
    end_delegation,
)
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key

LIMIT = {"kind": "role", "subject": "agent", "currency": "EUR", "most": 100000, "period_days": 7}


class LimitList(msgspec.Struct, frozen=True):
    items: list[Limit]


class DelegationList(msgspec.Struct, frozen=True):
    items: list[Delegation]


@post("/limits", summary="Set a limit", status_code=201, opt={"example": LIMIT})
async def create_limit(data: JSONBody[NewLimit], door: Door, who: Caller, key: Key) -> Response[Limit]:
    """What is granted is counted over the days before each moment. A choice that would pass the limit waits for a
    second person. A limit of `agent`, `team` or `role` also bounds what such a person approves.

    It takes the place of a limit of the same kind, subject, program, currency and period.
    """
    return answered(await door.write(set_limit, who, data, key), 201, Limit)


@get("/limits", summary="The limits in force")
async def index_limits(door: Door, who: Caller) -> LimitList:
    async with door.read(who.merchant_id) as tx:
        return LimitList(await limits(tx))


@delete("/limits/{limit_id:str}", summary="End a limit", status_code=200)
async def remove_limit(limit_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Limit]:
    """It stays on record."""
    return answered(await door.write(end_limit, who, EndLimit(limit_id), key), 200, Limit)


@post("/delegations", summary="Let another decide in an agent's place", status_code=201)
async def create_delegation(data: JSONBody[NewDelegation], door: Door, who: Caller, key: Key) -> Response[Delegation]:
    """For at most 92 days; it ends by itself. What is lent is the lender's own authority to approve, never on
    proposals of his own, and it cannot be lent on."""
    return answered(await door.write(delegate, who, data, key), 201, Delegation)


@get("/delegations", summary="Who stands in for whom")
async def index_delegations(door: Door, who: Caller) -> DelegationList:
    """Those that run now or are still to come."""
    async with door.read(who.merchant_id) as tx:
        return DelegationList(await delegations(tx, door.clock()))


@delete("/delegations/{delegation_id:str}", summary="End a delegation before its time", status_code=200)
async def remove_delegation(delegation_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Delegation]:
    return answered(await door.write(end_delegation, who, EndDelegation(delegation_id), key), 200, Delegation)


router = Router(
    "/authority",
    route_handlers=[
        create_limit, index_limits, remove_limit, create_delegation, index_delegations, remove_delegation,
    ],
    tags=["Authority"],
)  # fmt: skip
