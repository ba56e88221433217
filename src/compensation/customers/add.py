"""Finding the customer a report is about, or adding him: one row for one person, however many reports race.

A merchant's reference tells customers apart. Someone known by his e-mail address alone has the hash of that address
in the place of a reference, so that the same unique index keeps him single; when the merchant later names the
reference of that address, the customer takes it over and stays who he was.
"""

from datetime import datetime
from typing import Any

import msgspec

from compensation.core.errors import Conflict, NotFound
from compensation.core.ids import new_id
from compensation.customers import sql
from compensation.customers.contact import Contact, Person, comparable, person
from compensation.customers.customer import Customer, name_hashes, read_customer, read_person
from compensation.customers.key import CustomerKey, new_key, open_key
from compensation.db.pool import Tx


class Living(msgspec.Struct, frozen=True):
    """What a report says about where and how the customer lives; ``country`` ISO 3166, ``locale`` BCP 47."""

    locale: str
    country: str
    tier: str


class Met(msgspec.Struct, frozen=True):
    """The customer of a report, who he is, and the key for what is sealed about him. ``fresh``: added just now."""

    customer: Customer
    person: Person
    key: CustomerKey
    fresh: bool


class _Hashes(msgspec.Struct, frozen=True):
    """A contact as it is looked for, under every key we hold, current first."""

    reference: list[bytes]
    email: list[bytes]
    address_as_reference: list[bytes]

    @property
    def own(self) -> bytes | None:
        """What keeps the customer single in the table."""
        return next(iter(self.reference or self.address_as_reference), None)


async def find_or_add(tx: Tx, contact: Contact, living: Living, at: datetime) -> Met:
    """The customer, locked until the transaction ends, brought up to date with what the report says.

    Raises Invalid (see ``contact.person``), NotFound ``unknown_customer``, Conflict ``customer_erased``.
    """
    said = person(contact, living.country)
    hashes = _hashes(tx, said)
    row = await _match(tx, contact, hashes)
    if row is None and contact.id is not None:
        raise NotFound("unknown_customer", "There is no customer with this id; leave customer.id out to add one.")
    if row is None:
        added = await _add(tx, said, hashes, living, at)
        if added is not None:
            return added
        row = await _match(tx, contact, hashes)
        assert row is not None, "whoever kept us from adding this customer has added him"
    return await _bring_up_to_date(tx, row, said, hashes, living)


async def _match(tx: Tx, contact: Contact, hashes: _Hashes) -> Any:
    return await tx.row(sql.MATCH, contact.id, hashes.reference, hashes.email, hashes.address_as_reference)


async def _add(tx: Tx, said: Person, hashes: _Hashes, living: Living, at: datetime) -> Met | None:
    customer_id = new_id("cus")
    key, sealed_key = new_key(tx, customer_id)
    sealed, names = _sealed(tx, key, said)
    email = next(iter(hashes.email), None)
    parts = (living.locale, living.country, living.tier)
    if not await tx.value(sql.ADD, customer_id, hashes.own, email, *parts, at, sealed_key, sealed, names):
        return None
    locale, country, tier = parts
    customer = Customer(id=customer_id, locale=locale, country=country, tier=tier, created_at=at)
    return Met(customer, said, key, fresh=True)


async def _bring_up_to_date(tx: Tx, row: Any, said: Person, hashes: _Hashes, living: Living) -> Met:
    before = read_customer(row)
    if before.erased:
        raise Conflict("customer_erased", "This customer was erased; report the case without customer.id.")
    key = open_key(tx, before.id, row["data_key"])
    was = read_person(key, row["sealed"])
    now = was.updated(said)
    customer = msgspec.structs.replace(before, **msgspec.structs.asdict(living))
    if (now, customer) != (was, before):
        sealed, names = _sealed(tx, key, now)
        fresh = _hashes(tx, now)
        own = fresh.own if said.reference else row["reference_hash"]
        email = next(iter(fresh.email), None)
        parts = (living.locale, living.country, living.tier)
        await tx.run(sql.UPDATE, customer.id, own, email, *parts, sealed, names)
    return Met(customer, now, key, fresh=False)


def _hashes(tx: Tx, said: Person) -> _Hashes:
    prints = tx.vault.fingerprints
    email = comparable(said.email)
    return _Hashes(
        reference=prints("customer", said.reference) if said.reference else [],
        email=prints("email", email) if email else [],
        address_as_reference=prints("customer.email", email) if email else [],
    )


def _sealed(tx: Tx, key: CustomerKey, who: Person) -> tuple[bytes, list[bytes]]:
    return key.seal("person", msgspec.json.encode(who)), next(iter(name_hashes(tx, who.name)), [])
