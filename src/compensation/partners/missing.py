"""Whether every file that evidence speaks of is in the store: the part of the audit that looks outside the database."""

import asyncio
import sys

import asyncpg

from compensation.cases.evidence.sweep import missing
from compensation.core.settings import Settings
from compensation.partners.objects import Objects

SHOWN = 20
"""How many missing files are named."""


def main(settings: Settings) -> int:
    """The command: one line for the law, the missing files beneath it; exit status 1 when there are any."""

    async def run() -> list[str]:
        connection = await asyncpg.connect(settings.owner_url, timeout=10)
        try:
            files = Objects(settings.evidence_url, settings.data)
            return [name async for name in missing(connection, files)]
        finally:
            await connection.close()

    gone = asyncio.run(run())
    print(f"{'broken' if gone else 'holds '}  every piece of evidence has its file in the store")
    for name in gone[:SHOWN]:
        print(f"        {name}")
    if gone:
        print(f"{len(gone)} files are missing from the store.", file=sys.stderr)
    return 1 if gone else 0
