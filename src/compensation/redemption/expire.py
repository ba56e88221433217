"""The end of validity: what was not used by its date becomes breakage, as a posted entry and never by itself."""

from datetime import datetime

import msgspec

from compensation.core.ids import new_id
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.redemption import sql

AT_ONCE = 200
"""How many rewards one transaction lets expire, and how many holds one ends."""


class Expire(msgspec.Struct, frozen=True):
    """Let everything of this merchant expire that is past its date."""


class Expired(msgspec.Struct, frozen=True):
    id: str
    count: int


async def expire(tx: Tx, who: Who, what: Expire, at: datetime) -> Expired:
    """Move what is left of overdue rewards to breakage. Missed, doubled or late, each reward expires once."""
    overdue = await tx.rows(sql.OVERDUE, at, AT_ONCE)
    # What a hold keeps was promised in time. Its card waits for the hold to end, also for one that came just before us.
    held = {row["reward_id"] for row in await tx.rows(sql.HELD, [row["id"] for row in overdue])}
    rows = [row for row in overdue if row["id"] not in held]
    left: dict[str, list[tuple[str, int]]] = {}
    for lot in await tx.rows(sql.LEFT, [row["id"] for row in rows]):
        left.setdefault(lot["owner_id"], []).append((lot["id"], lot["balance"]))
    transfers = [
        Transfer(
            kind="expire",
            subject_id=row["id"],
            actor=who.actor,
            event_at=row["expires_at"],
            postings=[Posting(lot, _breakage(lot, tx.merchant_id), balance) for lot, balance in left[row["id"]]],
        )
        for row in rows
        if row["id"] in left
    ]
    if transfers:
        await post(tx, transfers, at)
    await tx.run(sql.EXPIRE, [row["id"] for row in rows], RewardState.expired, at)
    return Expired(new_id("run"), len(rows))


def _breakage(lot: str, merchant_id: str) -> str:
    return account(Role.breakage, merchant_id, lot.split(":")[2])
