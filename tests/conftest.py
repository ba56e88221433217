"""Real servers for every test: one private PostgreSQL and Valkey a process, a migrated and empty database a test."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from compensation.core.ids import new_id
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.embedded import Postgres, Valkey
from compensation.db.migrate import migrate
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from tests import lent

# How long an example takes depends on who else uses the machine; what fails names the words that replay it.
settings.register_profile("laws", deadline=None, print_blob=True)
# The gate says the same of the same commit however often it is asked; whoever looks for more runs the laws without it.
settings.register_profile("gate", settings.get_profile("laws"), derandomize=True)
settings.register_profile("deep", settings.get_profile("laws"), max_examples=2_000)
settings.load_profile(os.environ.get("COMPENSATION_LAWS", "laws"))

_routes = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A cluster with one migrated database, ``template``, that the tests' own is copied from."""
    if lent.LENT:
        yield lent.server()
        return
    server = Postgres(settings={"max_connections": 200, "fsync": "off", "full_page_writes": "off"})

    async def begin() -> None:
        await server.start()
        admin = await asyncpg.connect(server.url)
        await admin.execute("CREATE DATABASE template")
        await admin.close()
        connection = await asyncpg.connect(server.url_of("template"))
        await migrate(connection)
        await connection.close()

    asyncio.run(begin())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> Iterator[lent.Lent]:
    with lent.name() as name, lent.Lent(postgres, name) as database:
        yield database


@pytest.fixture
def database_url(database: lent.Lent) -> str:
    """A database with the whole schema and nothing else in it, as its owner."""
    database.empty()
    return database.url


@pytest.fixture
def vault() -> Vault:
    return Vault({1: b"not a secret: tests only, key 1."})


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, environment="development", data=tmp_path, statement_timeout=20)


@pytest.fixture
async def door(settings: Settings, vault: Vault) -> AsyncIterator[Doorway]:
    pool = await open_pool(settings, size=20)
    doorway = Doorway(pool, vault)
    yield doorway
    await doorway.settle()
    await pool.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees every tenant, as the audit does."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def merchant(owner: asyncpg.Connection) -> Who:
    """A merchant with nothing but a name; the actor is an API key of his."""
    return await make_merchant(owner)


async def make_merchant(owner: asyncpg.Connection) -> Who:
    """Another tenant. His route is counted, since drawn ones meet after some hundred tenants of one database."""
    number = next(_routes)
    route = "".join("0123456789abcdefghjkmnpqrstvwxyz"[number >> shift & 31] for shift in (15, 10, 5, 0))
    merchant_id = new_id("mer")[:-4] + route
    await owner.execute(
        "INSERT INTO merchants (id, route, name, mode, created_at) VALUES ($1, $2, 'Test shop', 'test', $3)",
        merchant_id,
        route,
        datetime.now(UTC),
    )
    return Who(merchant_id, "api_key:test")
