"""A worker may die at any point of a file of orders: every line is issued once, and none twice."""

import asyncio
import hashlib
import io
import signal
import sys
from pathlib import Path

import asyncpg

from compensation.core.settings import load
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.imports.approve import ApproveImport, approve_import
from compensation.imports.batch import Import
from compensation.imports.take import Taking, Upload
from compensation.merchants.demo import Demo
from tests.faults.house import House, drained, end_leases, sound
from tests.imports.conftest import cards, sheet

LINES, CHUNK = 30, 3
LIVES = (
    "unit.before_commit:2",
    "unit.after_commit:3",
    "outbox.after_claim:2",
    "outbox.before_done:2",
    "import.before_chunk:1",
    "import.after_chunk:1",
)
"""Where each life of the worker ends: around the commit of a chunk, around its work, around all that its row asks."""


async def approved(house: House, demo: Demo, first: int) -> Import:
    """A file of ours, cut into small chunks, that waits for the worker."""
    settings = load(house.environment)
    pool = await open_pool(settings, size=2)
    try:
        door, who = Doorway(pool, Vault.parse(settings.keys)), Who(demo.merchant, "api_key:test")
        data = sheet(cards(LINES, first))
        upload = Upload("f", "csv", hashlib.sha256(data).hexdigest())
        found = (await door.write(Taking(io.BytesIO(data), CHUNK).take, who, upload)).read(Import)
        return (await door.write(approve_import, who, ApproveImport(found.id, LINES))).read(Import)
    finally:
        await pool.close()


async def test_the_worker_dies_again_and_again_and_the_file_is_issued_exactly_once(
    house: House, demo: Demo, owner: asyncpg.Connection
) -> None:
    found = await approved(house, demo, 1)
    for crash in LIVES:
        await house.start("work", crash=crash)
        assert await house.died("work") == -signal.SIGKILL
        assert await owner.fetchval("SELECT state FROM imports WHERE id = $1", found.id) != "issued"
        await end_leases(owner)
    await house.start("work")
    await drained(owner, house)
    state = await owner.fetchval("SELECT state FROM imports WHERE id = $1", found.id)
    assert state == "issued"
    orders = await owner.fetch("SELECT reference, count(*) FROM orders GROUP BY 1")
    assert {tuple(row) for row in orders} == {(f"k{n}", 1) for n in range(1, LINES + 1)}
    assert await owner.fetchval("SELECT count(*) FROM events WHERE type = 'import.issued'") == 1
    await sound(owner)


NAIVE = """
import asyncio, os, pathlib, sys
from compensation.core.money import Money
from compensation.core.settings import load
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue

async def main():
    settings, done, who = load(os.environ), pathlib.Path(sys.argv[1]), Who(sys.argv[2], "api_key:test")
    door = Doorway(await open_pool(settings, size=1), Vault.parse(settings.keys))
    for n in range(int(done.read_text()), 6):
        item = Item(kind="gift_card", amount=Money(100, "EUR"))
        await door.write_together(issue, who, OrderRequest(items=(item,), reference=f"k{n}"))
        done.write_text(str(n + 1))

asyncio.run(main())
"""


async def test_whoever_notes_afterwards_what_he_has_issued_issues_twice(
    house: House, demo: Demo, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """The control: the same death between a commit and the note of it, met by a loop as anybody would write it."""
    done = tmp_path / "done"
    done.write_text("0")
    for crash in ("unit.after_commit:3", ""):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", NAIVE, str(done), demo.merchant, env=house.environment | {"COMPENSATION_CRASH": crash}
        )
        assert await worker.wait() == (-signal.SIGKILL if crash else 0)
    assert await owner.fetchval("SELECT max(n) FROM (SELECT count(*) AS n FROM orders GROUP BY reference) AS r") == 2
