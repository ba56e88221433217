"""Connections: as the application's role, with every deadline set, JSON decoded, and one tenant at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
import msgspec

from compensation.core.ids import is_id, new_id
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.gather import Gathered, Parts

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
ACQUIRE = 3.0
"""Seconds to wait for a free connection before the caller hears that we are unavailable."""


async def open_pool(settings: Settings, size: int | None = None) -> Pool:
    """A pool whose sessions cannot see past row-level security, whatever the login may."""
    milliseconds = str(int(settings.statement_timeout * 1000))
    return await asyncpg.create_pool(
        settings.database_url,
        min_size=1,
        max_size=size or settings.pool_size,
        timeout=ACQUIRE,
        command_timeout=settings.statement_timeout + 1,
        max_inactive_connection_lifetime=120,
        init=_prepare,
        reset=_unharmed,
        server_settings={
            "role": "compensation_app",
            "application_name": "compensation",
            "timezone": "UTC",
            "statement_timeout": milliseconds,
            "lock_timeout": "2000",
            "idle_in_transaction_session_timeout": "10000",
            # Every statement of ours, and every look-up of a foreign key, has an index. A plan made while a table was
            # empty would scan it, and be kept while the table grows: a new house would slow down by the minute.
            "enable_seqscan": "off",
            "jit": "off",
        },
    )


class Told(msgspec.Struct, frozen=True):
    """One outbox row in the making: ``topic`` says what to do, ``subject_id`` on what, ``due_at`` not before when."""

    id: str
    topic: str
    subject_id: str
    due_at: datetime | None


class Tx:
    """One transaction of one merchant. Acts read and write through it, and say what must happen after the commit.

    ``$1`` of every statement is the merchant, so that no statement can forget it.
    """

    __slots__ = ("_gathered", "connection", "merchant_id", "told", "vault")

    def __init__(self, connection: Any, merchant_id: str, vault: Vault) -> None:
        self.connection = connection
        self.merchant_id = merchant_id
        self.vault = vault
        self.told: list[Told] = []
        self._gathered = Gathered()

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows."""
        await self.flush()
        found: list[asyncpg.Record] = await self.connection.fetch(sql, self.merchant_id, *values)
        return found

    async def row(self, sql: str, *values: Any) -> asyncpg.Record | None:
        await self.flush()
        found: asyncpg.Record | None = await self.connection.fetchrow(sql, self.merchant_id, *values)
        return found

    async def value(self, sql: str, *values: Any) -> Any:
        await self.flush()
        return await self.connection.fetchval(sql, self.merchant_id, *values)

    async def run(self, sql: str, *values: Any) -> int:
        """Execute and return how many rows were touched."""
        await self.flush()
        status: str = await self.connection.execute(sql, self.merchant_id, *values)
        return int(status.rsplit(" ", 1)[-1]) if status[-1].isdigit() else 0

    async def write(self, parts: Parts, *values: Any) -> None:
        """Change tables, with no word of what came of it: sent together with the writes that follow, at the latest
        before anything is asked and before the end. What the tables refuse is raised then."""
        if not self._gathered.take(parts, values):
            await self.flush()
            self._gathered.take(parts, values)

    async def flush(self) -> None:
        """Send what was written so far."""
        if self._gathered:
            statement, values = self._gathered.sent()
            await self.connection.execute(statement, self.merchant_id, *values)

    def tell(self, topic: str, subject_id: str, due_at: datetime | None = None) -> None:
        """Have ``topic`` done on ``subject_id`` once this transaction is committed, and only then."""
        self.told.append(Told(new_id("out"), topic, subject_id, due_at))


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned into the arrays that a set-based statement unnests; ``width`` empty arrays when there are none.

    A column of nothing but None is empty too: unnest fills up what is shorter, and the driver looks at every value.
    """
    if not rows:
        return [[] for _ in range(width)]
    return [
        [] if column[0] is None and column.count(None) == len(column) else list(column)
        for column in zip(*rows, strict=True)
    ]


def once(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """``columns``, but of a column whose values are all alike only the first. None of them may be None: the statement
    says ``coalesce(kind, ($3::text[])[1])``, since unnest fills up what is shorter with nothing."""
    if not rows:
        return [[] for _ in range(width)]
    return [
        [column[0]] if column.count(column[0]) == len(column) else list(column) for column in zip(*rows, strict=True)
    ]


@asynccontextmanager
async def begin(pool: Pool, vault: Vault, merchant_id: str, *, read_only: bool = False) -> AsyncIterator[Tx]:
    """A transaction in which only this merchant's rows exist. Commits at the end, rolls back on any exception."""
    async with pool.acquire(timeout=ACQUIRE) as connection, whole(connection):
        await connection.execute(opening(merchant_id, read_only=read_only))
        tx = Tx(connection, merchant_id, vault)
        yield tx
        await tx.flush()
        await connection.execute("COMMIT")


@asynccontextmanager
async def whole(connection: Any) -> AsyncIterator[None]:
    """Rolls back what fails inside. A server that has been silent past its deadline is not asked again, not even for
    that: it may be frozen, and the caller is waiting. The connection is dropped, and its transaction dies with it."""
    try:
        yield
    except (TimeoutError, asyncio.CancelledError):
        connection.terminate()
        raise
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise


def opening(merchant_id: str, *, read_only: bool = False, planned_once: bool = False) -> str:
    """BEGIN and the tenant in one round trip. The id is checked because SET takes no parameters. With ``planned_once``
    each statement keeps the plan it was given when it was first met, whatever its values."""
    if not is_id(merchant_id, "mer"):
        raise ValueError("not a merchant id")
    mode = "READ ONLY" if read_only else "READ WRITE"
    plans = "; SET LOCAL plan_cache_mode = force_generic_plan" if planned_once else ""
    return f"BEGIN {mode}; SET LOCAL app.merchant_id = '{merchant_id}'{plans}"


async def _unharmed(connection: Any) -> None:
    """What the driver would ask the server to reset we never set: every setting is LOCAL to a transaction that is over,
    and we hold no cursor, listener or advisory lock. So a connection goes back without another round trip."""
    if connection.is_in_transaction():
        connection.terminate()


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        schema="pg_catalog",
    )
