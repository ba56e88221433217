"""The doorbell: tells the workers which outbox rows are new. If it is silent, they find them by sweeping."""

import asyncio
from typing import Any

import msgspec
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool

from compensation.db.pool import Told

log = structlog.get_logger()
AT_MOST = 10_000
"""Rings that wait for Redis. More are dropped: the sweep will find their rows."""
SILENCE = 5.0
"""Seconds without trying again after Redis could not be reached."""


def encode(job: dict[str, Any]) -> bytes:
    # arq files what became of a job too, and of one whose worker died that is an exception: its name is enough.
    return msgspec.msgpack.encode(job, enc_hook=lambda failure: type(failure).__name__)


def decode(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = msgspec.msgpack.decode(raw)
    return job


def redis_settings(url: str) -> RedisSettings:
    """arq's settings with short deadlines: nobody waits for a bell."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries = 1, 0
    return settings


class Bell:
    """``ring`` never blocks, never fails and never delays the request that rings."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(AT_MOST)
        self._ringer: asyncio.Task[None] | None = None

    def ring(self, merchant_id: str, told: list[Told]) -> None:
        if not self._url:
            return
        if self._ringer is None or self._ringer.done():
            self._ringer = asyncio.create_task(self._run())
        for row in told:
            if row.due_at is None and not self._waiting.full():
                self._waiting.put_nowait((merchant_id, row.id))

    async def close(self) -> None:
        if self._ringer is not None:
            self._ringer.cancel()
            await asyncio.gather(self._ringer, return_exceptions=True)

    async def _run(self) -> None:
        redis: ArqRedis | None = None
        try:
            while True:
                merchant_id, task_id = await self._waiting.get()
                try:
                    redis = redis or await create_pool(redis_settings(self._url), job_serializer=encode)
                    await redis.enqueue_job("work", merchant_id, task_id, _job_id=task_id)
                except Exception as error:  # a broken bell must not break anything else; the sweep does the work
                    log.warning("bell_is_silent", error=type(error).__name__)
                    await _drop(redis)
                    redis = None
                    await asyncio.sleep(SILENCE)
        finally:
            await _drop(redis)


async def _drop(redis: ArqRedis | None) -> None:
    if redis is not None:
        await redis.aclose()
