"""The queue an agent works from: one view at a time, a page at a time, what is most urgent first."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from compensation.cases import sql
from compensation.cases.case import Case, read_case
from compensation.core.errors import Invalid
from compensation.core.ids import is_id
from compensation.customers.customer import find as find_customers
from compensation.db.pool import Tx

View = Literal["open", "mine", "needs_approval", "to_inspect", "disputed", "issued", "closed", "unread", "all"]
UNREAD_AFTER = timedelta(days=7)
"""A message that nobody has opened by then is looked at like one that bounced."""
MOST = 100
_BIGINT = 2**63


class Page(msgspec.Struct, frozen=True):
    """``next`` is the cursor of the page after this one; null on the last."""

    items: tuple[Case, ...]
    next: str | None = None


class Counts(msgspec.Struct, frozen=True):
    """How many cases each view holds; of what is closed nobody keeps count."""

    open: int
    mine: int
    needs_approval: int
    unread: int
    disputed: int
    """Of whatever state the case is in."""


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended."""

    priority: bool
    answer_due: datetime
    id: str


async def queue(tx: Tx, view: View, agent_id: str, at: datetime, cursor: str | None = None, limit: int = 50) -> Page:
    """A page of a view: urgent cases first, then what is due soonest. ``mine`` is the agent's own.

    Raises Invalid ``invalid_cursor``.
    """
    after = _read(cursor)
    place = (after.priority, after.answer_due, after.id) if after else (None, None, None)
    rows = await tx.rows(sql.QUEUE[view], agent_id, at - UNREAD_AFTER, *place, limit + 1)
    cases = tuple(read_case(row) for row in rows[:limit])
    return Page(cases, _cursor(cases[-1]) if len(rows) > limit else None)


async def counts(tx: Tx, agent_id: str, at: datetime) -> Counts:
    row = await tx.row(sql.COUNTS, agent_id, at - UNREAD_AFTER)
    assert row is not None, "an aggregate always answers"
    return Counts(**row)


async def find(tx: Tx, text: str, limit: int = 50) -> Page:
    """Cases by anything a person may read out: the id or number of the case, an order, a customer's name, address or
    id, the last four of a code. The newest first; a search has one page.
    """
    wanted = text.strip()[:200]
    if not wanted:
        return Page(())
    tail = wanted.rpartition("-")[2]
    number = int(tail) if tail.isascii() and tail.isdigit() and int(tail) < _BIGINT else None
    rows = await tx.rows(
        sql.FIND,
        wanted if is_id(wanted, "case") else None,
        number,
        wanted,
        await find_customers(tx, wanted),
        wanted.upper() if len(wanted) == 4 else None,
        limit,
    )
    return Page(tuple(read_case(row) for row in rows))


def _cursor(last: Case) -> str:
    place = _Place(last.priority, last.answer_due, last.id)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str | None) -> _Place | None:
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Invalid("invalid_cursor", "Send the cursor as the page before gave it, or none.") from None
