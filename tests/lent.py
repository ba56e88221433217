"""What is otherwise while mutants are tried: a database lent to a process and swept between tests, few cases a law.

A new database for each test takes longer than most tests. Where thousands of runs follow each other, each process is
lent one of a few databases instead, and finds it as empty as a new one. See ``scripts/mutants``.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import asyncpg

from compensation.db.embedded import Postgres

_PORT, _, _FOLDER = os.environ.get("COMPENSATION_TEST_POSTGRES", "").partition(":")
LENT = bool(_FOLDER)
DATABASES = 4
"""One for the process that counts, one for each of its children, and one to spare while a child is ending."""


def cases(usual: int) -> int:
    """How many cases a law is tried on: a mutant that needs more than a few to be seen has other tests to fear."""
    return min(usual, 4) if LENT else usual


def server() -> Postgres:
    """The server that was started for all; this process neither starts nor stops it."""
    return Postgres(Path(_FOLDER), port=int(_PORT))


@contextmanager
def database() -> Iterator[str]:
    """The name of a database that is this process's alone, for as long as it lives."""
    for number in range(DATABASES):
        slot = _taken(Path(_FOLDER) / f"lent-{number}")
        if slot is not None:
            with slot:
                yield f"lent_{number}"
            return
    raise RuntimeError("more processes than databases")


async def sweep(url: str, template: str) -> None:
    """Empty every table that a new database has empty, past the triggers that keep books from being changed."""
    new = await asyncpg.connect(template)
    names = [row["name"] for row in await new.fetch(_TABLES)]
    empty = [name for name in names if not await new.fetchval(f"SELECT EXISTS (SELECT FROM {name})")]
    await new.close()
    used = await asyncpg.connect(url)
    # A process that was killed may have left sessions here that do not know it yet.
    await used.execute(_OTHERS)
    await used.execute("SET session_replication_role = replica;" + ";".join(f"DELETE FROM {name}" for name in empty))
    await used.close()


_TABLES = """
SELECT quote_ident(relname) AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
_OTHERS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _taken(path: Path) -> IO[str] | None:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
