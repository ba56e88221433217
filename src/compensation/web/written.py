"""Reasons and notes in people's own words: never cut, and where they are too long the form says by how much."""

from collections.abc import Mapping

from compensation.delivery.words import Say, word

MOST = 2000
REASON = word("Write the reason; it stays in the history of the case")


def written(fields: Mapping[str, str], name: str) -> str:
    """What was typed into a field of ``form_of``, whole, without the space around it."""
    return fields.get(name, "").strip()


def too_long(say: Say, text: str, most: int = MOST) -> str:
    """What to do about a text that is longer than is kept; empty where it is not."""
    over = len(text) - most
    return say.many("Make it {n} character shorter", "Make it {n} characters shorter", over) if over > 0 else ""


def reason_lacks(say: Say, text: str) -> str:
    """The same for a reason, which must be there."""
    return too_long(say, text) if text else say(REASON)
