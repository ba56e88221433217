"""Taking value back that was credited by error or fraud: what is there, never more; what is missing is recorded."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.card import STORED
from compensation.redemption.correction import (
    Correction,
    CorrectionKind,
    corrected,
    correction,
    is_used,
    lock_reward,
)
from compensation.redemption.lots import lots_left
from compensation.redemption.take_back import take_back

ClawbackReason = Literal["error", "fraud", "return"]


class Clawback(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Take ``amount`` of a card or store credit back, as far as it is still there."""

    reward_id: Annotated[str, Meta(max_length=64)]
    amount: Money
    reason: ClawbackReason

    def __post_init__(self) -> None:
        self.amount.must_be_some()


async def clawback(tx: Tx, who: Who, what: Clawback, at: datetime) -> Correction:
    """Take back what is left, up to the sum; what a hold keeps is promised to a sale and stays.

    Goodwill goes before what was owed. Raises NotFound ``unknown_reward``; Refused ``not_stored_value``,
    ``currency_mismatch``.
    """
    row = await lock_reward(tx, what.reward_id)
    if row["kind"] not in STORED:
        raise Refused("not_stored_value", "Only gift cards and store credit can be taken back in part.")
    if row["asset"] != what.amount.currency:
        raise Refused("currency_mismatch", f"This reward is in {row['asset']}.", currency=row["asset"])
    lots = sorted(await lots_left(tx, row["id"]), key=lambda lot: lot["origin"] == "owed")
    there, wanted = sum(lot["balance"] for lot in lots), what.amount.amount
    done = correction(CorrectionKind.clawback, who, row, min(there, wanted), at, what.reason)
    done.shortfall = Money(wanted - done.amount.amount, row["asset"])
    taken = []
    for lot in lots:
        part = min(lot["balance"], wanted)
        if part:
            taken.append((lot, part))
            wanted -= part
    if taken and there == done.amount.amount and not await tx.value(sql.IS_HELD, row["id"]):
        # Nothing is left. It was used if any of it was; else it is as if it had not been issued.
        state = RewardState.redeemed if await is_used(tx, row["id"]) else RewardState.voided
        await tx.run(sql.MOVE_REWARD, row["id"], state, at)
    await take_back(tx, who, row, taken, done, at)
    return await corrected(tx, row, done)
