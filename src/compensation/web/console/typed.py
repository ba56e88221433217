"""What was typed into a form, field by field: read into values, and where that fails, why, beside the field."""

import datetime as dt
from collections.abc import Container, Mapping

from compensation.core.errors import Invalid
from compensation.core.money import MAX_AMOUNT, Money, exponent
from compensation.core.text import clean, line
from compensation.delivery.words import Say, word

_REQUIRED = word("This is needed")
_AMOUNTS = {
    "invalid_amount": word("Write an amount like {example}"),
    "too_many_decimals": word("Too many decimals; write it like {example}"),
}


class Typed:
    """One form. A field that is wrong reads as None and says why in ``wrong``; the first fault of a field stays."""

    def __init__(self, fields: Mapping[str, str], say: Say) -> None:
        self.fields = fields
        self.say = say
        self.wrong: dict[str, str] = {}

    def fault(self, field: str, said: str) -> None:
        """``said`` is in the agent's language and names the cure."""
        self.wrong.setdefault(field, said)

    def text(self, field: str, *, most: int = 200, needed: bool = False) -> str | None:
        """On one line; None where nothing stands."""
        return self._bounded(field, line(self.fields.get(field, "")), most, needed)

    def prose(self, field: str, *, most: int = 8000) -> str:
        """With its line breaks."""
        return self._bounded(field, clean(self.fields.get(field, "")).strip(), most, needed=False) or ""

    def ticked(self, field: str) -> bool:
        return self.fields.get(field, "") != ""

    def one_of(self, field: str, allowed: Container[str], *, needed: bool = False) -> str | None:
        """The code that was picked. Anything else is as nothing: no page of ours sends it."""
        found = self.fields.get(field, "")
        if found in allowed:
            return found
        if needed:
            self.fault(field, self.say(_REQUIRED))
        return None

    def date(self, field: str) -> dt.date | None:
        written = self.text(field, most=40)
        if written is None:
            return None
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            self.fault(field, self.say("Write the date as year, month and day: 2026-11-22"))
            return None

    def number(self, field: str, most: int) -> int | None:
        """A whole number from 0."""
        written = self.text(field, most=40)
        if written is None:
            return None
        if written.isdecimal() and int(written) <= most:
            return int(written)
        self.fault(field, self.say("Write a whole number from 0 to {most}", most=most))
        return None

    def currency(self, field: str) -> str | None:
        written = (self.text(field, most=10) or "").upper()
        if not written:
            return None
        try:
            exponent(written)
        except Invalid:
            self.fault(field, self.say("Write the three letters of a currency, such as EUR"))
            return None
        return written

    def amount(self, field: str, currency: str | None, *, needed: bool = False) -> Money | None:
        """A sum above zero. Without a currency there is nothing to read it in, and that is said at its own field."""
        written = self.text(field, most=40, needed=needed)
        if written is None or currency is None:
            return None
        example = Money(54 * 10 ** exponent(currency), currency).decimal
        try:
            found = Money.parse(self._point(written), currency)
        except Invalid as refusal:
            self.fault(field, self.say(_AMOUNTS.get(refusal.code, _AMOUNTS["invalid_amount"]), example=str(example)))
            return None
        if not 0 < found.amount <= MAX_AMOUNT:
            self.fault(field, self.say("Write an amount above zero, like {example}", example=str(example)))
            return None
        return found

    def _point(self, written: str) -> str:
        """Arabic and Bulgarian write the decimal sign in their own way; English groups by a comma, so there we ask."""
        if self.say.locale.startswith("en"):
            return written
        return written.replace("٫", ".").replace(",", ".").replace("\u00a0", "").replace(" ", "")

    def _bounded(self, field: str, found: str, most: int, needed: bool) -> str | None:
        if len(found) > most:
            self.fault(field, self.say("This is too long: at most {most} characters", most=most))
            return None
        if not found and needed:
            self.fault(field, self.say(_REQUIRED))
        return found or None
