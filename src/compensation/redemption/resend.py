"""Telling a recipient again what he was given: the same things by the same link, in a new letter."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption.correction import lock_reward, note


class Resend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reward_id: Annotated[str, Meta(max_length=64)]


class Resent(msgspec.Struct, kw_only=True):
    """That the letter of this reward's order is on its way again."""

    id: str
    order_id: str


async def resend(tx: Tx, who: Who, what: Resend, at: datetime) -> Resent:
    """Queue the letter of the reward's order once more.

    Raises NotFound ``unknown_reward``; Refused ``nobody_to_tell``, ``wrong_state``.
    """
    row = await lock_reward(tx, what.reward_id)
    if row["customer_id"] is None:
        raise Refused("nobody_to_tell", "Its order names no customer. Hand the link over yourself.")
    if not RewardState(row["state"]).spendable:
        raise Refused("wrong_state", f"The reward is {row['state']}; there is nothing to write about.")
    tx.tell("tell_remedy", row["order_id"])
    await note(tx, row["case_id"], "reward_resent", who.actor, row["id"], at)
    return Resent(id=row["id"], order_id=row["order_id"])
