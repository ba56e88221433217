"""Callers who order and spend without end, at a house whose PostgreSQL is its own and may be ill-treated."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx

from compensation.db.embedded import Postgres
from compensation.db.migrate import migrate
from tests.faults.caller import Caller, calling
from tests.faults.house import PATIENCE, House

CALLERS = 16
STATEMENT = 4.0
"""Seconds a statement may take in these tests: so many that a caller who waits for two in vain is noticed."""

# Commits are acknowledged before they are written, and written only when the writer wakes up, every ten seconds.
CARELESS: dict[str, str | int] = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
CAREFUL: dict[str, str | int] = {"synchronous_commit": "on", "fsync": "on"}
if sys.platform == "linux":
    # After a crash every file is written to the disk again, one by one, which takes seconds; or all by one call.
    for _settings in (CARELESS, CAREFUL):
        _settings["recovery_init_sync_method"] = "syncfs"


class Shop:
    """Callers on one house, whose PostgreSQL is its own and may be ill-treated."""

    def __init__(self, postgres: Postgres, house: House, caller: Caller, api_key: str) -> None:
        self.postgres, self.house, self.caller, self.api_key = postgres, house, caller, api_key
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

    async def lost(self, url: str = "") -> list[str]:
        """The keys whose acknowledged answer is not in the database, or in the one at ``url``, any more."""
        owner = await asyncpg.connect(url or self.postgres.url)
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
                yield Shop(postgres, house, caller, demo.api_key)


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
