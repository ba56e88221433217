"""Finding the customers that reports are about, or adding them: one row for one person, however many reports race.

A merchant's reference tells customers apart. Someone known by his e-mail address alone has the hash of that address
in the place of a reference, so that the same unique index keeps him single; when the merchant later names the
reference of that address, the customer takes it over and stays who he was.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.errors import Conflict, NotFound
from compensation.core.ids import new_ids
from compensation.customers import sql
from compensation.customers.contact import Contact, Person, comparable, person
from compensation.customers.customer import Customer, name_hashes, read_customer, read_person
from compensation.customers.key import CustomerKey, new_key, open_key
from compensation.db.pool import Tx, columns


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


class Sought(msgspec.Struct, frozen=True):
    """One customer of those who are looked for together: what is said of him, and what he may be found by."""

    id: str | None
    said: Person
    living: Living
    hashes: _Hashes

    @property
    def names(self) -> set[str | bytes | None]:
        """All that he may be found by."""
        return {self.id, *self.hashes.reference, *self.hashes.email} - {None}


def seek(tx: Tx, contact: Contact, living: Living) -> Sought:
    """Raises Invalid (see ``contact.person``)."""
    said = person(contact, living.country)
    return Sought(contact.id, said, living, _hashes(tx, said))


async def meet(tx: Tx, sought: Sequence[Sought], at: datetime) -> list[Met | None]:
    """The customers of several reports, locked until the transaction ends, each brought up to date with what is said.

    None for a report about somebody who may be the customer of one before it: he is met again once that one is written,
    so that it counts. The first is always met.
    Raises NotFound ``unknown_customer``, Conflict ``customer_erased``.
    """
    met: dict[int, Met] = {}
    strangers = await _known(tx, sought, _apart(sought), met)
    added = await _add(tx, [sought[place] for place in strangers], at) if strangers else []
    met |= {place: one for place, one in zip(strangers, added, strict=True) if one is not None}
    missed = [place for place in strangers if place not in met]
    if missed:
        left = await _known(tx, sought, missed, met)
        assert not left, "whoever kept us from adding a customer has added him"
    return [met.get(place) for place in range(len(sought))]


def _apart(sought: Sequence[Sought]) -> list[int]:
    """The places of those who share nothing with one before them."""
    seen: set[str | bytes | None] = set()
    apart = []
    for place, one in enumerate(sought):
        if seen.isdisjoint(one.names):
            apart.append(place)
        seen |= one.names
    return apart


async def _known(tx: Tx, sought: Sequence[Sought], places: Sequence[int], met: dict[int, Met]) -> list[int]:
    """Meet those of them whom we know; the places of those whom we do not."""
    wanted = [sought[place] for place in places]
    given = [
        (one.id, _array(one.hashes.reference), _array(one.hashes.email), _array(one.hashes.address_as_reference))
        for one in wanted
    ]
    rows = {row["place"] - 1: row for row in await tx.rows(sql.MATCH, *columns(given, 4))}
    strangers = []
    for number, (place, one) in enumerate(zip(places, wanted, strict=True)):
        row = rows.get(number)
        if row is None and one.id is not None:
            raise NotFound("unknown_customer", "There is no customer with this id; leave customer.id out to add one.")
        if row is None:
            strangers.append(place)
        elif all(row["id"] != other.customer.id for other in met.values()):
            met[place] = await _bring_up_to_date(tx, row, one)
    return strangers


async def _add(tx: Tx, strangers: Sequence[Sought], at: datetime) -> list[Met | None]:
    """Add customers; None for one whom somebody else added a moment ago."""
    ids = new_ids("cus", len(strangers))
    keys = [new_key(tx, customer_id) for customer_id in ids]
    rows = []
    for customer_id, (key, sealed_key), one in zip(ids, keys, strangers, strict=True):
        sealed, names = _sealed(tx, key, one.said)
        email, living = next(iter(one.hashes.email), None), one.living
        parts = (living.locale, living.country, living.tier)
        rows.append((customer_id, one.hashes.own, email, *parts, sealed_key, sealed, _array(names)))
    added = {row["customer_id"] for row in await tx.rows(sql.ADD, at, *columns(rows, 9))}
    return [
        Met(_customer(customer_id, one.living, at), one.said, key, fresh=True) if customer_id in added else None
        for customer_id, (key, _), one in zip(ids, keys, strangers, strict=True)
    ]


def _customer(customer_id: str, living: Living, at: datetime) -> Customer:
    return Customer(id=customer_id, locale=living.locale, country=living.country, tier=living.tier, created_at=at)


async def _bring_up_to_date(tx: Tx, row: Any, one: Sought) -> Met:
    before, said, living = read_customer(row), one.said, one.living
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


def _array(hashes: Iterable[bytes]) -> str:
    """A list of its own for each row, as PostgreSQL writes an array: arrays of lists cannot differ in length."""
    return "{" + ",".join([f'"\\\\x{one.hex()}"' for one in hashes]) + "}"
