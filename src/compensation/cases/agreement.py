"""The signed agreement: for a rule that asks for more than a tick, the customer's own full name beneath the text.

The text is kept as it was shown, with its version, the language and the moment; the name is sealed under the
customer's key. Whoever signed on paper is named by ``consent.agreement`` instead.
"""

from datetime import datetime

import msgspec

from compensation.cases import sql
from compensation.cases.move import Locked
from compensation.core.errors import Forbidden, Invalid, Refused
from compensation.core.ids import new_id
from compensation.core.text import language, line
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of
from compensation.customers.key import open_key
from compensation.db.pool import Tx
from compensation.engine.harm import Wording

VERSION = 1
"""Of the text. Whoever changes a word of it counts on: what was signed before keeps its own."""
_TEXT = Wording(
    en="{sentence} I know that I may have the money instead. I sign this with my full name.",
    ar="{sentence} وأعلم أن لي أن آخذ المبلغ نقدًا بدلًا من ذلك. وأوقّع هذا باسمي الكامل.",
    bg="{sentence} Зная, че вместо това мога да получа парите. Подписвам това с пълното си име.",
)
_LETTERS = 3
"""Fewer are nobody's full name."""


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What was signed, by whom and when. ``name`` is None once the customer was erased."""

    id: str
    text: str
    version: int
    locale: str
    name: str | None
    signed_by: str
    """The customer himself, or the merchant's system on whose page he signed."""
    at: datetime


def text_of(sentence: str, locale: str) -> str:
    """What is signed: the sentence of the consent, marked or not as it is given, and what the signature says."""
    return _TEXT.in_(language(locale)).format(sentence=sentence)


async def sign(
    tx: Tx, case: Locked, offer_key: str, sentence: str, spoken: str, signature: str, actor: str, at: datetime
) -> str:
    """Keep a signature; the id of the agreement. ``sentence`` is without marks, in the language ``spoken``.

    Raises Forbidden ``not_the_customer`` for an agent, who cannot sign for anybody; Invalid ``full_name_needed``;
    Refused ``wrong_state`` once the customer was erased.
    """
    if actor.startswith("agt_"):
        raise Forbidden(
            "not_the_customer",
            "Only the customer signs, on his own page. For a paper that he signed, say where it is in "
            "consent.agreement.",
        )
    name = line(signature)
    if sum(letter.isalpha() for letter in name) < _LETTERS:
        raise Invalid("full_name_needed", "A signature is the customer's full name, as he types it himself.")
    if case.data_key is None:
        raise Refused("wrong_state", "The customer was erased, and nobody can sign for him.", state=case.state.value)
    agreement_id = new_id("agr")
    sealed = open_key(tx, case.customer_id, case.data_key).seal(agreement_id, name.encode())
    text = text_of(sentence, spoken)
    await tx.run(sql.SIGN, agreement_id, case.id, offer_key, text, VERSION, spoken, sealed, actor, at)
    return agreement_id


async def agreements(tx: Tx, case_id: str, customer_id: str) -> dict[str, Agreement]:
    """What was signed in this case, by id. The names are gone once the customer was erased."""
    rows = await tx.rows(sql.AGREEMENTS, case_id)
    try:
        key = await key_of(tx, customer_id) if rows else None
    except Unreadable:
        key = None
    found = {}
    for row in rows:
        name = key.open(row["id"], row["name"]).decode() if key else None
        found[row["id"]] = Agreement(**dict(row) | {"name": name})
    return found
