"""A policy in words: every value it says and every change between two versions, in the reader's language."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.core.text import day, isolate, ltr
from compensation.delivery.words import word
from compensation.engine.policy_document import PolicyDocument
from compensation.engine.revision import Revision, revisions, values
from compensation.web.console.labels import Labels
from compensation.web.policy_fields import ENTRIES, FIELDS, PARTS
from compensation.web.upload import KINDS

_YES = word("yes")
_WAYS = {"any": word("any case"), "money": word("money is owed"), "nothing": word("no money is owed")}


class Value(msgspec.Struct, frozen=True):
    """Marked texts: what is said, and what it is."""

    what: str
    is_: str


class Entry(msgspec.Struct, frozen=True):
    """One rule, or one group of house rules, with everything it says."""

    title: str
    values: tuple[Value, ...]


class Part(msgspec.Struct, frozen=True):
    """A part of the document under its heading."""

    id: str
    title: str
    entries: tuple[Entry, ...]


class PolicyWords:
    """The words of one or two versions of a policy: offers are called what the newer one calls them."""

    def __init__(self, labels: Labels, *documents: PolicyDocument) -> None:
        self._labels, self.say = labels, labels.say
        self._offers = {rule.key: labels.wording(rule.label) for document in documents for rule in document.offer}

    def changes(self, old: PolicyDocument, new: PolicyDocument) -> list[str]:
        """One sentence for each change. The number of a version changes always, so it is not told."""
        return [self._change(one) for one in revisions(old, new) if one.path not in (("version",), ("status",))]

    def parts(self, document: PolicyDocument) -> list[Part]:
        """The whole document, in the order in which a case meets it."""
        grouped: dict[str, dict[str, dict[tuple[str, ...], list[str]]]] = {part: {} for part in PARTS}
        for path, value in values(document).items():
            part, entry, field = self._place(path)
            if part in grouped and field and field[-1] not in _TOLD_ALREADY:
                whole, which = self._split(field)
                said = self._value(path, value)
                told = f"{which} {said}" if which else said
                grouped[part].setdefault(entry, {}).setdefault(whole, []).append(told)
        return [
            Part(part, self.say(PARTS[part]), tuple(self._entry(title, said) for title, said in entries.items()))
            for part, entries in grouped.items()
            if entries
        ]

    def _entry(self, title: str, said: dict[tuple[str, ...], list[str]]) -> Entry:
        comma = self.say(", ")
        return Entry(title, tuple(Value(self._field(field), comma.join(texts)) for field, texts in said.items()))

    def _split(self, field: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """A field and which of its values it is: a sum names its currency itself, a severity is named beside it."""
        if len(field) > 1 and field[-1] in _SEVERITIES:
            return field[:-1], self._labels.severity(field[-1])
        if len(field) > 1 and _is_currency(field[-1]):
            return field[:-1], ltr(field[-1]) if "per_unit_in" in field else ""
        return field, ""

    def _change(self, change: Revision) -> str:
        part, where, field = self._place(change.path)
        where = where or self.say(PARTS[part])
        if not field:
            return (
                self.say("{where} is new.", where=where)
                if change.was is None
                else self.say("{where} is gone.", where=where)
            )
        what, was, now = self._field(field), self._value(change.path, change.was), self._value(change.path, change.now)
        if not was:
            return self.say("{where}: {what} is now {now}; it was not set before.", where=where, what=what, now=now)
        if not now:
            return self.say("{where}: {what} was {was} and is no longer set.", where=where, what=what, was=was)
        return self.say("{where}: {what} was {was} and is now {now}.", where=where, what=what, was=was, now=now)

    def _place(self, path: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
        """The part that a path lies in, the title of its entry, and the rest of the way."""
        part = path[0]
        if part == "offer" and path[1] == "order":
            return part, "", ("order",)
        if part in ENTRIES:
            bare, _, again = path[1].partition(" (")
            name = self._offers.get(bare, isolate(bare)) if part == "offer" else self._entry_name(part, bare)
            title = self.say(ENTRIES[part], name=name)
            return part, f"{title} ({ltr(again.rstrip(')'))})" if again else title, path[2:]
        if part in PARTS:
            return part, "", path[1:]
        return "about", "", path

    def _entry_name(self, part: str, code: str) -> str:
        if part == "document":
            return self.say(KINDS[code])
        return isolate(code) if part == "goodwill" else self._labels.remedy(code)

    def _field(self, path: tuple[str, ...]) -> str:
        """The name of a field: what it is, and for which severity, harm or currency."""
        names = [self._name(step) for step in path if step not in ("when", "shape")]
        said = [self.say(FIELDS[step]) if step in FIELDS else name for step, name in names]
        return self.say(", ").join(said)

    def _name(self, step: str) -> tuple[str, str]:
        labels = self._labels
        if step in _SEVERITIES:
            return step, labels.severity(step)
        if "." in step:
            return step, labels.harm(step)
        return step, ltr(step)

    def _value(self, path: tuple[str, ...], value: Any) -> str:
        """A value as marked text; empty where nothing is set."""
        if value is None or value == () or value is False or value == "":
            return ""
        if value is True:
            return self.say(_YES)
        if isinstance(value, list | tuple):
            return self.say(", ").join(self._value(path, each) for each in value)
        if isinstance(value, dict):
            return isolate(str(value.get(self._tongue, value.get("en", ""))))
        return self._plain(path, str(value))

    @property
    def _tongue(self) -> str:
        return self.say.locale.partition("-")[0]

    def _plain(self, path: tuple[str, ...], value: str) -> str:
        field, last = path[-2] if path[-1].isdecimal() else path[-1], path[-1]
        known = self._codes().get(field)
        if known is not None:
            return known(value)
        if _is_currency(last) and "per_unit_in" not in path:
            try:
                return self.say("{amount}", amount=Money.parse(value, last))
            except Invalid:
                return ltr(value)
        if field in ("valid_from", "valid_until", "review_by", "dated") or path[0] == "bought":
            return day(dt.date.fromisoformat(value), self.say.locale)
        return ltr(value)

    def _codes(self) -> dict[str, Callable[[str], str]]:
        """How the codes in a field are said."""
        labels = self._labels
        return {
            "harms": labels.harm,
            "families": labels.family,
            "severity_at_least": labels.severity,
            "countries": labels.country,
            "tiers": labels.tier,
            "reason_codes": labels.reason,
            "facts": labels.fact,
            "not_facts": labels.fact,
            "wants": labels.wish,
            "wants_not": labels.wish,
            "methods_off": labels.remedy,
            "money": lambda code: self.say("in money") if code == "money" else labels.remedy(code),
            "in_kind": labels.remedy,
            "remedy": labels.remedy,
            "goodwill": labels.remedy,
            "offers": lambda key: self._offers.get(key, isolate(key)),
            "order": lambda key: self._offers.get(key, isolate(key)),
            "owed": lambda way: self.say(_WAYS[way]),
        }


def _is_currency(step: str) -> bool:
    return len(step) == 3 and step.isupper()


_TOLD_ALREADY = frozenset({"status", "key", "remedy"})
"""Fields that say what the title of the entry says, or what is kept beside the document."""
_SEVERITIES = ("low", "medium", "high", "critical")
