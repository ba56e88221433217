"""The demo shop with its desks, and the browser-less and real browsers that come to them."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest
from litestar import Litestar

from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from tests.console.shop import Seat, Shop
from tests.web.conftest import app, browser, demo, served

__all__ = ["app", "browser", "demo", "served"]

Login = Callable[[int], Awaitable[Seat]]
MIRA, OMAR, PETYA = 0, 1, 2
"""The desks of the demo: an agent who may grant €200, a lead who may grant €2,000 and approve, and finance."""


@pytest.fixture
async def shop(door: Doorway, owner: asyncpg.Connection, demo: Demo) -> Shop:
    rows = await owner.fetch("SELECT id FROM agents WHERE merchant_id = $1 ORDER BY id", demo.merchant)
    return Shop(door, owner, demo, [Who(demo.merchant, row["id"]) for row in rows])


@pytest.fixture
async def visitor(app: Litestar) -> AsyncIterator[Seat]:
    """Somebody with an empty browser."""
    async with _browserless(app) as client:
        yield Seat(client)


@pytest.fixture
async def login(app: Litestar, demo: Demo) -> AsyncIterator[Login]:
    """Logs a desk of the demo in, by the form, and gives its browser."""
    clients = []

    async def come(desk: int) -> Seat:
        client = _browserless(app)
        clients.append(client)
        seat = Seat(client)
        known = demo.desks[desk]
        answer = await seat.log_in(known.email, known.password)
        assert answer.status_code == 303, answer.text
        return seat

    yield come
    for client in clients:
        await client.aclose()


@pytest.fixture
async def mira(login: Login) -> Seat:
    return await login(MIRA)


@pytest.fixture
async def omar(login: Login) -> Seat:
    return await login(OMAR)


def _browserless(app: Litestar) -> httpx.AsyncClient:
    # https, because a cookie jar, unlike a browser, gives no Secure cookie to this machine's own plain address.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8000")
