"""Laws of the counters: one limit over all processes, never more without Redis, and nobody waits for it."""

import asyncio
import time

import pytest

from compensation.core.errors import TooMany
from compensation.db.embedded import Valkey
from compensation.db.embedded.child import free_port
from compensation.web.limits import Limit, Limits

TEN = Limit("test", 10, 60)


async def _let_through(counters: list[Limits], subject: str, times: int) -> int:
    """How many of so many attempts pass, spread evenly over the counters."""
    refusals = []
    for n in range(times):
        try:
            await counters[n % len(counters)].count(TEN, subject)
        except TooMany as refusal:
            refusals.append(refusal)
    assert all(0 < refusal.extra["retry_after"] <= 61 for refusal in refusals)
    return times - len(refusals)


async def test_processes_that_share_redis_share_one_limit(valkey: Valkey) -> None:
    counters = [Limits(valkey.url) for _ in range(3)]
    assert await _let_through(counters, f"a {time.monotonic_ns()}", 40) == 10
    assert await _let_through(counters, f"b {time.monotonic_ns()}", 5) == 5
    for each in counters:
        await each.close()


async def test_without_redis_all_processes_together_let_no_more_through() -> None:
    counters = [Limits(f"redis://127.0.0.1:{free_port()}") for _ in range(8)]
    assert 0 < await _let_through(counters, "a", 200) <= 10
    for each in counters:
        await each.close()


async def test_a_single_process_counts_for_itself_in_full() -> None:
    assert await _let_through([Limits("")], "a", 40) == 10


async def test_a_reached_limit_is_known_without_asking_again() -> None:
    limits = Limits("")
    limits.check(TEN, "a")
    await _let_through([limits], "a", 11)
    with pytest.raises(TooMany):
        limits.check(TEN, "a")
    limits.check(TEN, "b")


async def test_a_redis_that_takes_the_connection_and_says_nothing_delays_nobody() -> None:
    over = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    limits = Limits(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
    begun = time.monotonic()
    for _ in range(3):
        await limits.count(Limit("test", 100, 60), "a")
    assert time.monotonic() - begun < 2, "one wait of 0.15 s, on a machine that may be busy"
    await limits.close()
    over.set()
    silent.close()
    await silent.wait_closed()
