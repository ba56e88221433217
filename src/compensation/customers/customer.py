"""A customer: what may be shown of him anywhere, who he is to those who may know, and how he is found."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.errors import NotFound
from compensation.core.ids import is_id
from compensation.core.vault import Unreadable
from compensation.customers import sql
from compensation.customers.contact import Person, comparable, tokens
from compensation.customers.key import CustomerKey, open_key
from compensation.db.pool import Tx

MOST_FOUND = 50


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer without anything personal: fit for answers that are kept. ``erased`` means that nobody knows who."""

    id: str
    locale: str
    country: str
    tier: str
    created_at: datetime
    erased: bool = False


class KnownCustomer(Customer, frozen=True, kw_only=True):
    """A customer with who he is, for those who serve him. Never kept and never logged."""

    person: Person | None


async def customer(tx: Tx, customer_id: str) -> Customer:
    """Raises NotFound ``unknown_customer``."""
    return read_customer(await _row(tx, customer_id))


async def known_customer(tx: Tx, customer_id: str) -> KnownCustomer:
    """The customer and the person, who is None once erased. Raises NotFound ``unknown_customer``."""
    row = await _row(tx, customer_id)
    found = read_customer(row)
    who = None if found.erased else read_person(open_key(tx, customer_id, row["data_key"]), row["sealed"])
    return KnownCustomer(**msgspec.structs.asdict(found), person=who)


async def persons(tx: Tx, customer_ids: Iterable[str]) -> dict[str, tuple[Person, CustomerKey]]:
    """Who these customers are, with the key that opens what else is sealed; the erased are left out."""
    found = {}
    for row in await tx.rows(sql.KEYS, sorted(set(customer_ids))):
        key = open_key(tx, row["customer_id"], row["data_key"])
        found[key.customer_id] = (read_person(key, row["sealed"]), key)
    return found


async def key_of(tx: Tx, customer_id: str) -> CustomerKey:
    """The customer's key. Raises Unreadable when he was erased."""
    rows = await tx.rows(sql.KEYS, [customer_id])
    if not rows:
        raise Unreadable(customer_id)
    return open_key(tx, customer_id, rows[0]["data_key"])


async def find(tx: Tx, text: str) -> list[str]:
    """The ids of customers by id, e-mail address or words of the name, the newest first; at most MOST_FOUND."""
    wanted = text.strip()
    if is_id(wanted, "cus"):
        return [wanted]
    if "@" in wanted:
        hashes = tx.vault.fingerprints("email", comparable(wanted))
        return [row["id"] for row in await tx.rows(sql.BY_EMAIL, hashes, MOST_FOUND)]
    found: list[str] = []
    for hashed in name_hashes(tx, wanted):
        found += [row["id"] for row in await tx.rows(sql.BY_NAME, hashed, MOST_FOUND)]
    return found


def name_hashes(tx: Tx, name: str) -> list[list[bytes]]:
    """The hashes of a name's words under each key we hold, current first; none for a name without words.

    The words of one person were all hashed by one key, so each list finds by itself.
    """
    words = [tx.vault.fingerprints("name", word) for word in tokens(name)]
    return [list(version) for version in zip(*words, strict=True)]


def read_customer(row: Any) -> Customer:
    return Customer(
        id=row["id"],
        locale=row["locale"],
        country=row["country"],
        tier=row["tier"],
        created_at=row["created_at"],
        erased=row["data_key"] is None,
    )


def read_person(key: CustomerKey, sealed: bytes) -> Person:
    return msgspec.json.decode(key.open("person", sealed), type=Person)


async def _row(tx: Tx, customer_id: str) -> Any:
    row = await tx.row(sql.CUSTOMER, customer_id)
    if row is None:
        raise NotFound("unknown_customer", "There is no such customer.")
    return row
