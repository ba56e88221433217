"""The product as its operator runs it, in processes of its own that can be killed, and a caller who never gives up."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx

from compensation.core.vault import Vault
from compensation.db.audit import audit

PATIENCE = 60.0
"""Seconds after which a house that does not answer has failed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """``serve`` and ``work`` on one database. ``crash`` names a point at which the process kills itself."""

    def __init__(self, database_url: str, folder: Path, redis_url: str = "", payments_url: str = "") -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._log = (folder / "house.log").open("ab")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COMPENSATION_")},
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "COMPENSATION_PORT": str(self.port),
            "COMPENSATION_BASE_URL": self.base,
            "COMPENSATION_DATA": str(folder),
            "COMPENSATION_ENVIRONMENT": "development",
            "COMPENSATION_KEYS": f"1:{Vault.new_root()}",
            "COMPENSATION_PAYMENTS_URL": payments_url,
            "COMPENSATION_SMTP_URL": f"smtp://127.0.0.1:{free_port()}",
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in list(self.processes):
            await self.stop(name)
        self._log.close()

    @property
    def environment(self) -> dict[str, str]:
        return self._environment

    async def start(self, name: str, crash: str = "") -> None:
        """Start ``serve`` or ``work`` and, for the web, wait until it answers or has died."""
        environment = self._environment | ({"COMPENSATION_CRASH": crash} if crash else {})
        self.processes[name] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "compensation", name, env=environment, stdout=self._log, stderr=self._log
        )
        if name == "serve":
            async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
                while not self.dead(name) and not await _answers(client, f"{self.base}/health"):
                    await asyncio.sleep(0.05)

    def dead(self, name: str) -> bool:
        return name not in self.processes or self.processes[name].returncode is not None

    async def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(PATIENCE):
            await process.wait()

    async def died(self, name: str) -> int:
        """Wait until the process has died, and say how."""
        async with asyncio.timeout(PATIENCE):
            return await self.processes[name].wait()

    async def revive(self) -> None:
        """Start again what has died, as its operator's supervisor would."""
        for name in ("serve", "work"):
            if name in self.processes and self.dead(name):
                await self.start(name)


class Caller:
    """A merchant's system that sends the same request with the same key until it gets an answer that will stay."""

    def __init__(self, house: House, api_key: str) -> None:
        self.house = house
        self._client = httpx.AsyncClient(
            base_url=house.base, headers={"Authorization": f"Bearer {api_key}"}, timeout=10
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: Any, key: str) -> httpx.Response:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self._client.post(path, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    await self.house.revive()
                    continue
                if answer.status_code < 500 and "retry-after" not in answer.headers:
                    return answer
                await asyncio.sleep(0.1)

    async def get(self, path: str) -> Any:
        answer = await self._client.get(path)
        answer.raise_for_status()
        return answer.json()


async def drained(owner: asyncpg.Connection, house: House) -> None:
    """Wait until every outbox row has come to an end, reviving what dies. Leases that the dead left are ended."""
    async with asyncio.timeout(PATIENCE):
        while await owner.fetchval(
            "SELECT count(*) FROM outbox WHERE ended IS NULL AND due_at < now() + interval '1 h'"
        ):
            await house.revive()
            # Time passes: what a dead worker held, and what waits for its next attempt, is due now.
            await owner.execute(
                "UPDATE outbox SET due_at = now() WHERE ended IS NULL AND due_at < now() + interval '1 h'"
            )
            await asyncio.sleep(0.2)


async def sound(owner: asyncpg.Connection) -> None:
    """The audit finds nothing."""
    broken = await audit(owner)
    assert not broken, {says: [dict(row) for row in rows[:3]] for says, rows in broken.items()}


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def calling(house: House, api_key: str) -> AsyncIterator[Caller]:
    caller = Caller(house, api_key)
    try:
        yield caller
    finally:
        await caller.close()
