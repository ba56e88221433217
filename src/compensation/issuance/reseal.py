"""Codes under the present key: sealed by it, and found by its hash."""

from datetime import datetime

from compensation.db.answers import Who
from compensation.db.pool import Tx, columns
from compensation.db.reseal import AT_ONCE, Reseal, Resealed
from compensation.issuance import sql


async def reseal_codes(tx: Tx, who: Who, what: Reseal, at: datetime) -> Resealed:
    """A page of codes. Whoever redeems meanwhile looks under every key, so he finds it before and after."""
    vault, current = tx.vault, tx.vault.current
    last = await tx.value(sql.CODES_PAGE, what.after, AT_ONCE)
    if last is None:
        return Resealed("")
    moved = []
    for row in await tx.rows(sql.STALE_CODES, what.after, last, current):
        code = vault.open(tx.merchant_id, row["id"], row["code_sealed"])
        sealed = vault.seal(tx.merchant_id, row["id"], code)
        moved.append((row["id"], sealed, vault.fingerprint("code", code.decode())))
    await tx.run(sql.RESEAL_CODES, *columns(moved, 3))
    return Resealed(last, len(moved), await tx.value(sql.CODES_LEFT, what.after, last, current))
