"""Prolonging the validity of a reward: only ever later, and also after it has expired."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.terms import Kind
from compensation.ledger import Posting, Transfer, lock, post
from compensation.redemption import sql
from compensation.redemption.correction import (
    Correction,
    CorrectionKind,
    corrected,
    correction,
    is_used,
    lock_reward,
)

LONGEST = timedelta(days=3653)
"""How far from now an end of validity may lie: ten years."""
_FIXED = (Kind.refund, Kind.task, Kind.tier, Kind.product_card)


class Extend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Make a reward good until ``until``."""

    reward_id: Annotated[str, Meta(max_length=64)]
    until: Annotated[datetime, Meta(tz=True)]


async def extend(tx: Tx, who: Who, what: Extend, at: datetime) -> Correction:
    """Move the end of validity of a reward and of its lots. What had expired is good again, by reversing its expiry.

    Raises NotFound ``unknown_reward``; Refused ``not_extendable``, ``wrong_state``, ``not_later``, ``too_far``.
    """
    row = await lock_reward(tx, what.reward_id)
    if row["kind"] in _FIXED:
        raise Refused("not_extendable", f"A {row['kind']} has no validity that could be prolonged.")
    state = RewardState(row["state"])
    if not state.spendable and state is not RewardState.expired:
        raise Refused("wrong_state", f"The reward is {state}; its validity does not matter any more.")
    if row["expires_at"] is None or what.until <= row["expires_at"] or what.until <= at:
        raise Refused("not_later", "An end of validity only moves later.", expires_at=row["expires_at"])
    if what.until > at + LONGEST:
        raise Refused("too_far", "An end of validity lies within ten years.", latest=at + LONGEST)
    done = correction(CorrectionKind.extend, who, row, 0, at)
    done.valid_before, done.valid_until = row["expires_at"], what.until
    await prolong(tx, row["id"], what.until, at)
    if state is RewardState.expired:
        done.amount = msgspec.structs.replace(done.amount, amount=await _revive(tx, who, row, done, at))
        back = RewardState.partly_redeemed if await is_used(tx, row["id"]) else RewardState.issued
        await tx.run(sql.MOVE_REWARD, row["id"], back, at)
    return await corrected(tx, row, done)


async def prolong(tx: Tx, reward_id: str, until: datetime | None, at: datetime) -> None:
    """Write the new end of validity on the reward and on all its lots; None means that it never ends."""
    await tx.run(sql.EXTEND_REWARD, reward_id, until, at)
    await tx.run(sql.EXTEND_LOTS, reward_id, until)


async def _revive(tx: Tx, who: Who, row: Record, done: Correction, at: datetime) -> int:
    """Reverse the expiry that took the value; the sum of what came back, in the asset of the reward."""
    lines = await tx.rows(sql.EXPIRY, row["id"])
    if not lines:
        return 0  # a reward without value of its own, such as a reduction in per cent
    postings = [Posting(line["destination"], line["source"], line["amount"]) for line in lines]
    await lock(tx, [name for posting in postings for name in (posting.source, posting.destination)])
    undone = Transfer(
        kind="reversal",
        subject_id=done.id,
        actor=who.actor,
        event_at=at,
        postings=postings,
        reverses=lines[0]["transfer_id"],
    )
    await post(tx, [undone], at)
    return sum(line["amount"] for line in lines if line["source"].split(":")[2] == row["asset"])
