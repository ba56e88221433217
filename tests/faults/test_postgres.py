"""PostgreSQL killed or frozen under load: what was acknowledged is there, and nobody waits for ever."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from compensation.db.embedded import Postgres
from compensation.db.migrate import migrate
from compensation.db.pool import ACQUIRE
from tests.faults.caller import Caller, calling
from tests.faults.house import PATIENCE, House, sound
from tests.setup.processes import descendants

CALLERS = 16
STATEMENT = 4.0
"""Seconds a statement may take in these tests: so many that a caller who waits for two in vain is noticed."""
DEADLINE = ACQUIRE + STATEMENT + 1
"""Seconds after which a caller has his answer at the latest: a connection, then a statement and the driver's second."""

# Commits are acknowledged before they are written, and written only when the writer wakes up, every ten seconds.
CARELESS: dict[str, str | int] = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
CAREFUL: dict[str, str | int] = {"synchronous_commit": "on", "fsync": "on"}


class Shop:
    """Callers on one house, whose PostgreSQL is its own and may be ill-treated."""

    def __init__(self, postgres: Postgres, house: House, caller: Caller) -> None:
        self.postgres, self.house, self.caller = postgres, house, caller
        self._number = 0

    async def order(self) -> httpx.Response:
        """The next order, asked for until it is acknowledged."""
        self._number += 1
        body = {"items": [{"kind": "gift_card", "amount": {"amount": 5_00, "currency": "EUR"}}]}
        return await self.caller.post("/v1/orders", body, f"order-{self._number}")

    async def trade(self) -> None:
        """Order and spend, without end."""
        while True:
            order = (await self.order()).json()
            reward_id = order["rewards"][0]["id"]
            code = await self.caller.reveal(reward_id)
            spend = {"code": code, "amount": {"amount": 2_00, "currency": "EUR"}}
            await self.caller.post("/v1/gift-cards/redeem", spend, f"spend-{reward_id}")

    async def acknowledged(self, more: int) -> None:
        """Wait until so many more answers were given."""
        wanted = len(self.caller.kept) + more
        async with asyncio.timeout(PATIENCE):
            while len(self.caller.kept) < wanted:
                await asyncio.sleep(0.005)

    async def lost(self) -> list[str]:
        """The keys whose acknowledged answer is not in the database any more."""
        owner = await asyncpg.connect(self.postgres.url)
        try:
            rows = await owner.fetch("SELECT key, answer FROM idempotency_keys")
        finally:
            await owner.close()
        kept = {row["key"]: row["answer"] for row in rows}
        return [key for key, promise in self.caller.kept.items() if kept.get(key) != promise.answer]


@asynccontextmanager
async def shop(folder: Path, settings: dict[str, str | int]) -> AsyncIterator[Shop]:
    async with Postgres(settings=settings) as postgres:
        owner = await asyncpg.connect(postgres.url)
        await migrate(owner)
        async with House(postgres.url, folder, statement_timeout=str(STATEMENT)) as house:
            demo = await house.seed(owner)
            # The demo merchant itself is not what may be lost.
            await owner.execute("CHECKPOINT")
            await owner.close()
            await house.start("serve")
            async with calling(house, demo.api_key) as caller:
                yield Shop(postgres, house, caller)


@asynccontextmanager
async def trading(at: Shop) -> AsyncIterator[None]:
    """Callers at work. At the end each has the answer he waits for."""
    traders = [asyncio.create_task(at.trade()) for _ in range(CALLERS)]
    try:
        yield
        failed = [task for task in traders if task.done()]
        await asyncio.gather(*failed)
    finally:
        for task in traders:
            task.cancel()
        await asyncio.gather(*traders, return_exceptions=True)


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
