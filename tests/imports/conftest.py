"""A merchant with two programs, a clerk and a lead, and what the tests of imports do with a file."""

import asyncio
import hashlib
import io
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from compensation.core.money import Money
from compensation.customers.add import Living, meet, seek
from compensation.customers.contact import Contact
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.imports.approve import ApproveImport, approve_import
from compensation.imports.batch import Format, Import, find, flaws
from compensation.imports.issue import Begin, Chunk, begin, conclude_import, issue_chunk
from compensation.imports.line import Flaw
from compensation.imports.take import Taking, Upload
from compensation.merchants.agent import NewAgent, add_agent
from compensation.merchants.merchant import Added
from tests.shop import make_program

BUDGET = Money(1_000_000_00, "EUR")


class Office(msgspec.Struct):
    """The merchant as a file sees him. ``who`` is his system; ``clerk`` may grant €100, ``lead`` €10,000."""

    door: Doorway
    owner: asyncpg.Connection
    who: Who
    program: str
    clerk: Who
    lead: Who

    async def upload(self, data: bytes, form: Format = "csv", *, by: Who | None = None, chunk: int = 3) -> Import:
        what = Upload("file", form, hashlib.sha256(data).hexdigest())
        act = Taking(io.BytesIO(data), chunk).take
        return (await self.door.write(act, by or self.who, what)).read(Import)

    async def approve(self, found: Import, by: Who | None = None) -> Import:
        what = ApproveImport(found.id, found.lines)
        return (await self.door.write(approve_import, by or self.who, what)).read(Import)

    async def begin(self, found: Import) -> None:
        await self.door.write(begin, self.who, Begin(found.id))

    async def chunk(self, found: Import, number: int) -> None:
        """What the worker does with a chunk."""
        await self.door.write(issue_chunk, self.who, Chunk(found.id, number))
        await self.door.write(conclude_import, self.who, Begin(found.id))

    async def chunks(self, found: Import) -> list[int]:
        rows = await self.owner.fetch("SELECT number FROM import_chunks WHERE import_id = $1 ORDER BY 1", found.id)
        return [row["number"] for row in rows]

    async def issue(self, found: Import) -> Import:
        await self.begin(found)
        for number in await self.chunks(found):
            await self.chunk(found, number)
        return await self.see(found)

    async def see(self, found: Import) -> Import:
        async with self.door.read(self.who.merchant_id) as tx:
            return await find(tx, found.id)

    async def flaws(self, found: Import) -> list[Flaw]:
        async with self.door.read(self.who.merchant_id) as tx:
            return [flaw for _, flaw in await flaws(tx, found.id, 0, 1_000_000)]

    async def count(self, table: str) -> int:
        return int(await self.owner.fetchval(f"SELECT count(*) FROM {table}"))

    async def balance(self, role: str) -> int:
        return int(await self.owner.fetchval("SELECT coalesce(sum(balance), 0) FROM accounts WHERE role = $1", role))

    async def sound(self) -> None:
        assert await audit(self.owner) == {}


def sheet(lines: list[dict[str, Any]], columns: str = "key,kind,amount,currency") -> bytes:
    names = columns.split(",")
    rows = [",".join(str(line.get(name, "")) for name in names) for line in lines]
    return ("\n".join([columns, *rows]) + "\n").encode()


def cards(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Good lines: a gift card each, of growing worth."""
    return [
        {"key": f"k{n}", "kind": "gift_card", "amount": f"{n}.50", "currency": "EUR"}
        for n in range(first, first + count)
    ]


@pytest.fixture
async def office(door: Doorway, owner: asyncpg.Connection, merchant: Who) -> Office:
    program = await make_program(owner, door, merchant, BUDGET)

    async def desk(name: str, role: Any, euros: int) -> Who:
        new = NewAgent(name=name, email=f"{name}@shop.example", password="-", role=role, authority={"EUR": euros * 100})
        return Who(merchant.merchant_id, (await door.write(add_agent, merchant, new)).read(Added).id)

    clerk, lead = await asyncio.gather(desk("clerk", "agent", 100), desk("lead", "lead", 10_000))
    return Office(door, owner, merchant, program, clerk, lead)


async def add_customer(office: Office, who: Who, **contact: str) -> str:
    async def add(tx: Tx, who: Who, what: str, at: datetime) -> Added:
        [one] = await meet(tx, [seek(tx, Contact(**contact), Living("en", "IE", "standard"))], at)
        assert one is not None
        return Added(one.customer.id)

    return (await office.door.write(add, who, "")).read(Added).id
