"""Giving held value back to its card: because the sale was called off, or because its time is over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import HoldState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.expire import AT_ONCE
from compensation.redemption.hold import Hold, find_hold


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    hold_id: Annotated[str, Meta(max_length=64)]


class EndHolds(msgspec.Struct, frozen=True):
    """Release every hold of this merchant whose time is over."""


class Ended(msgspec.Struct, frozen=True):
    id: str
    count: int


async def release(tx: Tx, who: Who, what: Release, at: datetime) -> Hold:
    """Give all of a hold back to the lots it came from. Raises NotFound ``unknown_hold``, Refused ``hold_ended``."""
    row = await lock_hold(tx, what.hold_id)
    if row["state"] != HoldState.held:
        raise Refused("hold_ended", "This hold has ended; nothing of it is held any more.", state=row["state"])
    await tx.run(sql.END_HOLD, row["id"], HoldState.released, None, at)
    await post(tx, released(row, await lots_of_hold(tx, row["id"]), who, at), at)
    return await find_hold(tx, row["id"])


async def end_holds(tx: Tx, who: Who, what: EndHolds, at: datetime) -> Ended:
    """The sweep. Missed, doubled or late, each hold ends once, whoever comes first."""
    due = await tx.rows(sql.HOLDS_DUE, at, AT_ONCE)
    # Cards before holds, as everywhere; then we look again, for what a till has ended meanwhile.
    await tx.rows(sql.LOCK_BY_ID, sorted({row["reward_id"] for row in due}))
    rows = await tx.rows(sql.HOLDS_STILL_OPEN, [row["id"] for row in due])
    transfers: list[Transfer] = []
    for row in rows:
        transfers += released(row, await lots_of_hold(tx, row["id"]), who, at)
    if transfers:
        await tx.run(sql.EXPIRE_HOLDS, [row["id"] for row in rows], at)
        await post(tx, transfers, at)
    return Ended(new_id("run"), len(due))


async def lock_hold(tx: Tx, hold_id: str) -> Record:
    """The hold, with its card locked, so that nobody else ends it now. Raises NotFound ``unknown_hold``."""
    seen = await tx.row(sql.HOLD, hold_id)
    if seen is None:
        raise NotFound("unknown_hold", "There is no such hold.")
    await tx.rows(sql.LOCK_BY_ID, [seen["reward_id"]])
    row = await tx.row(sql.HOLD, hold_id)
    assert row is not None, "a hold is never removed"
    return row


async def lots_of_hold(tx: Tx, hold_id: str) -> list[tuple[str, int]]:
    """The accounts of a hold with what they keep, in the order in which they are spent."""
    return [(row["id"], row["balance"]) for row in await tx.rows(sql.LOTS_OF_HOLD, hold_id)]


def released(hold: Record, lots: Sequence[tuple[str, int]], who: Who, at: datetime) -> list[Transfer]:
    """The transfer that gives back what ``lots`` of the hold still keep; none when that is nothing."""
    postings = [
        Posting(source, account(Role.card, hold["reward_id"], hold["asset"], source.split(":")[3]), part)
        for source, part in lots
        if part
    ]
    if not postings:
        return []
    return [Transfer(kind="release", subject_id=hold["id"], actor=who.actor, event_at=at, postings=postings)]
