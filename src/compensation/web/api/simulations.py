"""Before a policy is live: try it on past cases, and see what it decides in the shadow."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, Parameter

from compensation.cases.trials.shadow import ShadowDecision, ShadowSums, shadow_decisions, shadow_sums
from compensation.cases.trials.simulation import (
    Cancel,
    NewSimulation,
    Simulation,
    Wanted,
    cancel,
    simulate,
    simulation,
    simulations,
)
from compensation.catalog.version import policy_version
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key, Size


class SimulationList(msgspec.Struct, frozen=True):
    items: list[Simulation]


class ShadowPage(msgspec.Struct, frozen=True):
    """``sums`` by currency over all cases; ``items`` are those it decided otherwise, ``next`` the cursor for more."""

    sums: list[ShadowSums]
    items: list[ShadowDecision]
    next: str | None


@post("/simulations", summary="Try it on past cases", status_code=202, opt={"example": {"over": "past"}})
async def create(
    policy_id: FromPath[str], data: JSONBody[Wanted], door: Door, who: Caller, key: Key
) -> Response[Simulation]:
    """Decides past cases (or the samples) by this version, whatever its days, beside the policies that decide today.

    It runs in the background, one at a time for a version; read it to see how far it is. Nothing about a case changes.
    """
    asked = NewSimulation(policy_id=policy_id, over=data.over, at_most=data.at_most)
    return answered(await door.write(simulate, who, asked, key), 202, Simulation)


@get("/simulations", summary="What was tried")
async def index(policy_id: FromPath[str], door: Door, who: Caller) -> SimulationList:
    """The latest twenty, the newest first."""
    async with door.read(who.merchant_id) as tx:
        await policy_version(tx, policy_id)
        return SimulationList(await simulations(tx, policy_id))


@get("/simulations/{simulation_id:str}", summary="How far it is, and what it found")
async def read(policy_id: FromPath[str], simulation_id: FromPath[str], door: Door, who: Caller) -> Simulation:
    """`before` is by the policies that decide today, `after` by this version; sums in minor units of their currency."""
    async with door.read(who.merchant_id) as tx:
        return await simulation(tx, policy_id, simulation_id)


@post("/simulations/{simulation_id:str}/cancel", summary="Stop it", status_code=200)
async def stop(
    policy_id: FromPath[str], simulation_id: FromPath[str], door: Door, who: Caller, key: Key
) -> Response[Simulation]:
    """What was counted until then stands."""
    asked = Cancel(policy_id=policy_id, simulation_id=simulation_id)
    return answered(await door.write(cancel, who, asked, key), 200, Simulation)


@get("/shadow-decisions", summary="What it decided in the shadow")
async def read_shadow(
    policy_id: FromPath[str],
    door: Door,
    who: Caller,
    cursor: Annotated[str | None, Parameter(max_length=64)] = None,
    limit: Size = 50,
) -> ShadowPage:
    """Over the cases reported while it was in the shadow and meant for them."""
    async with door.read(who.merchant_id) as tx:
        await policy_version(tx, policy_id)
        found = await shadow_decisions(tx, policy_id, cursor, limit + 1)
        sums = await shadow_sums(tx, policy_id)
    return ShadowPage(sums, found[:limit], found[limit - 1].case_id if len(found) > limit else None)


router = Router("/policies/{policy_id:str}", route_handlers=[create, index, read, stop, read_shadow], tags=["Policies"])
