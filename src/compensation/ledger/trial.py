"""The books at one moment, of today or of any day before: what each role stood at, debit against credit."""

import asyncio
from datetime import UTC, datetime

import msgspec

from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.outbox import merchants
from compensation.db.pool import Tx, open_pool
from compensation.db.unit import Doorway
from compensation.ledger import sql

PATIENCE = "60s"
"""How long the database may add up: a page for finance, not for a till."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one role and asset: those below zero on the debit side, the others on the credit side."""

    role: str
    asset: str
    accounts: int
    """How many of them were not at zero."""
    debit: int
    credit: int


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """An asset's two sides. They are equal, or the books are broken."""

    asset: str
    debit: int
    credit: int


class TrialBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Sums in minor units, of everything that was written down up to and including ``at``."""

    at: datetime
    lines: tuple[Line, ...]
    totals: tuple[Total, ...]

    @property
    def balanced(self) -> bool:
        return all(total.debit == total.credit for total in self.totals)


async def trial_balance(tx: Tx, at: datetime) -> TrialBalance:
    """The balances of now, less what was written down after ``at``: the nearer the moment, the sooner it is known."""
    await tx.connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
    lines = tuple(Line(**row) for row in await tx.rows(sql.TRIAL_BALANCE, at))
    assets = dict.fromkeys(line.asset for line in lines)
    return TrialBalance(at=at, lines=lines, totals=tuple(_total(asset, lines) for asset in assets))


def _total(asset: str, lines: tuple[Line, ...]) -> Total:
    own = [line for line in lines if line.asset == asset]
    return Total(asset=asset, debit=sum(line.debit for line in own), credit=sum(line.credit for line in own))


def main(settings: Settings, at: datetime | None, merchant_id: str | None) -> int:
    """The command: each merchant's books at one moment; exit status 1 when a side is heavier than the other."""

    async def run() -> list[tuple[str, TrialBalance]]:
        pool = await open_pool(settings, size=1)
        door = Doorway(pool, Vault.parse(settings.keys))
        try:
            found = []
            for each in [merchant_id] if merchant_id else await merchants(door):
                async with door.read(each) as tx:
                    found.append((each, await trial_balance(tx, at or datetime.now(UTC))))
            return found
        finally:
            await pool.close()

    books = asyncio.run(run())
    for each, balance in books:
        print(f"{each} at {balance.at:%Y-%m-%d %H:%M:%S} UTC{'' if balance.balanced else ': does not balance'}")
        rows: list[Line | Total] = [*balance.lines, *balance.totals]
        for row in rows:
            debit, credit = (f"{Money(amount, row.asset).decimal:,f}" for amount in (row.debit, row.credit))
            print(f"  {row.asset:<6} {row.role if isinstance(row, Line) else 'together':<18} {debit:>20} {credit:>20}")
    return 0 if all(balance.balanced for _, balance in books) else 1
