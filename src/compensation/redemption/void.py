"""Cancelling a reward that nobody has used: for so many days after it was issued, by the rule of its program."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.plan import Part
from compensation.engine.terms import Kind
from compensation.redemption import sql
from compensation.redemption.correction import (
    Correction,
    CorrectionKind,
    corrected,
    correction,
    is_used,
    lock_reward,
    unheld,
)
from compensation.redemption.lots import lots_left
from compensation.redemption.take_back import take_back

VoidReason = Literal["error", "duplicate", "request", "misuse"]
_OTHERWISE = {
    Kind.refund: "A refund is money on its way back, and stays owed.",
    Kind.product_card: "A card of another brand is bought; only its supplier could take it back.",
    Kind.task: "A task ends by being marked as done.",
}


class Void(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cancel a reward. ``reason`` is kept with it."""

    reward_id: Annotated[str, Meta(max_length=64)]
    reason: VoidReason


async def void(tx: Tx, who: Who, what: Void, at: datetime) -> Correction:
    """Cancel a reward as if it had not been issued; its goodwill goes back to the budget it came from.

    Raises NotFound ``unknown_reward``; Refused ``not_voidable``, ``owed_value``, ``already_used``, ``wrong_state``,
    ``value_is_held``, ``void_window_over``.
    """
    row = await lock_reward(tx, what.reward_id)
    if row["kind"] in _OTHERWISE:
        raise Refused("not_voidable", _OTHERWISE[row["kind"]])
    if row["part"] == Part.owed:
        raise Refused("owed_value", "The customer is owed this. Reissue it, or take it back with a clawback.")
    if row["state"] == RewardState.redeemed or await is_used(tx, row["id"]):
        raise Refused("already_used", "Some of it was used. What is left can be taken back with a clawback.")
    if not RewardState(row["state"]).spendable:
        raise Refused("wrong_state", f"The reward is {row['state']}; there is nothing to cancel.")
    await unheld(tx, row["id"])
    until = row["issued_at"] + timedelta(days=await tx.value(sql.VOID_DAYS, row["program_id"]))
    if at > until:
        raise Refused(
            "void_window_over",
            "The time for cancelling this is over. What is left can be taken back with a clawback.",
            until=until,
        )
    lots = await lots_left(tx, row["id"])
    amount = sum(lot["balance"] for lot in lots if lot["asset"] == row["asset"])
    if row["kind"] == Kind.points and amount < row["principal"]:
        raise Refused("already_used", "Some of these points were used or changed into credit.")
    done = correction(CorrectionKind.void, who, row, amount, at, what.reason)
    await tx.run(sql.MOVE_REWARD, row["id"], RewardState.voided, at)
    await take_back(tx, who, row, [(lot, lot["balance"]) for lot in lots], done, at)
    return await corrected(tx, row, done)
