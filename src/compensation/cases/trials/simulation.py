"""A simulation: a policy that is not live yet tried on cases that were; asked for, followed, called off, read."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from compensation.cases.trials import sql
from compensation.cases.trials.samples import samples
from compensation.cases.trials.tally import Tally
from compensation.catalog.version import policy_version
from compensation.core.errors import Conflict, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import SimulationState
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``over`` past cases, the newest ``at_most`` of them, or the incidents that ship as samples."""

    over: Literal["past", "samples"] = "past"
    at_most: Annotated[int, Meta(ge=1, le=5_000_000)] = 1_000_000


class NewSimulation(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    policy_id: str


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    policy_id: str
    simulation_id: str


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """``tally`` compares the policies that decide today (before) with this one (after), as far as it was ``seen``."""

    id: str
    policy_id: str
    policy: str
    state: SimulationState
    over: str
    total: int
    seen: int
    reached: str | None
    tally: Tally
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the way: from where to where, and what was counted on it."""

    simulation_id: str
    policy_id: str
    since: str | None
    reached: str | None
    counted: Tally
    over: bool
    failed: bool = False


async def simulate(tx: Tx, who: Who, what: NewSimulation, at: datetime) -> Simulation:
    """Begin. Raises NotFound ``unknown_policy_version``, Conflict ``simulation_running``."""
    await policy_version(tx, what.policy_id)
    total = len(samples(at.date())) if what.over == "samples" else await tx.value(sql.PAST_CASES, what.at_most)
    simulation_id = new_id("sim")
    added = await tx.run(sql.ADD_SIMULATION, simulation_id, what.policy_id, what.over, total, who.actor, at)
    if not added:
        raise Conflict("simulation_running", "A simulation of this version is running; wait for it, or cancel it.")
    tx.tell("simulate", simulation_id)
    return await simulation(tx, what.policy_id, simulation_id)


async def cancel(tx: Tx, who: Who, what: Cancel, at: datetime) -> Simulation:
    """Stop it; what was counted until now stands. Raises NotFound ``unknown_simulation``, Refused ``wrong_state``."""
    found = read(await _row(tx, sql.LOCK_SIMULATION, what.policy_id, what.simulation_id))
    if found.state is not SimulationState.running:
        raise Refused("wrong_state", f"The simulation is {found.state} already.", state=found.state.value)
    await tx.run(
        sql.PROGRESS, found.id, found.seen, found.total, found.reached, found.tally, SimulationState.cancelled, at
    )
    return await simulation(tx, what.policy_id, found.id)


async def record_progress(tx: Tx, who: Who, what: Progress, at: datetime) -> Simulation:
    """Add a stretch to the tally, and ask for the next. A stretch that was recorded before, or comes too late, is not.

    The end is where nothing is left; fewer cases than were counted at first are told as the total that they were.
    """
    found = read(await _row(tx, sql.LOCK_SIMULATION, what.policy_id, what.simulation_id))
    if found.state is not SimulationState.running or found.reached != what.since:
        return found
    found.tally.join(what.counted)
    seen = found.seen + what.counted.seen
    state = SimulationState.running
    if what.over or what.failed:
        state = SimulationState.failed if what.failed else SimulationState.done
    total = seen if what.over else max(found.total, seen)
    ended = at if state is not SimulationState.running else None
    await tx.run(sql.PROGRESS, found.id, seen, total, what.reached, found.tally, state, ended)
    if ended is None:
        tx.tell("simulate", found.id)
    return await simulation(tx, what.policy_id, found.id)


async def simulation(tx: Tx, policy_id: str, simulation_id: str) -> Simulation:
    """Raises NotFound ``unknown_simulation``."""
    return read(await _row(tx, sql.SIMULATION, policy_id, simulation_id))


async def simulations(tx: Tx, policy_id: str, limit: int = 20) -> list[Simulation]:
    """Of one version, the newest first."""
    return [read(row) for row in await tx.rows(sql.SIMULATIONS, policy_id, limit)]


def read(row: Any) -> Simulation:
    tally = msgspec.convert(row["tally"], Tally)
    return Simulation(**dict(row) | {"state": SimulationState(row["state"]), "tally": tally})


async def _row(tx: Tx, statement: str, policy_id: str, simulation_id: str) -> Any:
    row = await tx.row(statement, policy_id, simulation_id)
    if row is None:
        raise NotFound("unknown_simulation", "There is no such simulation of this version.")
    return row
