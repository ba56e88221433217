"""A process may die at any point: nothing is lost, nothing is done twice, and a retry gets the same answer."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from compensation.core.settings import Settings, load
from compensation.core.vault import Vault
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo, seed
from tests.faults.house import House, calling, sound


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> House:
    return House(database_url, tmp_path)


async def open_shop(house: House, owner: asyncpg.Connection) -> Demo:
    settings: Settings = load(house.environment)
    pool = await open_pool(settings, size=2)
    try:
        return await seed(Doorway(pool, Vault.parse(settings.keys)), owner, settings.data / "demo.toml")
    finally:
        await pool.close()


@pytest.mark.parametrize("point", ["unit.before_act", "unit.before_commit", "unit.after_commit"])
async def test_the_web_process_dies_while_it_writes_and_the_caller_finds_his_answer(
    point: str, house: House, owner: asyncpg.Connection
) -> None:
    demo = await open_shop(house, owner)
    async with house, calling(house, demo.api_key) as caller:
        await house.start("serve", crash=f"{point}:3")
        orders = [{"items": [{"kind": "gift_card", "amount": {"amount": 10_00, "currency": "EUR"}}]} for _ in range(6)]
        answers = [await caller.post("/v1/orders", body, f"order-{n}") for n, body in enumerate(orders)]
        assert {answer.status_code for answer in answers} == {201}
        again = [await caller.post("/v1/orders", body, f"order-{n}") for n, body in enumerate(orders)]
        assert [answer.content for answer in again] == [answer.content for answer in answers]
        assert {answer.headers["idempotency-replayed"] for answer in again} == {"true"}
    assert await owner.fetchval("SELECT count(*) FROM orders") == 6
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'spent' AND asset = 'EUR'") == 60_00
    await sound(owner)


async def test_a_point_that_is_named_does_kill(house: House, owner: asyncpg.Connection) -> None:
    """The control: were the points dead letters, the tests above would pass for nothing."""
    demo = await open_shop(house, owner)
    async with house, calling(house, demo.api_key) as caller:
        await house.start("serve", crash="unit.before_commit")
        body = {"items": [{"kind": "gift_card", "amount": {"amount": 1, "currency": "EUR"}}]}
        first = asyncio.create_task(caller.post("/v1/orders", body, "k1"))
        assert await house.died("serve") == -signal.SIGKILL
        assert (await first).status_code == 201
