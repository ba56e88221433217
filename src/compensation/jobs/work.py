"""The worker process: answers the bell, and sweeps, because a bell may be silent, lost, or rung for nobody."""

import asyncio
import contextlib
import signal
from typing import Any, cast

import structlog
from arq.typing import WorkerCoroutine
from arq.worker import Worker as Arq
from arq.worker import func

from compensation.cases.evidence.files import Files
from compensation.cases.evidence.sweep import sweep_files
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.outbox import merchants
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.jobs.bell import Bell, decode, encode, redis_settings
from compensation.jobs.dispatch import DEADLINE, Worker
from compensation.partners import open_partners
from compensation.partners.objects import Objects
from compensation.points.earn import AT_ONCE as EARNINGS_AT_ONCE
from compensation.points.earn import Sweep, Swept, expire_earned, release_due
from compensation.redemption.expire import AT_ONCE, Expire, Expired, expire
from compensation.redemption.release import Ended, EndHolds, end_holds

log = structlog.get_logger()
SWEEP = 1.0
"""Seconds between two looks for work that nobody rang for."""
EXPIRY = 60.0
"""Seconds between two looks for value past its date."""
CLEARING = 3600.0
"""Seconds between two looks for files that belong to nothing."""


def main(settings: Settings) -> int:
    """The command: works until it is told to stop, finishing what it has begun."""
    asyncio.run(run(settings))
    return 0


async def run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    pool = await open_pool(settings)
    bell = Bell(settings.redis_url)
    door = Doorway(pool, Vault.parse(settings.keys), ring=bell.ring)
    async with open_partners(settings) as partners:
        worker = Worker(door, partners, Post(settings))
        loops = [asyncio.create_task(sweep(worker, stop)), asyncio.create_task(let_expire(door, stop))]
        files = Objects(settings.evidence_url, settings.data)
        loops.append(asyncio.create_task(clear_files(door, files, stop)))
        if settings.redis_url:
            loops.append(asyncio.create_task(answer(worker, settings.redis_url)))
        log.info("worker_ready")
        await stop.wait()
        loops[-1].cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await worker.settle()
    await door.settle()
    await bell.close()
    await pool.close()


async def answer(worker: Worker, redis_url: str) -> None:
    """Do the rows the bell names. arq dies when Redis restarts, so it is made anew for as long as we live."""

    async def work(context: dict[str, Any], merchant_id: str, task_id: str) -> None:
        await worker.work_one(merchant_id, task_id)

    while True:
        arq = Arq(
            [func(cast(WorkerCoroutine, work), name="work", keep_result=0, max_tries=1, timeout=DEADLINE + 5)],
            redis_settings=redis_settings(redis_url),
            handle_signals=False,
            log_results=False,
            poll_delay=0.1,
            max_jobs=10,
            job_serializer=encode,
            job_deserializer=decode,
        )
        try:
            await arq.main()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # Redis is away: the sweep goes on, and we try again
            log.warning("bell_is_silent", error=type(error).__name__)
        finally:
            with contextlib.suppress(Exception):
                await arq.close()
        await asyncio.sleep(SWEEP)


async def sweep(worker: Worker, stop: asyncio.Event) -> None:
    """Look through every merchant's outbox again and again, a bounded share each time so that none waits long."""
    while not stop.is_set():
        try:
            for merchant_id in await merchants(worker.door):
                if stop.is_set():
                    return
                await worker.work_all(merchant_id, at_most=50)
        except Exception as error:  # the database is away: it is asked again at the next sweep
            log.warning("sweep_failed", error=type(error).__name__)
        await _pause(stop, SWEEP)


async def let_expire(door: Doorway, stop: asyncio.Event) -> None:
    """Post what is past its time, and release points that are due, merchant by merchant."""
    while not stop.is_set():
        try:
            for merchant_id in await merchants(door):
                who, full = Who(merchant_id, "system:expire"), True
                # Holds first: a card that is past its date expires once nothing of it is held.
                while full and not stop.is_set():
                    ended = (await door.write(end_holds, who, EndHolds())).read(Ended).count
                    expired = (await door.write(expire, who, Expire())).read(Expired).count
                    released = (await door.write(release_due, who, Sweep())).read(Swept).count
                    over = (await door.write(expire_earned, who, Sweep())).read(Swept).count
                    full = AT_ONCE in (ended, expired) or EARNINGS_AT_ONCE in (released, over)
        except Exception as error:
            log.warning("expiry_failed", error=type(error).__name__)
        await _pause(stop, EXPIRY)


async def clear_files(door: Doorway, files: Files, stop: asyncio.Event) -> None:
    """Remove files of evidence that nobody speaks of, merchant by merchant."""
    while not stop.is_set():
        try:
            for merchant_id in await merchants(door):
                if not stop.is_set():
                    await sweep_files(door, files, merchant_id, door.clock())
        except Exception as error:  # the store or the database is away: what is left lies there until the next round
            log.warning("files_not_cleared", error=type(error).__name__)
        await _pause(stop, CLEARING)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
