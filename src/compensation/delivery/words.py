"""The words of the product in three languages: English in the source, Arabic and Bulgarian in ``templates/words``.

Catalogues are gettext text files, compiled in memory when the process starts. A text with a placeholder that nobody
filled is never sent: saying it raises.
"""

import datetime as dt
import gettext
import io
import re
from pathlib import Path
from typing import Any

import msgspec
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.text import LANGUAGES, day, language, money

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
_SLOT = re.compile(r"\{([a-z_]+)\}(\.?)")
_MARKS = "\u2069\u200e\u200f"


def word(text: str) -> str:
    """Mark a text for the translators where it stands in a table and is said later."""
    return text


class Say:
    """One language: ``say("Valid until {date}", date=…)``. Money and dates are written the reader's way."""

    def __init__(self, locale: str, catalogue: gettext.NullTranslations) -> None:
        self.locale = locale
        self._catalogue = catalogue

    def __call__(self, text: str, /, **values: Any) -> str:
        """The text in this language, marked. A ``str`` value is taken as marked already, or harmless.

        Raises Refused ``letter_incomplete`` when a placeholder has no value or an empty one.
        """
        return self.fill(self._catalogue.gettext(text), **values)

    def many(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """The form of a text for ``n`` things, by the plural rule of the language; ``{n}`` is the figure."""
        return self.fill(self._catalogue.ngettext(one, many, n), n=n, **values)

    def fill(self, text: str, /, **values: Any) -> str:
        """Put values into a text that is in this language already. Values are never looked into for more slots."""

        def put(slot: re.Match[str]) -> str:
            written = self._written(values.get(slot[1]))
            if not written:
                raise Refused("letter_incomplete", f"The letter lacks {slot[1]}; say it before sending.", field=slot[1])
            # A Bulgarian date or sum may end with a stop of its own; a sentence that ends with it needs no second one.
            return written if written.rstrip(_MARKS).endswith(".") else written + slot[2]

        return _SLOT.sub(put, text)

    def _written(self, value: Any) -> str:
        if isinstance(value, Money):
            return money(value, self.locale)
        if isinstance(value, dt.date):
            return day(value, self.locale)
        return "" if value is None else str(value)


class Words:
    """Every catalogue of a folder: ``ar.po`` and, for a part that has its own, such as ``console.ar.po``."""

    def __init__(self, folder: Path = TEMPLATES / "words") -> None:
        self._catalogues = {tongue: _read(folder, tongue) for tongue in LANGUAGES}

    def in_(self, locale: str | None) -> Say:
        """The words for a reader; ``en-US`` keeps its region, so that dates are written his way."""
        return Say(locale or "en", self._catalogues[language(locale)])


class ReasonWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason in one language. ``heading_item`` has the slot ``{item}``; ``done`` may have ``{reported}``."""

    label: str
    heading: str
    heading_item: str
    ours: str
    done: str


class ReasonEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reason code of ``catalog/reasons.toml``: its words, and the prevention note that fits it."""

    prevention: str
    en: ReasonWords
    ar: ReasonWords
    bg: ReasonWords

    def in_(self, locale: str | None) -> ReasonWords:
        return {"en": self.en, "ar": self.ar, "bg": self.bg}[language(locale)]


def read_reasons(path: Path = TEMPLATES.parent / "catalog" / "reasons.toml") -> dict[str, ReasonEntry]:
    """Every reason code with its words. ``other`` is always there, for a code a merchant made up."""
    return msgspec.toml.decode(path.read_bytes(), type=dict[str, ReasonEntry])


def _read(folder: Path, tongue: str) -> gettext.NullTranslations:
    whole = gettext.NullTranslations()
    for path in sorted([*folder.glob(f"{tongue}.po"), *folder.glob(f"*.{tongue}.po")]):
        compiled = io.BytesIO()
        with path.open("rb") as text:
            write_mo(compiled, read_po(text, locale=tongue))
        compiled.seek(0)
        catalogue = gettext.GNUTranslations(compiled)
        catalogue.add_fallback(whole)
        whole = catalogue
    return whole
