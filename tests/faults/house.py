"""The product as its operator runs it: processes that can be killed, and a supervisor who starts them again.

How a process starts from nothing is tried in tests/setup and tests/web; here it is forked from a warm parent.
"""

import asyncio
import os
import random
import signal
import socket
from pathlib import Path
from typing import Self

import asyncpg
import httpx

from compensation.core.settings import load
from compensation.core.vault import Vault
from compensation.db.audit import audit
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo, seed
from tests.faults.zygote import Life, Zygote

PATIENCE = 60.0
"""Seconds after which a house that does not answer has failed."""
IN_VAIN = 20
"""Starts in a row that a web process may not survive: its point may come early, its database may be away a while."""

_CHANCE = random.SystemRandom()


def free_port() -> int:
    """A port that is free and stays so while whoever has it is dead: below those that outgoing connections are given.

    Else a caller who knocks at a dead process could be given that very port, and be connected with himself.
    """
    while True:
        port = _CHANCE.randrange(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class House:
    """Any number of ``serve`` and ``work`` on one database: ``work``, ``serve``, and ``serve.2`` beside it.

    ``settings`` are COMPENSATION_ variables by their names in small letters. ``crash`` names a point at which the
    process kills itself. Nothing is started yet.
    """

    def __init__(
        self, database_url: str, folder: Path, redis_url: str = "", payments_url: str = "", **settings: str
    ) -> None:
        self._ports = {"serve": free_port()}
        self.base = self.base_of("serve")
        self.processes: dict[str, Life] = {}
        self.deaths = 0
        """How many processes died by SIGKILL, by our hand or by their own."""
        self.doomed: set[str] = set()
        """Processes that somebody kills and starts again by a plan, so that nobody else revives them."""
        self.fate = ""
        """The point at which whatever is revived is to die again."""
        self._reviving = asyncio.Lock()
        self._vain = 0
        self.log = folder / "house.log"
        self._zygote = Zygote(self.log)
        told = {
            "base_url": self.base,
            "data": str(folder),
            "environment": "development",
            "keys": f"1:{Vault.new_root()}",
            "payments_url": payments_url,
            "smtp_url": f"smtp://127.0.0.1:{free_port()}",
        } | settings
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COMPENSATION_")},
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            **{f"COMPENSATION_{name.upper()}": value for name, value in told.items()},
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in list(self.processes):
            await self.stop(name)
        await self._zygote.close()

    @property
    def environment(self) -> dict[str, str]:
        return self._environment

    @property
    def keys(self) -> str:
        """The keys it seals by: whoever opens its database elsewhere needs them too."""
        return self._environment["COMPENSATION_KEYS"]

    def base_of(self, name: str) -> str:
        """Where this web process answers. It keeps its port when it is started again."""
        return f"http://127.0.0.1:{self._ports.setdefault(name, free_port())}"

    async def seed(self, owner: asyncpg.Connection) -> Demo:
        """The demo merchant, in the database and under the keys of this house."""
        settings = load(self._environment)
        pool = await open_pool(settings, size=2)
        try:
            return await seed(Doorway(pool, Vault.parse(settings.keys)), owner, settings.data / "demo.toml")
        finally:
            await pool.close()

    async def start(self, name: str, crash: str = "") -> None:
        """Start ``serve`` or ``work`` and, for the web, wait until it answers or has died."""
        told = {"COMPENSATION_CRASH": crash} if crash else {}
        command, _, _ = name.partition(".")
        if command == "serve":
            told["COMPENSATION_PORT"] = self.base_of(name).rpartition(":")[2]
        self.processes[name] = await self._zygote.bear(command, self._environment | told)
        if command == "serve":
            async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
                while not self.dead(name) and not await _answers(client, f"{self.base_of(name)}/health"):
                    await asyncio.sleep(0.01)
            self._vain = self._vain + 1 if self.dead(name) else 0
            assert self._vain < IN_VAIN, f"{name} ends as soon as it is started: see {self.log}"

    def dead(self, name: str) -> bool:
        return name not in self.processes or self.processes[name].returncode is not None

    async def kill(self, name: str) -> None:
        """Kill -9, to be started again by hand."""
        process = self.processes.pop(name)
        process.send(signal.SIGKILL)
        await process.wait()
        self.deaths += 1

    async def stop(self, name: str) -> None:
        """Ask it to finish what it has begun, and wait."""
        process = self.processes.pop(name)
        process.send(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await process.wait()

    async def died(self, name: str) -> int:
        """Wait until the process has died, and say how."""
        async with asyncio.timeout(PATIENCE):
            return await self.processes[name].wait()

    async def revive(self) -> list[str]:
        """Start again what has died, as its operator's supervisor would, and say what it was."""
        async with self._reviving:
            died = [name for name in self.processes if self.dead(name) and name not in self.doomed]
            for name in died:
                self.deaths += self.processes[name].returncode == -signal.SIGKILL
                await self.start(name, self.fate)
        return died


async def drained(owner: asyncpg.Connection, house: House, within: float = PATIENCE) -> None:
    """Wait until every outbox row has come to its end, and none to a dead one, reviving what dies.

    Time passes faster here: what a dead worker held on lease is due at once, and so is what waits for longer than any
    lease, such as the look a refund gets after ten days. A living worker's lease is left to it.
    """
    await end_leases(owner)
    async with asyncio.timeout(within):
        while await owner.fetchval("SELECT count(*) FROM outbox WHERE ended IS NULL"):
            if await house.revive():
                await end_leases(owner)
            await owner.execute(
                "UPDATE outbox SET due_at = now() WHERE ended IS NULL AND due_at > now() + interval '61 s'"
            )
            await asyncio.sleep(0.05)
    dead = await owner.fetch("SELECT topic, subject_id, last_error FROM outbox WHERE ended = 'dead'")
    assert not dead, [dict(row) for row in dead]


async def end_leases(owner: asyncpg.Connection) -> int:
    """Let the time pass for which the dead hold what they had claimed. Says how much that was."""
    done: str = await owner.execute(
        "UPDATE outbox SET due_at = now() WHERE ended IS NULL AND attempts > 0 AND due_at > now()"
    )
    return int(done.rpartition(" ")[2])


async def sound(owner: asyncpg.Connection) -> None:
    """The audit finds nothing."""
    broken = await audit(owner)
    assert not broken, {says: [dict(row) for row in rows[:3]] for says, rows in broken.items()}


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False
