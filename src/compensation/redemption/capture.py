"""Taking what was held: the sale is complete. What is not taken goes back to the card in the same moment."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.states import HoldState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.card import lots_of
from compensation.redemption.hold import Hold, hold_of
from compensation.redemption.redeem import paid, take, used, write
from compensation.redemption.release import lock_hold, lots_of_hold, released


class Capture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Take ``amount`` of a hold, or all of it where none is named. Once: what is not taken is released."""

    hold_id: Annotated[str, Meta(max_length=64)]
    amount: Money | None = None

    def __post_init__(self) -> None:
        if self.amount is not None:
            self.amount.must_be_some()


async def capture(tx: Tx, who: Who, what: Capture, at: datetime) -> Hold:
    """Turn a hold into a use of value, which can be given back like any other.

    Raises NotFound ``unknown_hold``; Refused ``hold_ended``, ``currency_mismatch``, ``more_than_held``.
    """
    row = await lock_hold(tx, what.hold_id)
    if row["state"] != HoldState.held or at >= row["expires_at"]:
        raise Refused("hold_ended", "This hold has ended. Spend from the card itself.", state=row["state"])
    amount = what.amount or Money(row["amount"], row["asset"])
    if amount.currency != row["asset"]:
        raise Refused("currency_mismatch", f"This hold is in {row['asset']}.", currency=row["asset"])
    if amount.amount > row["amount"]:
        held = {"amount": row["amount"], "currency": row["asset"]}
        raise Refused("more_than_held", "That is more than was held. Capture less, or hold again.", held=held)
    lots = await lots_of_hold(tx, row["id"])
    taken = take(lots, amount.amount)
    before = (await lots_of(tx, [row["reward_id"]]))[row["reward_id"]]
    left = sum(balance for _, balance in before) + row["amount"] - amount.amount
    use = used(who, row["reward_id"], amount, left, row["reference"], at)
    await tx.run(sql.END_HOLD, row["id"], HoldState.captured, use.id, at)
    await write(tx, [use], [paid(tx, use, taken, "capture"), *released(row, lots, who, at)], at)
    done = hold_of(row, left)
    return msgspec.structs.replace(done, state=HoldState.captured, captured=amount, redemption_id=use.id)
