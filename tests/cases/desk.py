"""A merchant with a program, two agents and a lead, and the reports that the stories begin with."""

import json
from typing import Any

import asyncpg
import msgspec

from compensation.cases.case import Case, CaseFile, case_file
from compensation.cases.choose import Choose, choose
from compensation.cases.report import ReportCase, report
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.agent import NewAgent, Role, add_agent
from compensation.merchants.demo import BRAND
from compensation.merchants.merchant import Added, Funding, NewProgram, add_brand, add_program, fund

INC_19 = {
    "harms": [{"type": "financial.direct_financial_loss", "severity": "critical"}],
    "country": "DE",
    "locale": "en",
    "reason_code": "prepayment_not_returned",
    "customer_tier": "gold",
    "order": {"number": "SN-39107", "amount": {"amount": 54000, "currency": "EUR"}, "payment": "pay_39107"},
    "facts": {"prepaid_unreturned": True, "cancelled_by_merchant": True},
    "words": "You cancelled the workshop in May and kept my prepayment.",
    "customer": {"reference": "CUST-77", "name": "Hannah Weber", "email": "hannah@weber.example"},
}
INC_10 = {
    "harms": [{"type": "emotional.frustration_resentment", "severity": "medium"}],
    "country": "CA",
    "reason_code": "support_experience",
    "order": {"number": "SN-50001", "amount": {"amount": 4500, "currency": "CAD"}},
    "customer": {"reference": "CUST-78", "name": "Marc Tremblay", "email": "marc@tremblay.example"},
}


class Desk(msgspec.Struct, frozen=True):
    """``system`` holds an API key; ``agent`` may grant €200 and C$200, ``lead`` and ``second`` €2,000."""

    door: Doorway
    owner: asyncpg.Connection
    system: Who
    agent: Who
    lead: Who
    program: str

    async def report(self, who: Who, body: dict[str, Any], key: str | None = None) -> CaseFile:
        return (await self.door.write_together(report, who, reading(body), key)).read(CaseFile)

    async def choose(self, who: Who, case: Case, offer: str, **more: Any) -> Case:
        return (await self.door.write(choose, who, Choose(case_id=case.id, offer=offer, **more))).read(Case)

    async def file(self, case: Case) -> CaseFile:
        async with self.door.read(self.system.merchant_id) as tx:
            return await case_file(tx, case.id)

    async def balances(self, currency: str = "EUR") -> tuple[int, int]:
        """What the program's budget has left, and what is reserved."""
        rows = await self.owner.fetch(
            "SELECT role, balance FROM accounts WHERE owner_id = $1 AND asset = $2", self.program, currency
        )
        found = {row["role"]: row["balance"] for row in rows}
        return found.get("budget", 0), found.get("reserved", 0)

    async def only(self, table: str) -> asyncpg.Record:
        """The one row of a table."""
        (row,) = await self.owner.fetch(f"SELECT * FROM {table}")
        return row

    async def count(self, table: str) -> int:
        return int(await self.owner.fetchval(f"SELECT count(*) FROM {table}"))

    async def told(self) -> list[str]:
        """The topics in the outbox, oldest first."""
        return [row["topic"] for row in await self.owner.fetch("SELECT topic FROM outbox ORDER BY id")]

    async def history(self, case: Case) -> list[str]:
        rows = await self.owner.fetch("SELECT what FROM case_events WHERE case_id = $1 ORDER BY at, id", case.id)
        return [row["what"] for row in rows]


def reading(body: dict[str, Any]) -> ReportCase:
    """As the web decodes it."""
    return msgspec.json.decode(json.dumps(body), type=ReportCase)


async def open_desk(
    door: Doorway, owner: asyncpg.Connection, system: Who, budget: int = 500_000, slug: str = "shop"
) -> Desk:
    brand = (await door.write(add_brand, system, BRAND)).read(Added).id
    program = (await door.write(add_program, system, NewProgram("Care", brand, "default"))).read(Added).id
    for currency in ("EUR", "CAD") if budget else ():
        await door.write(fund, system, Funding(program, Money(budget, currency)))
    agent = await hire(door, system, f"mira@{slug}.example", "agent", 20_000)
    lead = await hire(door, system, f"omar@{slug}.example", "lead", 200_000)
    return Desk(door, owner, system, agent, lead, program)


async def hire(door: Doorway, system: Who, email: str, role: Role, most: int) -> Who:
    new = NewAgent(name="Somebody", email=email, password="-", role=role, authority={"EUR": most, "CAD": most})
    return Who(system.merchant_id, (await door.write(add_agent, system, new)).read(Added).id)
