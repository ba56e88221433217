"""PostgreSQL killed or frozen under load: what was acknowledged is there, and nobody waits for ever."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest

from compensation.db.pool import ACQUIRE
from tests.faults.house import PATIENCE, sound
from tests.faults.shop import CALLERS, CAREFUL, CARELESS, STATEMENT, Shop, shop, trading
from tests.setup.processes import descendants

DEADLINE = ACQUIRE + STATEMENT + 1
"""Seconds after which a caller has his answer at the latest: a connection, then a statement and the driver's second."""


async def kill_three_times(at: Shop) -> None:
    async with trading(at):
        for _ in range(3):
            await at.acknowledged(100)
            await at.postgres.kill()
            await at.postgres.start()
        await at.acknowledged(CALLERS)


async def test_what_was_acknowledged_survives_kill_9_of_postgresql_under_load(tmp_path: Path) -> None:
    async with shop(tmp_path, CAREFUL) as at:
        await kill_three_times(at)
        assert len(at.caller.kept) > 300
        assert await at.lost() == []
        await at.caller.ask_all_again()
        assert at.caller.refused, "nobody was refused, so it was never away"
        assert at.caller.longest < DEADLINE + 1
        assert not at.house.deaths, "the web process outlives its database"
        owner = await asyncpg.connect(at.postgres.url)
        await sound(owner)
        await owner.close()


async def test_the_control_loses_what_it_acknowledged(tmp_path: Path) -> None:
    """Were nothing lost here, the test above would not show that anything could have been."""
    async with shop(tmp_path, CARELESS) as at:
        await kill_three_times(at)
        lost = await at.lost()
    if not lost:
        pytest.fail("with synchronous_commit=off nothing was lost: on this machine the test above proves nothing")


async def test_a_frozen_postgresql_is_a_503_in_time_for_everybody_and_then_goes_on(tmp_path: Path) -> None:
    async with shop(tmp_path, CAREFUL) as at:
        async with trading(at):
            await at.acknowledged(100)
            frozen = [at.postgres.pid, *descendants(at.postgres.pid)]
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                # Some were in a statement, some wait behind a shared commit, some for a connection: all hear of it.
                refused = at.caller.refused
                async with asyncio.timeout(PATIENCE):
                    while at.caller.refused < refused + 2 * CALLERS:
                        await asyncio.sleep(0.01)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            await at.acknowledged(100)
        assert at.caller.longest < DEADLINE + 1
        assert await at.lost() == []
        owner = await asyncpg.connect(at.postgres.url)
        await sound(owner)
        await owner.close()
