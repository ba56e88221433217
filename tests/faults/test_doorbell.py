"""Valkey is a doorbell: killed, frozen or emptied while cases are issued, it loses nothing and delays nobody."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from compensation.db.embedded import Valkey
from tests.faults.caller import Caller, calling
from tests.faults.house import House, drained, sound
from tests.faults.journey import decide, enjoy, nothing_lost_or_doubled
from tests.faults.outside import Outside

AT_ONCE = 6.0
"""Seconds. Waiting for the bell would cost its time-outs and its rest of five seconds; less is a busy machine."""


@asynccontextmanager
async def killed(valkey: Valkey) -> AsyncIterator[None]:
    """Gone: connections are refused, and what it held in memory is gone with it."""
    await valkey.kill()
    yield
    await valkey.start()


@asynccontextmanager
async def frozen(valkey: Valkey) -> AsyncIterator[None]:
    """It takes connections, and never answers."""
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(valkey.pid, signal.SIGCONT)


@asynccontextmanager
async def emptied(valkey: Valkey) -> AsyncIterator[None]:
    """Whatever is put into it is taken out again at once."""

    async def empty() -> None:
        async with Redis.from_url(valkey.url) as client:
            while True:
                await client.flushall()

    task = asyncio.create_task(empty())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


FAULTS: tuple[Callable[[Valkey], AbstractAsyncContextManager[None]], ...] = (killed, frozen, emptied)


async def test_the_doorbell_breaks_in_every_way_while_cases_are_issued(
    database_url: str, tmp_path: Path, world: Outside, owner: asyncpg.Connection
) -> None:
    async with (
        Valkey() as valkey,
        House(
            database_url, tmp_path, redis_url=valkey.url, payments_url=world.payments_url, smtp_url=world.smtp_url
        ) as house,
    ):
        demo = await house.seed(owner)
        await house.start("serve")
        await house.start("work")
        async with calling(house, demo.api_key) as caller:
            await decide(caller, "before")
            for fault in FAULTS:
                under_way = [await decide(caller, f"{fault.__name__}-{n}") for n in range(3)]
                async with fault(valkey):
                    caller.longest = 0.0
                    under_way += [await decide(caller, f"{fault.__name__}-{n}") for n in range(3, 6)]
                    await spend_and_guess(caller, fault.__name__)
                    assert caller.longest < AT_ONCE, f"money waited {caller.longest:.2f} s for a bell that was {fault}"
                    # Nobody rings, and yet all of it is done: the worker looks for its work.
                    await asyncio.gather(
                        *(enjoy(caller, f"{fault.__name__}-{n}", decided) for n, decided in enumerate(under_way))
                    )
            await drained(owner, house)
            await caller.ask_all_again()
            assert not house.deaths
    await nothing_lost_or_doubled(owner, world, cases=1 + 6 * len(FAULTS))
    await sound(owner)


async def spend_and_guess(caller: Caller, name: str) -> None:
    """Issue and spend cards, and guess a wrong code, whose count is kept in Valkey too."""
    body = {"items": [{"kind": "gift_card", "amount": {"amount": 30_00, "currency": "EUR"}}]}
    for n in range(3):
        order = (await caller.post("/v1/orders", body, f"{name}-order-{n}")).json()
        code = await caller.reveal(order["rewards"][0]["id"])
        spend = {"code": code, "amount": {"amount": 10_00, "currency": "EUR"}}
        assert (await caller.post("/v1/gift-cards/redeem", spend, f"{name}-spend-{n}")).status_code == 201
    wrong = {"code": "DEM0-NONE-SUCH", "amount": {"amount": 1, "currency": "EUR"}}
    assert (await caller.post("/v1/gift-cards/redeem", wrong, f"{name}-wrong")).status_code == 404
