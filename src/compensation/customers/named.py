"""Finding many customers at once by what a merchant's file calls them."""

from collections.abc import Collection

from compensation.core.ids import is_id
from compensation.customers import sql
from compensation.db.pool import Tx


async def named(tx: Tx, names: Collection[str]) -> dict[str, str]:
    """The ids of customers by our id or by the merchant's own reference; a name that nobody has is left out."""
    if not names:
        return {}
    ids = [name for name in names if is_id(name, "cus")]
    hashes = {
        print_: name for name in names if not is_id(name, "cus") for print_ in tx.vault.fingerprints("customer", name)
    }
    found = {}
    for row in await tx.rows(sql.NAMED, ids, list(hashes)):
        # One file may name the same customer in both ways.
        found[row["id"]] = row["id"]
        if row["reference_hash"] in hashes:
            found[hashes[row["reference_hash"]]] = row["id"]
    return found
