"""The product as its operator runs it, on a PostgreSQL of its own with every safety on."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from bench.client import connect
from compensation.core.money import MAX_AMOUNT, Money
from compensation.core.settings import Settings
from compensation.core.vault import Vault, digest
from compensation.db.answers import Who
from compensation.db.embedded import Postgres, Valkey
from compensation.db.embedded.child import free_port
from compensation.db.migrate import migrate
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.credential import NewKey, add_api_key, new_api_key
from compensation.merchants.demo import BRAND
from compensation.merchants.merchant import (
    Added,
    Funding,
    NewProgram,
    add_brand,
    add_program,
    create_merchant,
    fund,
)

PROGRAMS = 64
"""How many programs "many programs" are. The first is the hot one."""
CURRENCIES = ("EUR", "USD", "GBP", "CAD", "AUD", "SAR", "AED", "QAR", "KWD", "JOD", "EGP")
SERVER: dict[str, str | int] = {
    "max_connections": 120,
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    # Said aloud, because everything here depends on them: what is acknowledged is on disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


class House(msgspec.Struct):
    """``port`` is where the web process ``web`` answers; ``programs`` begins with the default one."""

    postgres: Postgres
    settings: Settings
    door: Doorway
    owner: asyncpg.Connection
    who: Who
    api_key: str
    programs: list[str]
    environment: dict[str, str]
    port: int = 0
    web: int = 0
    ready_in: float = 0.0
    """Seconds from the start of the web process to its first answer."""


@asynccontextmanager
async def opened() -> AsyncIterator[House]:
    """Everything started, seeded and analysed; everything stopped and removed at the end."""
    postgres = Postgres(settings=SERVER)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with postgres, Valkey() as valkey:
            settings = Settings(
                database_url=postgres.url,
                redis_url=valkey.url,
                keys=f"1:{Vault.new_root()}",
                data=Path(folder),
                environment="development",
                statement_timeout=60,
            )
            owner, pool = await asyncpg.connect(settings.owner_url), None
            try:
                await migrate(owner)
                pool = await open_pool(settings, size=4)
                house = await _seeded(postgres, settings, Doorway(pool, Vault.parse(settings.keys)), owner)
                async with serving(house):
                    yield house
            finally:
                if pool is not None:
                    await pool.close()
                await owner.close()


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[None]:
    """One web process, from its start until it is told to stop."""
    house.port = free_port()
    began = time.perf_counter()
    async with running(house, "serve", COMPENSATION_PORT=str(house.port)) as house.web:
        while not await _answers(house.port):
            await asyncio.sleep(0.01)
        house.ready_in = time.perf_counter() - began
        yield


@asynccontextmanager
async def running(house: House, command: str, **environment: str) -> AsyncIterator[int]:
    """A process of ours by its command; its pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "compensation",
        command,
        env=house.environment | environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _seeded(postgres: Postgres, settings: Settings, door: Doorway, owner: asyncpg.Connection) -> House:
    merchant = await create_merchant(owner, "Bench", "test", door.clock())
    who = Who(merchant.id, "system")
    brand = (await door.write(add_brand, who, BRAND)).read(Added)
    programs = []
    for number in range(PROGRAMS):
        program = (await door.write(add_program, who, NewProgram(f"Program {number}", brand.id, "default"))).read(Added)
        programs.append(program.id)
        for currency in CURRENCIES if number == 0 else CURRENCIES[:1]:
            await door.write(fund, who, Funding(program.id, Money(MAX_AMOUNT, currency)))
    api_key = new_api_key(merchant)
    await door.write(add_api_key, who, NewKey(digest(api_key), "bench"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPENSATION_")}
    environment |= {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "COMPENSATION_KEYS": settings.keys,
        "COMPENSATION_DATA": str(settings.data),
        "COMPENSATION_ENVIRONMENT": settings.environment,
        "COMPENSATION_LOG_LEVEL": "warning",
    }
    return House(postgres, settings, door, owner, who, api_key, programs, environment)


async def _answers(port: int) -> bool:
    try:
        connection = await connect(port)
    except OSError:
        return False
    try:
        status, _ = await connection.ask(b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    except OSError:
        return False
    finally:
        connection.close()
    return status == 200
