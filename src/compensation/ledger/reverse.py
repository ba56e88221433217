"""Undoing a transfer by its exact opposite. What has an act of its own to undo it is undone by that act."""

from datetime import datetime

import msgspec

from compensation.core.errors import Conflict, NotFound, Refused
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import sql
from compensation.ledger.post import Posting, Transfer, lock, post

REVERSIBLE = frozenset({"fund"})
"""What is nothing but an entry in the books. All else belongs to a reward or a case, whose state must follow it: a
spending is given back, a card is voided, a reserve is released."""


class Reverse(msgspec.Struct, frozen=True):
    transfer_id: str


class Reversed(msgspec.Struct, frozen=True, kw_only=True):
    """The transfer that undoes another. It is never itself undone."""

    id: str
    reverses: str
    at: datetime


async def reverse(tx: Tx, who: Who, what: Reverse, at: datetime) -> Reversed:
    """Post the opposite of a transfer.

    Raises NotFound ``unknown_transfer``, Refused ``not_reversible`` or ``insufficient_balance``, Conflict
    ``already_reversed``.
    """
    row = await tx.row(sql.TRANSFER, what.transfer_id)
    if row is None:
        raise NotFound("unknown_transfer", "There is no such transfer; GET /v1/ledger/journal lists yours.")
    if row["kind"] not in REVERSIBLE:
        raise Refused("not_reversible", f"A transfer of kind {row['kind']} is undone by the act that belongs to it.")
    postings = [Posting(p["destination"], p["source"], p["amount"]) for p in await tx.rows(sql.POSTINGS, row["id"])]
    # Whoever undoes the same transfer at the same moment waits here, and then sees that it is done.
    await lock(tx, [name for posting in postings for name in (posting.source, posting.destination)])
    if await tx.value(sql.REVERSED, row["id"]):
        raise Conflict("already_reversed", "This transfer has been reversed already.")
    undone = Transfer(
        kind="reversal",
        subject_id=row["subject_id"],
        actor=who.actor,
        event_at=at,
        postings=postings,
        reverses=row["id"],
    )
    await post(tx, [undone], at)
    return Reversed(id=undone.id, reverses=row["id"], at=at)
