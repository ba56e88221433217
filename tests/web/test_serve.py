"""The web process: ready at once, stopped in good order, and answering for money when others are away."""

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import httpx

from compensation.core.settings import Settings
from compensation.db.embedded import Postgres
from compensation.db.embedded.child import free_port
from compensation.db.migrate import migrate
from compensation.db.pool import ACQUIRE
from tests.setup.processes import descendants
from tests.web.process import PATIENCE, Web, running

_DEADLINE = Settings(database_url="").statement_timeout + 1 + ACQUIRE
"""Seconds: a statement's own time-out, the second the driver adds, and the wait for a connection."""
ORDER = {"items": [{"kind": "gift_card", "amount": {"amount": 2500, "currency": "EUR"}}]}


async def _order(client: httpx.AsyncClient, key: str) -> httpx.Response:
    return await client.post("/v1/orders", json=ORDER, headers={"idempotency-key": key})


async def test_it_becomes_ready_and_ends_by_a_signal_without_complaint(database_url: str, tmp_path: Path) -> None:
    web = Web(database_url, tmp_path)
    for number in (signal.SIGTERM, signal.SIGINT):
        await web.start()
        assert await web.stop(number) == 0
    assert "Traceback" not in web.log


async def test_requests_under_way_when_it_is_told_to_stop_are_answered_and_stand(
    database_url: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    web = Web(database_url, tmp_path)
    async with running(web) as client:
        await client.get("/ready")
        sent = [asyncio.create_task(_order(client, f"k{n}")) for n in range(20)]
        while await owner.fetchval("SELECT count(*) FROM orders") == 0:
            await asyncio.sleep(0)
        assert await web.stop() == 0
        answers = await asyncio.gather(*sent, return_exceptions=True)
    heard = [answer for answer in answers if isinstance(answer, httpx.Response)]
    assert heard
    assert {answer.status_code for answer in heard} == {201}
    # Whoever heard nothing may still have been served; nobody who heard yes was not.
    assert len(heard) <= await owner.fetchval("SELECT count(*) FROM orders") <= len(sent)


async def test_head_says_what_get_says_without_the_body(database_url: str, tmp_path: Path) -> None:
    async with running(Web(database_url, tmp_path)) as client:
        # On one connection: a body that nobody expects would be taken for the beginning of the next answer.
        for address in ("/health", "/problems", "/v1/cases", "/assets/tokens.css", "/g/none", "/v1/nothing"):
            head, got = await client.head(address), await client.get(address)
            assert head.status_code == got.status_code
            assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))
            assert head.content == b""


async def test_money_is_answered_while_redis_is_away(database_url: str, tmp_path: Path) -> None:
    async with running(Web(database_url, tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}")) as client:
        for n in range(5):
            assert (await _order(client, f"k{n}")).status_code == 201
        wrong = await client.post("/v1/gift-cards/lookup", json={"code": "DEM0-NONE-SUCH"})
        assert wrong.status_code == 404


async def test_a_database_that_freezes_or_dies_is_a_503_in_bounded_time_and_comes_back(tmp_path: Path) -> None:
    async with Postgres(settings={"fsync": "off"}) as server:
        owner = await asyncpg.connect(server.url)
        await migrate(owner)
        await owner.close()
        async with running(Web(server.url, tmp_path)) as client:
            assert (await _order(client, "before")).status_code == 201
            frozen = [server.pid, *descendants(server.pid)]
            _signal(frozen, signal.SIGSTOP)
            try:
                await _assert_away(client, "frozen")
            finally:
                _signal(frozen, signal.SIGCONT)
            await _answers_again(client, "frozen")
            await server.kill()
            await _assert_away(client, "killed")
            await server.start()
            await _answers_again(client, "killed")
            assert (await _order(client, "before")).headers["idempotency-replayed"] == "true"


async def _assert_away(client: httpx.AsyncClient, key: str) -> None:
    begun = time.monotonic()
    away = await _order(client, key)
    assert away.status_code == 503, away.text
    assert int(away.headers["retry-after"]) > 0
    assert away.json()["code"] == "unavailable"
    assert time.monotonic() - begun < _DEADLINE + 1
    assert (await client.get("/health")).status_code == 200


async def _answers_again(client: httpx.AsyncClient, key: str) -> None:
    """The same request with the same key is safe to send until it is answered, and has one effect."""
    async with asyncio.timeout(PATIENCE):
        while (answer := await _order(client, key)).status_code == 503:
            await asyncio.sleep(0.1)
    assert answer.status_code == 201, answer.text


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


async def test_a_port_in_use_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    web = Web(database_url, tmp_path)
    await web.start()
    second = await web.begin()
    async with asyncio.timeout(PATIENCE):
        assert await second.wait() == 1
    assert "in use" in web.log
    assert "Traceback" not in web.log
    await web.stop()
