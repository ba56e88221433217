"""Editing the words of a letter before it is sent: what was done, how it is prevented, and a personal note.

The apology is no part of it: its heading and whose fault it was are always said in the shipped words, so that nobody
can take them out.
"""

import gettext
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from compensation.cases.authority import Named, acting, bounding
from compensation.cases.move import locked
from compensation.core.errors import Conflict, Invalid, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import clean
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.delivery import sql
from compensation.delivery.facts import case_facts
from compensation.delivery.occasion import Edited
from compensation.delivery.words import Say

_Text = Annotated[str, Meta(max_length=2000)]
BEFORE = (CaseState.offered, CaseState.needs_approval, CaseState.accepted)
"""Afterwards the letter is on its way."""


class OwnWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words in the language of the case; what is empty keeps the shipped words. ``{name}``, ``{order}``, ``{item}``,
    ``{brand}`` and ``{reported}`` are filled in; nothing else in braces is."""

    reason: Annotated[str, Meta(max_length=200)] = ""
    """What happened, in a few words."""
    done: _Text = ""
    """What was done about it."""
    prevention: _Text = ""
    note: _Text = ""
    """The personal note."""
    agent: Named = None


class EditWords(OwnWords, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


class WordsEdited(msgspec.Struct, frozen=True):
    """The words themselves are not in it: answers are kept, and words may be personal."""

    id: str
    case_id: str
    at: datetime


async def edit_words(tx: Tx, who: Who, what: EditWords, at: datetime) -> WordsEdited:
    """Use these words in the letters of the case from now on. The latest count; those before them are kept.

    Raises NotFound ``unknown_case``, Refused ``wrong_state`` once the letter is on its way, Conflict
    ``customer_erased``, Invalid ``unknown_placeholder`` for one that this letter cannot fill; Forbidden
    ``not_yourself``, ``unknown_agent``.
    """
    actor = acting(who, what.agent)
    if actor.startswith("agt_"):
        await bounding(tx, actor, None)
    case = await locked(tx, what.case_id, *BEFORE)
    if case.data_key is None:
        raise Conflict("customer_erased", "This customer was erased; nobody writes to him any more.")
    said = Edited(locale=case.locale, **{name: clean(getattr(what, name)).strip() for name in FIELDS})
    slots = (await case_facts(tx, case.id, at)).occasion.slots
    for name in FIELDS:
        _fill(getattr(said, name), case.locale, slots, name)
    words_id = new_id("wrd")
    sealed = open_key(tx, case.customer_id, case.data_key).seal(words_id, msgspec.json.encode(said))
    await tx.run(sql.KEEP_WORDS, words_id, case.id, sealed, actor, at, new_id("evt"))
    return WordsEdited(words_id, case.id, at)


FIELDS = ("reason", "done", "prevention", "note")


def _fill(text: str, locale: str, slots: dict[str, Any], field: str) -> None:
    try:
        Say(locale, gettext.NullTranslations()).fill(text, **slots)
    except Refused as refusal:
        known = ", ".join(f"{{{name}}}" for name, value in sorted(slots.items()) if value)
        raise Invalid(
            "unknown_placeholder",
            f"This letter cannot fill {{{refusal.extra.get('field')}}}. It can fill {known}.",
            pointer=f"/{field}",
        ) from None
