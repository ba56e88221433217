"""The web process as its operator runs it, for tests of how it starts, stands and stops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import msgspec

from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.embedded.child import free_port
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo, seed

PATIENCE = 60.0
"""Seconds after which a process that does not do what it should has failed."""


class Web(msgspec.Struct):
    """``compensation serve`` on a database. ``folder`` keeps its log and the demo's logins."""

    database_url: str
    folder: Path
    redis_url: str = ""
    port: int = msgspec.field(default_factory=free_port)
    keys: str = msgspec.field(default_factory=lambda: f"1:{Vault.new_root()}")
    process: asyncio.subprocess.Process | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "web.log").read_text(encoding="utf-8")

    async def begin(self) -> asyncio.subprocess.Process:
        """Start it, without waiting for anything."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPENSATION_")} | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "COMPENSATION_PORT": str(self.port),
            "COMPENSATION_BASE_URL": self.base,
            "COMPENSATION_DATA": str(self.folder),
            "COMPENSATION_ENVIRONMENT": "development",
            "COMPENSATION_KEYS": self.keys,
        }
        with (self.folder / "web.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "compensation", "serve", env=environment, stdout=log, stderr=log
            )

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = await self.begin()
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
            while True:
                assert self.process.returncode is None, self.log
                try:
                    await client.get(f"{self.base}/health")
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
                else:
                    return

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and say how it ended."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def seed(self) -> Demo:
        """The demo merchant, in its database and under its keys."""
        owner = await asyncpg.connect(self.database_url)
        pool = await open_pool(Settings(database_url=self.database_url), size=2)
        try:
            return await seed(Doorway(pool, Vault.parse(self.keys)), owner, self.folder / "demo.toml")
        finally:
            await pool.close()
            await owner.close()


@asynccontextmanager
async def running(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    """The process with the demo merchant, and its developer's client."""
    demo = await web.seed()
    await web.start()
    headers = {"authorization": f"Bearer {demo.api_key}"}
    try:
        async with httpx.AsyncClient(base_url=web.base, headers=headers, timeout=30) as client:
            yield client
    finally:
        await web.stop()
