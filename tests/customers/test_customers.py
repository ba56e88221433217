"""Laws of the customers' room: one row for one person, readable under his own key only, and gone when erased."""

import asyncio
from datetime import datetime

import asyncpg
import pytest

from compensation.core.errors import Conflict, Invalid, NotFound
from compensation.core.vault import Unreadable, Vault
from compensation.customers.add import Living, meet, seek
from compensation.customers.contact import Contact
from compensation.customers.customer import Customer, KnownCustomer, find, key_of, known_customer
from compensation.customers.erase import Erase, erase
from compensation.customers.wallet import wallet
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from tests.conftest import make_merchant

HERE = Living("en", "IE", "gold")
LAYLA = Contact(reference="SHOP-4711", name="Layla Haddad", email="Layla@shop.example", phone="089 212 3456")


async def greet(tx: Tx, who: Who, what: Contact, at: datetime) -> Customer:
    """An act that does nothing but find or add a customer."""
    [one] = await meet(tx, [seek(tx, what, HERE)], at)
    assert one is not None
    return one.customer


async def met(door: Doorway, who: Who, contact: Contact) -> str:
    return (await door.write(greet, who, contact)).read(Customer).id


async def known(door: Doorway, who: Who, customer_id: str) -> KnownCustomer:
    async with door.read(who.merchant_id) as tx:
        return await known_customer(tx, customer_id)


async def found(door: Doorway, who: Who, text: str) -> list[str]:
    async with door.read(who.merchant_id) as tx:
        return await find(tx, text)


async def test_a_customer_is_kept_in_one_form_and_found_by_name_address_and_id(door: Doorway, merchant: Who) -> None:
    layla = await met(door, merchant, LAYLA)
    person = (await known(door, merchant, layla)).person
    assert person is not None
    assert (person.name, person.email, person.phone) == ("Layla Haddad", "Layla@shop.example", "+353892123456")
    for text in (layla, " layla@SHOP.example", "haddad", "LAYLA", "Haddad Layla"):
        assert await found(door, merchant, text) == [layla], text
    for text in ("Layla Smith", "other@shop.example", "Had", "", "   "):
        assert await found(door, merchant, text) == [], text


async def test_names_are_found_without_accents_vowel_signs_or_letter_case(door: Doorway, merchant: Who) -> None:
    jose = await met(door, merchant, Contact(reference="1", name="José Müller"))
    fahd = await met(door, merchant, Contact(reference="2", name="فَهْد العتيبي"))
    desi = await met(door, merchant, Contact(reference="3", name="Десислава Петкова"))
    assert await found(door, merchant, "jose muller") == [jose]
    assert await found(door, merchant, "فهد") == [fahd]
    assert await found(door, merchant, "петкова") == [desi]


async def test_fifty_reports_of_one_stranger_make_one_customer(door: Doorway, merchant: Who) -> None:
    by_reference = await asyncio.gather(*(met(door, merchant, Contact(reference="R")) for _ in range(25)))
    by_address = await asyncio.gather(*(met(door, merchant, Contact(email="a@shop.example")) for _ in range(25)))
    assert len(set(by_reference)) == 1
    assert len(set(by_address)) == 1
    assert by_reference[0] != by_address[0]


async def test_one_known_by_his_address_takes_over_the_reference_that_comes_later(door: Doorway, merchant: Who) -> None:
    first = await met(door, merchant, Contact(email="a@shop.example", name="Ann"))
    assert await met(door, merchant, Contact(email="A@Shop.example", reference="R-7")) == first
    assert await met(door, merchant, Contact(reference="R-7")) == first
    # The household shares an address, but the merchant says that these are two people.
    assert await met(door, merchant, Contact(email="a@shop.example", reference="R-8")) != first
    person = (await known(door, merchant, first)).person
    assert person is not None
    assert (person.name, person.reference) == ("Ann", "R-7")


async def test_a_later_report_adds_what_it_knows_and_forgets_nothing(door: Doorway, merchant: Who) -> None:
    layla = await met(door, merchant, LAYLA)
    await met(door, merchant, Contact(reference="SHOP-4711", name="Layla Haddad-Smith"))
    person = (await known(door, merchant, layla)).person
    assert person is not None
    assert (person.name, person.phone) == ("Layla Haddad-Smith", "+353892123456")
    assert await found(door, merchant, "smith") == [layla]


async def test_the_tables_tell_nothing_about_anybody(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    await met(door, merchant, LAYLA)
    rows = [*await owner.fetch("SELECT * FROM customers"), *await owner.fetch("SELECT * FROM persons")]
    dump = "".join(str(dict(row)) for row in rows)
    assert len(rows) == 2
    for word in ("Layla", "haddad", "shop.example", "2123456", "SHOP-4711"):
        assert word not in dump


async def test_erasing_makes_the_person_and_all_that_was_sealed_for_him_unreadable(
    door: Doorway, merchant: Who, owner: asyncpg.Connection, vault: Vault
) -> None:
    layla = await met(door, merchant, LAYLA)
    async with door.read(merchant.merchant_id) as tx:
        sealed = (await key_of(tx, layla)).seal("note", b"her words")
        assert (await key_of(tx, layla)).open("note", sealed) == b"her words"
    answer = (await door.write(erase, merchant, Erase(layla), "k")).read(Customer)
    assert answer.erased
    async with door.read(merchant.merchant_id) as tx:
        with pytest.raises(Unreadable):
            await key_of(tx, layla)
    assert (await known(door, merchant, layla)).person is None
    assert await found(door, merchant, "Haddad") == []
    assert await found(door, merchant, "layla@shop.example") == []
    with pytest.raises(Conflict, match="erased"):
        await met(door, merchant, Contact(id=layla))
    assert await met(door, merchant, LAYLA) != layla
    assert await owner.fetchval("SELECT count(*) FROM persons") == 1


async def test_what_is_sealed_opens_in_its_own_place_only(door: Doorway, merchant: Who) -> None:
    one, other = await met(door, merchant, LAYLA), await met(door, merchant, Contact(reference="SHOP-4712"))
    async with door.read(merchant.merchant_id) as tx:
        sealed = (await key_of(tx, one)).seal("case_1", b"words")
        with pytest.raises(Unreadable):
            (await key_of(tx, one)).open("case_2", sealed)
        with pytest.raises(Unreadable):
            (await key_of(tx, other)).open("case_1", sealed)


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (Contact(), "customer_needed"),
        (Contact(name="Only a name"), "customer_needed"),
        (Contact(email="not an address"), "invalid_email"),
        (Contact(email="a@b\u202e.example"), "invalid_email"),
        (Contact(reference="1", phone="call me"), "invalid_phone"),
    ],
)
async def test_a_contact_that_cannot_be_is_refused(
    door: Doorway, merchant: Who, contact: Contact, code: str, owner: asyncpg.Connection
) -> None:
    with pytest.raises(Invalid) as caught:
        await met(door, merchant, contact)
    assert caught.value.code == code
    assert await owner.fetchval("SELECT count(*) FROM customers") == 0


async def test_marks_that_turn_text_around_never_get_into_a_name(door: Doorway, merchant: Who) -> None:
    spoofed = await met(door, merchant, Contact(reference="1", name="\u202eelpmaS \u0007Ann\u2066"))
    person = (await known(door, merchant, spoofed)).person
    assert person is not None
    assert person.name == "elpmaS Ann"


async def test_a_stranger_s_customer_is_no_customer(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    layla, other = await met(door, merchant, LAYLA), await make_merchant(owner)
    assert await found(door, other, "Haddad") == []
    with pytest.raises(NotFound):
        await known(door, other, layla)
    with pytest.raises(NotFound):
        await met(door, other, Contact(id=layla))
    async with door.read(other.merchant_id) as tx:
        with pytest.raises(NotFound):
            await wallet(tx, layla, door.clock())
    assert await met(door, other, LAYLA) != layla


def test_the_answer_that_is_kept_has_no_room_for_a_person() -> None:
    assert set(Customer.__struct_fields__) == {"id", "locale", "country", "tier", "created_at", "erased"}
