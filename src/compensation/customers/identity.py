"""By what one person is known under several names: keyed hashes of addresses, numbers, devices, never themselves."""

import re
from collections.abc import Iterable

from compensation.core.vault import Vault
from compensation.customers import sql
from compensation.customers.contact import Contact, Person, comparable
from compensation.db.pool import Tx, columns

_ONE_MAILBOX = frozenset(("gmail.com", "googlemail.com"))
"""Where dots in a mailbox's name make no difference."""
_LETTERS = re.compile(r"[^\W_]+")


def mailbox(email: str) -> str:
    """The mailbox that an address reaches: without what follows a plus, and without dots where they do not count."""
    name, _, host = comparable(email).rpartition("@")
    name = name.partition("+")[0]
    if host in _ONE_MAILBOX:
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"


def identities(vault: Vault, person: Person, contact: Contact) -> list[tuple[str, bytes]]:
    """Kind and keyed hash of everything that was said of who he is."""
    said = {
        "email": mailbox(person.email) if person.email else "",
        "phone": person.phone,
        "device": (contact.device or "").strip(),
        "address": " ".join(_LETTERS.findall((contact.address or "").casefold())),
    }
    return [(kind, vault.fingerprint(f"identity.{kind}", text)) for kind, text in said.items() if text]


async def remember(tx: Tx, met: Iterable[tuple[str, Person, Contact]]) -> None:
    """Keep by what these customers are known, each given by his id; one statement, however many they are."""
    known = [(who, *one) for who, person, contact in met for one in identities(tx.vault, person, contact)]
    if known:
        await tx.run(sql.REMEMBER, *columns(known, 3))
