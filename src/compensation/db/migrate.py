"""Applies migrations/NNNN_sentence.sql in order, once each, forward only; each file is one transaction."""

import asyncio
import hashlib
import re
from pathlib import Path

import asyncpg

from compensation.core.errors import Conflict
from compensation.core.settings import Settings

FOLDER = Path(__file__).resolve().parents[3] / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x636F6D70  # "comp": one migration run at a time, whoever starts it
_HISTORY = """
CREATE TABLE IF NOT EXISTS migrations (
  number integer PRIMARY KEY,
  name text NOT NULL,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now())
"""


async def migrate(connection: asyncpg.Connection, folder: Path = FOLDER) -> list[str]:
    """Bring the schema up to date as its owner and return the names applied now.

    Raises Conflict when a file that was applied has been edited since: history does not change.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_HISTORY)
        known = {row["number"]: row for row in await connection.fetch("SELECT * FROM migrations")}
        applied = []
        for number, name, text in _files(folder):
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            if number in known:
                if known[number]["sha256"] != sha256:
                    raise Conflict("edited_migration", f"{name} was applied and has changed since; add a new one.")
                continue
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '5s'")
                await connection.execute(text)
                await connection.execute(
                    "INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)", number, name, sha256
                )
            applied.append(name)
        return applied
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


def _files(folder: Path) -> list[tuple[int, str, str]]:
    """Number, name and text of each migration, in order."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise Conflict("bad_migration", f"{path.name} is not named NNNN_sentence.sql.")
        found.append((int(match[1]), path.name, path.read_text(encoding="utf-8")))
    return found


def main(settings: Settings) -> int:
    """The command: says what it applied."""

    async def run() -> list[str]:
        connection = await asyncpg.connect(settings.owner_url, timeout=10)
        try:
            return await migrate(connection)
        finally:
            await connection.close()

    applied = asyncio.run(run())
    print("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")
    return 0
