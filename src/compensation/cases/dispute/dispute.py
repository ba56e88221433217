"""A dispute as it is kept and shown, and what was said in it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from compensation.cases.case import Event, case
from compensation.cases.dispute import sql
from compensation.db.pool import Tx


class Outcome(StrEnum):
    upheld = "upheld"
    """The decision stands; the customer was told why."""
    decided_anew = "decided_anew"
    """The case was decided again, or what is to be added is a case of its own."""


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """That the customer disagrees with a decision, by when he is answered, and by whom he was. ``outcome`` is None
    while it is open.

    Holds nothing personal, so that it may stand in a kept answer: what was said stands in the history.
    """

    id: str
    case_id: str
    decision: str
    """The event of the case that he disagrees with."""
    opened_by: str
    opened_at: datetime
    due_at: datetime
    outcome: Outcome | None
    further_case: str | None
    """What was issued stays as it is; this case brings what is to be added."""
    answered_by: str | None
    answered_at: datetime | None


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute with the words of both, for those who serve the customer and for himself; never kept in an answer.
    They are None once he was erased."""

    dispute: Dispute
    words: str | None
    answer: str | None


async def disputes(tx: Tx, case_id: str) -> list[Dispute]:
    """Oldest first. Raises NotFound ``unknown_case``."""
    await case(tx, case_id)
    return [msgspec.convert(dict(row), Dispute) for row in await tx.rows(sql.OF_CASE, case_id)]


def spoken(found: Sequence[Dispute], history: Sequence[Event]) -> list[Spoken]:
    """The disputes of a case with what was said, out of the history of the same case."""
    said = {(event.what, event.note): event.said for event in history}
    return [
        Spoken(dispute=one, words=said.get(("disputed", one.id)), answer=said.get(("dispute_answered", one.id)))
        for one in found
    ]
