"""A database that tests are lent one after the other: each finds it as empty as a new one.

To make a new database for each test, and to drop it, takes longer than most tests. So a process keeps one: what a test
wrote is deleted before the next, and a test that changed the schema, or left much behind, leaves the next a new one.

While code is broken on purpose (``scripts/mutants``), thousands of processes follow each other; each is then lent one
of a few databases of a server that was started for all, and tries its laws on few cases.
"""

import asyncio
import fcntl
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import asyncpg

from compensation.db.embedded import Postgres

_PORT, _, _FOLDER = os.environ.get("COMPENSATION_TEST_POSTGRES", "").partition(":")
LENT = bool(_FOLDER)
DATABASES = 4
"""One for the process that counts, one for each of its children, and one to spare while a child is ending."""
MOST_LEFT = 40_000_000
"""Bytes of a database that is not worth sweeping any more: what was deleted still takes its place."""

T = TypeVar("T")


def cases(usual: int) -> int:
    """How many cases a law is tried on: a mutant that needs more than a few to be seen has other tests to fear."""
    return min(usual, 4) if LENT else usual


def server() -> Postgres:
    """The server that was started for all; this process neither starts nor stops it."""
    return Postgres(Path(_FOLDER), port=int(_PORT))


@contextmanager
def name() -> Iterator[str]:
    """The name of a database that is this process's alone, for as long as it lives."""
    if not LENT:
        yield "lent"
        return
    for number in range(DATABASES):
        slot = _taken(Path(_FOLDER) / f"lent-{number}")
        if slot is not None:
            with slot:
                yield f"lent_{number}"
            return
    raise RuntimeError("more processes than databases")


class Lent:
    """One database of a server that has a ``template``. It keeps a loop of its own, since every test has its own."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        self.url = postgres.url_of(name)
        self._name = name
        self._template = postgres.url_of("template")
        self._loop = asyncio.new_event_loop()
        self._admin = self._do(asyncpg.connect(postgres.url))
        self._owner: asyncpg.Connection | None = None
        self._sweep, self._known_by = self._do(self._learn())
        self._schema: asyncpg.Record | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owner is not None:
            self._do(self._owner.close())
        self._do(self._admin.close())
        self._loop.close()

    def empty(self) -> None:
        """Make it what a new one would be, past the triggers that keep books from being changed."""
        self._do(self._empty())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def _learn(self) -> tuple[str, str]:
        """How to empty all tables that a new database has empty, and by what its schema is known."""
        new = await asyncpg.connect(self._template)
        tables = [row["name"] for row in await new.fetch(_TABLES)]
        filled = [table for table in tables if await new.fetchval(f"SELECT EXISTS (SELECT FROM {table})")]
        sweep = [f"DELETE FROM {table}" for table in tables if table not in filled]
        await new.close()
        sums = (f"(SELECT sum(xmin::text::bigint) FROM {table})" for table in (*_CATALOGUES, *filled))
        return ";".join([*sweep, _RESTART]), "SELECT " + ", ".join(sums)

    async def _empty(self) -> None:
        if self._owner is None:
            await self._make()
            return
        # A process that was killed may have left sessions here that do not know it yet.
        await self._owner.execute(_OTHERS)
        same = await self._owner.fetchrow(self._known_by) == self._schema
        if same and await self._owner.fetchval("SELECT pg_database_size(current_database())") < MOST_LEFT:
            await self._owner.execute(self._sweep)
        else:
            await self._owner.close()
            await self._make()

    async def _make(self) -> None:
        await self._admin.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        await self._admin.execute(f"CREATE DATABASE {self._name} TEMPLATE template")
        self._owner = await asyncpg.connect(self.url)
        await self._owner.execute("SET session_replication_role = replica")
        self._schema = await self._owner.fetchrow(self._known_by)


_TABLES = """
SELECT quote_ident(relname) AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
_CATALOGUES = ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc", "pg_policy", "pg_rewrite")
"""Where a change of the schema leaves a row with the number of its transaction."""
_RESTART = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
_OTHERS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def _taken(path: Path) -> IO[str] | None:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
