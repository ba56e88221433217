"""Agents under the present key: their names sealed by it, their logins found by its hash."""

from datetime import datetime

from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.reseal import Reseal, Resealed
from compensation.merchants import sql
from compensation.merchants.agent import person_of, prints_of


async def reseal_agents(tx: Tx, who: Who, what: Reseal, at: datetime) -> Resealed:
    """All of a merchant's at once: he has few. Sessions are hashes without a key, and stay."""
    rows = await tx.rows(sql.AGENTS_FOR_RESEALING, what.after)
    stale = [row for row in rows if row["person"][0] != tx.vault.current]
    for row in stale:
        person = person_of(tx, row)
        sealed = tx.vault.reseal(tx.merchant_id, row["id"], row["person"])
        own = sorted({*row["own_hashes"], *prints_of(tx, person)})
        await tx.run(sql.RESEAL_AGENT, row["id"], sealed, own)
        logins = tx.vault.fingerprints("login", person.email)
        await tx.run(sql.RESEAL_LOGIN, row["id"], logins[0], logins[1:])
    return Resealed(rows[-1]["id"] if rows else "", len(stale))
