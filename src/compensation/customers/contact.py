"""Who a customer is, as it comes in and as it is sealed: names made inert, addresses and numbers in one form."""

import re
import unicodedata
from typing import Annotated

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec import Meta

from compensation.core.errors import Invalid
from compensation.core.text import line

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reference = Annotated[str, Meta(min_length=1, max_length=200)]
_WORD = re.compile(r"[^\W_]+")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed under the customer's own key. ``phone`` is E.164; ``reference`` the merchant's own number."""

    name: str = ""
    salutation: str = ""
    """How he is addressed, where the merchant knows: ``Dear Ms Weber``, ``السيدة دلال``."""
    email: str = ""
    phone: str = ""
    reference: str = ""

    def updated(self, newer: "Person") -> "Person":
        """This person with everything the newer report says about him; what it leaves out stays."""
        said = {name: value for name in newer.__struct_fields__ if (value := getattr(newer, name))}
        return msgspec.structs.replace(self, **said)


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The customer of a report: one we know, by ``id``; else by ``reference`` (the merchant's), ``email`` or both."""

    id: str | None = None
    reference: Reference | None = None
    name: Name | None = None
    salutation: Name | None = None
    email: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    phone: Annotated[str, Meta(min_length=3, max_length=40)] | None = None
    device: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Your own name of the device he came from. Kept as a keyed hash and nothing else, like ``address``."""
    address: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Where his orders go."""


def person(contact: Contact, country: str) -> Person:
    """The contact as it may be kept. ``country`` says how a telephone number without a prefix is read.

    Raises Invalid ``customer_needed``, ``invalid_email``, ``invalid_phone``.
    """
    if contact.id is None and contact.reference is None and contact.email is None:
        raise Invalid("customer_needed", "Say who was harmed: send customer.reference, customer.email or customer.id.")
    return Person(
        name=line(contact.name or ""),
        salutation=line(contact.salutation or ""),
        email=_email(contact.email) if contact.email else "",
        phone=_phone(contact.phone, country) if contact.phone else "",
        reference=line(contact.reference or ""),
    )


def comparable(email: str) -> str:
    """An address as two of them are compared: many systems lose its case, so it cannot tell people apart."""
    return line(email).casefold()


def tokens(name: str) -> list[str]:
    """The words of a name as they are searched for: in small letters, without accents or vowel signs."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
    return sorted(set(_WORD.findall(bare)))[:12]


def _email(written: str) -> str:
    try:
        return validate_email(written.strip(), check_deliverability=False).normalized
    except EmailNotValidError as wrong:
        raise Invalid("invalid_email", f"customer.email cannot be an address: {wrong}") from None


def _phone(written: str, country: str) -> str:
    try:
        number = phonenumbers.parse(line(written), country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Invalid("invalid_phone", "customer.phone cannot be a number; write it like +353 1 555 0142.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
