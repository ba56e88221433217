"""The application in front of the demo merchant, and what a developer, an agent and a customer come with."""

import asyncio
import socket
from collections.abc import AsyncIterator
from copy import copy
from functools import cache

import asyncpg
import httpx
import msgspec
import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, async_playwright

from compensation.core.settings import Settings
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.merchants.demo import Demo, seed
from compensation.web.app import furnish, routed

BASE = "http://127.0.0.1:8000"

# What a refusal may leave behind: its kept answer, and the row that says that it was asked for.
_TRACES = {"idempotency_keys", "audit_log"}


@pytest.fixture
async def demo(door: Doorway, owner: asyncpg.Connection, settings: Settings) -> Demo:
    """Souq Nour: a brand, a program with budgets, an agent, a lead and an API key."""
    return await seed(door, owner, settings.data / "demo.toml")


def built(settings: Settings, door: Doorway, place: str = "here") -> Litestar:
    """The application of one test. Routes, words and templates are the same for all, so they are read once."""
    post = copy(_post())
    post.base_url = settings.base_url
    return furnish(_routed(place, settings.development), settings, post, door)


@cache
def _routed(place: str, development: bool) -> Litestar:
    return routed(development=development)


@cache
def _post() -> Post:
    return Post(Settings(database_url="none"))


@pytest.fixture
async def app(settings: Settings, door: Doorway) -> AsyncIterator[Litestar]:
    application = built(settings, door)
    begun, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        # A lifespan must end in the task that began it, and pytest's fixtures do not promise that.
        try:
            async with application.lifespan():
                begun.set()
                await over.wait()
        finally:
            begun.set()

    life = asyncio.create_task(live())
    await begun.wait()
    yield application
    over.set()
    await life


@pytest.fixture
async def stranger(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a key, a session or a link."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.fixture
async def developer(app: Litestar, demo: Demo) -> AsyncIterator[httpx.AsyncClient]:
    """A merchant's system, with its API key."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {demo.api_key}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


@pytest.fixture
async def served(settings: Settings, door: Doorway) -> AsyncIterator[str]:
    """The application behind a real socket, for a real browser; the address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    application = built(msgspec.structs.replace(settings, base_url=address), door, place="served")
    server = uvicorn.Server(uvicorn.Config(application, lifespan="on", log_config=None, access_log=False))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    yield address
    server.should_exit = True
    await running
    listening.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        await chromium.close()


async def everything(owner: asyncpg.Connection, *, but: set[str] = _TRACES) -> dict[str, int]:
    """How many rows each table has."""
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        name: await owner.fetchval(f"SELECT count(*) FROM {name}")
        for name in sorted(row["relname"] for row in tables)
        if name not in but
    }


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    """An RFC 9457 document with every member it must have, and nothing internal in it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["code"] == code, body
    assert body["type"] == f"{BASE}/problems/{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["title"] != body["detail"]
    assert "Traceback" not in response.text
    assert "asyncpg" not in response.text
    return body
