"""Every invariant as a query that finds what breaks it. No row anywhere is the proof finance asks for."""

import asyncio
import sys

import asyncpg

from compensation.core.settings import Settings
from compensation.db.authority_laws import AUTHORITY_LAWS
from compensation.db.case_laws import CASE_LAWS
from compensation.db.import_laws import IMPORT_LAWS
from compensation.db.law import Law
from compensation.db.ledger_laws import LEDGER_LAWS
from compensation.db.points_laws import POINTS_LAWS
from compensation.db.policy_laws import POLICY_LAWS
from compensation.db.product_laws import PRODUCT_LAWS
from compensation.db.value_laws import VALUE_LAWS

SHOWN = 20
"""How many offending rows of each law are printed."""
FOUND = 1_000
"""How many are looked for at most: a law that is broken everywhere must not fill our memory with its proof."""


LAWS = (
    *LEDGER_LAWS,
    *VALUE_LAWS,
    *CASE_LAWS,
    *AUTHORITY_LAWS,
    *IMPORT_LAWS,
    *POLICY_LAWS,
    *POINTS_LAWS,
    *PRODUCT_LAWS,
    Law(
        "no work is dead",
        "SELECT merchant_id, id, topic, subject_id, last_error FROM outbox WHERE ended = 'dead'",
    ),
    Law(
        "no merchant has more than sixteen endpoints",
        """SELECT merchant_id, count(*) AS endpoints FROM webhook_endpoints WHERE disabled_at IS NULL
           GROUP BY 1 HAVING count(*) > 16""",
    ),
    Law(
        "events are numbered without a gap",
        """SELECT n.merchant_id, n.last, e.told, e.highest FROM event_numbers AS n LEFT JOIN (
             SELECT merchant_id, count(*) AS told, max(number) AS highest FROM events GROUP BY 1) AS e
             ON e.merchant_id = n.merchant_id
           WHERE e.told IS DISTINCT FROM n.last OR e.highest IS DISTINCT FROM n.last""",
    ),
)


async def audit(connection: asyncpg.Connection) -> dict[str, list[asyncpg.Record]]:
    """The rows that break each law, FOUND of them at most, in one snapshot, as the owner who sees every tenant. Empty
    means sound."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        # Every law reads whole tables. Looking rows up one by one instead, as is planned for tables whose statistics
        # are old, took minutes where reading them takes seconds.
        await connection.execute("SET LOCAL enable_nestloop = off")
        broken = {law.says: await (await connection.cursor(law.breaks)).fetch(FOUND) for law in LAWS}
    return {says: rows for says, rows in broken.items() if rows}


def main(settings: Settings) -> int:
    """The command: one line a law, the offending rows beneath it; exit status 1 when any law is broken."""

    async def run() -> tuple[dict[str, list[asyncpg.Record]], list[asyncpg.Record]]:
        connection = await asyncpg.connect(settings.owner_url, timeout=10)
        try:
            totals = await connection.fetch(
                "SELECT merchant_id, asset, sum(balance) FILTER (WHERE balance > 0) AS held, sum(balance) AS sum,"
                " count(*) AS accounts FROM accounts GROUP BY 1, 2 ORDER BY 1, 2"
            )
            return await audit(connection), totals
        finally:
            await connection.close()

    broken, totals = asyncio.run(run())
    for row in totals:
        print(f"{row['merchant_id']} {row['asset']:>6}  {row['accounts']:>6} accounts  sum {row['sum']}")
    for law in LAWS:
        print(f"{'broken' if law.says in broken else 'holds '}  {law.says}")
        for row in broken.get(law.says, [])[:SHOWN]:
            print("        " + ", ".join(f"{name}={value}" for name, value in row.items()))
    if broken:
        print(f"{len(broken)} of {len(LAWS)} laws are broken.", file=sys.stderr)
    return 1 if broken else 0
