"""Customers under the present key: their own keys sealed by it, and they themselves found by its hashes."""

from datetime import datetime
from typing import Any

from compensation.customers import sql
from compensation.customers.contact import comparable
from compensation.customers.customer import name_hashes, read_person
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.reseal import AT_ONCE, Reseal, Resealed


async def reseal_customers(tx: Tx, who: Who, what: Reseal, at: datetime) -> Resealed:
    """A page of customers. What is sealed under a customer's own key stays as it is: only that key moves."""
    current = tx.vault.current
    last = await tx.value(sql.PERSONS_PAGE, what.after, AT_ONCE)
    if last is None:
        return Resealed("")
    rows = await tx.rows(sql.STALE_PERSONS, what.after, last, current)
    for row in rows:
        key = open_key(tx, row["id"], row["data_key"])
        person = read_person(key, row["sealed"])
        email = comparable(person.email)
        data_key = tx.vault.reseal(tx.merchant_id, f"key:{row['id']}", row["data_key"])
        # A customer known by his address alone carries it in the place of a reference, hashed for that place.
        meanings = (("customer", person.reference), ("customer.email", email))
        reference = _again(tx, row["reference_hash"], meanings)
        names = next(iter(name_hashes(tx, person.name)), [])
        await tx.run(
            sql.RESEAL_PERSON, row["id"], data_key, names, reference, _again(tx, row["email_hash"], (("email", email),))
        )
    return Resealed(last, len(rows), await tx.value(sql.PERSONS_LEFT, what.after, last, current))


def _again(tx: Tx, kept: bytes | None, meanings: tuple[tuple[str, str], ...]) -> Any:
    """The hash of the same text by the present key; ``kept`` itself where it is of none of these texts."""
    for purpose, text in meanings:
        if text and kept in (prints := tx.vault.fingerprints(purpose, text)):
            return prints[0]
    return kept
