"""The floors: what plain SQL reaches on the same server, by PostgreSQL's own bench program where it is installed."""

import asyncio
import re
from pathlib import Path

import msgspec

from bench.house import House
from compensation.db.embedded import binaries

_HERE = Path(__file__).parent


class Floor(msgspec.Struct, frozen=True):
    """``clients`` at once, each on one of ``programs`` budget rows."""

    name: str
    clients: int
    programs: int


HOT = Floor("one issue a transaction, one hot budget row, 32 connections", 32, 1)
COLD = Floor("one issue a transaction, no hot row, 32 connections", 32, 100_000)
LONE = Floor("one issue a transaction, 1 connection", 1, 1)


async def prepare(house: House) -> None:
    """Make and fill the tables of the floors, and let the planner know them."""
    await house.owner.execute((_HERE / "floors.sql").read_text())
    await house.owner.execute("RESET search_path")
    await house.owner.execute("VACUUM ANALYZE")


async def measure(house: House, floor: Floor, seconds: float) -> float:
    """Transactions a second."""
    program = next(
        (folder / "pgbench" for folder in binaries.installed() if (folder / "pgbench").exists()), Path("pgbench")
    )
    threads = min(floor.clients, 2)
    ran = await asyncio.create_subprocess_exec(
        *(str(program), "-n", "-M", "prepared", "-c", str(floor.clients), "-j", str(threads)),
        *("-T", str(max(round(seconds), 2)), "-D", f"programs={floor.programs}"),
        *("-f", str(_HERE / "issue.pgbench"), house.postgres.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, errors = await ran.communicate()
    found = re.search(rb"tps = ([0-9.]+)", told)
    if ran.returncode or found is None:
        raise RuntimeError(f"pgbench ended with {ran.returncode}: {told.decode()} {errors.decode()}")
    return float(found[1])


async def copied(house: House, rows: int) -> float:
    """Rows a second that COPY brings into the plain table of cards: nothing can be loaded faster one by one."""
    await house.owner.execute("CREATE TABLE floor.copied (LIKE floor.cards INCLUDING ALL)")
    at = house.door.clock()
    records = [
        (f"rwd_{n:026}", f"ord_{n:026}", n.to_bytes(32, "big"), n.to_bytes(53, "big"), 500, "EUR", at)
        for n in range(rows)
    ]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await house.owner.copy_records_to_table("copied", schema_name="floor", records=records)
    seconds = loop.time() - began
    await house.owner.execute("DROP TABLE floor.copied")
    return rows / seconds
