"""The secrets of webhook endpoints under the present key."""

from datetime import datetime

from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.reseal import Reseal, Resealed
from compensation.notices import sql


async def reseal_secrets(tx: Tx, who: Who, what: Reseal, at: datetime) -> Resealed:
    """All of a merchant's at once: he has few. The secrets themselves stay what they are."""
    rows = await tx.rows(sql.SECRETS_FOR_RESEALING, what.after)
    done = 0
    for row in rows:
        kept = (row["secret"], row["previous"])
        fresh = [None if one is None else _fresh(tx, row["id"], one) for one in kept]
        if tuple(fresh) != kept:
            await tx.run(sql.RESEAL_SECRETS, row["id"], *fresh)
            done += 1
    return Resealed(rows[-1]["id"] if rows else "", done)


def _fresh(tx: Tx, endpoint_id: str, sealed: bytes) -> bytes:
    return sealed if sealed[0] == tx.vault.current else tx.vault.reseal(tx.merchant_id, endpoint_id, sealed)
