"""The work of a simulation: past cases read stretch by stretch, reckoned on every core, and the tally kept."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from compensation.cases.trials import sql
from compensation.cases.trials.reckon import Brief, Reckoner, Row
from compensation.cases.trials.samples import samples
from compensation.cases.trials.simulation import Progress, Simulation, record_progress, simulation
from compensation.cases.trials.tally import Count, Tally
from compensation.catalog.version import policy_text, policy_versions
from compensation.core.states import PolicyState
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway

STRETCH = 8.0
"""Seconds of reckoning between two entries of progress."""
BATCH = 1_000
"""Cases read and handed over at a time."""
TRIES = 4
"""Attempts at one stretch before the simulation is said to have failed."""


async def run(door: Doorway, task: Task) -> None:
    """One stretch of a simulation. Whoever dies on the way has counted nothing: the stretch is gone again."""
    async with door.read(task.merchant_id) as tx:
        policy_id = await tx.value(sql.SIMULATION_WORK, task.subject_id)
        if policy_id is None:
            return
        asked = await simulation(tx, policy_id, task.subject_id)
        brief = await _brief(tx, policy_id, asked)
    who = Who(task.merchant_id, "system:simulate")
    try:
        done = _samples(asked, brief) if asked.over == "samples" else await _stretch(door, who, asked, brief)
    except (asyncio.IncompleteReadError, ConnectionError):
        # A reckoner died: of too little memory, or of a fault of ours that its standard error tells.
        if task.attempts < TRIES:
            raise
        done = _progress(asked, asked.reached, Tally(), over=False, failed=True)
    await door.write(record_progress, who, done)


async def _brief(tx: Tx, policy_id: str, asked: Simulation) -> Brief:
    live = await policy_versions(tx, state=PolicyState.published)
    texts = [(await policy_text(tx, one.id)).text for one in live]
    rows = await tx.rows(sql.POLICY_OF_PROGRAMS)
    return Brief(
        draft=(await policy_text(tx, policy_id)).text,
        live=tuple(texts),
        programs={row["id"]: (row["policy"], row["brand_id"]) for row in rows},
        today=asked.asked_at.date(),
    )


def _samples(asked: Simulation, brief: Brief) -> Progress:
    count, reckoner = Count(), Reckoner(brief)
    for name, inputs in samples(brief.today):
        reckoner.count(count, name, inputs, None)
    return _progress(asked, None, count.done(), over=True)


async def _stretch(door: Doorway, who: Who, asked: Simulation, brief: Brief) -> Progress:
    """Read and hand over until the time is up or nothing is left."""
    loop = asyncio.get_running_loop()
    until, tally, reached, left = loop.time() + STRETCH, Tally(), asked.reached, asked.total - asked.seen
    async with _crew(brief) as crew:
        idle: asyncio.Queue[Process] = asyncio.Queue()
        for process in crew:
            idle.put_nowait(process)
        under_way: set[asyncio.Task[None]] = set()

        async def reckon(process: Process, rows: list[Row]) -> None:
            tally.join(await _ask(process, rows))
            idle.put_nowait(process)

        while left > 0 and loop.time() < until:
            async with door.read(who.merchant_id) as tx:
                found = await tx.rows(sql.PAST, reached, min(BATCH, left))
            if not found:
                left = 0
                break
            reached, left = found[-1]["id"], left - len(found)
            rows = [Row(row["case_id"], row["document"], row["chosen"]) for row in found]
            under_way.add(asyncio.create_task(reckon(await _free(idle, under_way), rows)))
        await asyncio.gather(*under_way)
    return _progress(asked, reached, tally, over=left <= 0)


async def _free(idle: "asyncio.Queue[Process]", under_way: set["asyncio.Task[None]"]) -> Process:
    """The next process that has nothing to do; whatever fails meanwhile is raised here."""
    waiting = asyncio.ensure_future(idle.get())
    try:
        while not waiting.done():
            done, _ = await asyncio.wait({waiting, *under_way}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {waiting}:
                under_way.discard(task)
                task.result()
        return waiting.result()
    finally:
        waiting.cancel()


@asynccontextmanager
async def _crew(brief: Brief) -> AsyncIterator[list[Process]]:
    """A reckoner for every core, told what to try. They end with the block, whatever happens in it."""
    crew: list[Process] = []
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    try:
        for _ in range(max(1, min(os.cpu_count() or 1, 8))):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "compensation.cases.trials.reckon", stdin=PIPE, stdout=PIPE, env=environment
            )
            crew.append(process)
            await _send(process, msgspec.msgpack.encode(brief))
        yield crew
    finally:
        for process in crew:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _ask(process: Process, rows: list[Row]) -> Tally:
    await _send(process, msgspec.msgpack.encode(rows))
    assert process.stdout is not None, "it was started with a pipe"
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    return msgspec.msgpack.decode(await process.stdout.readexactly(size), type=Tally)


async def _send(process: Process, frame: bytes) -> None:
    assert process.stdin is not None, "it was started with a pipe"
    process.stdin.write(len(frame).to_bytes(4, "big") + frame)
    await process.stdin.drain()


def _progress(asked: Simulation, reached: str | None, tally: Tally, *, over: bool, failed: bool = False) -> Progress:
    return Progress(
        simulation_id=asked.id, policy_id=asked.policy_id, since=asked.reached, reached=reached, counted=tally,
        over=over, failed=failed,
    )  # fmt: skip
