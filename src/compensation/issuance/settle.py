"""A person's word on a card of another brand that waits for one: the supplier gave it after all, or he never will."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid, NotFound, Refused
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.issuance import sql
from compensation.issuance.reward import Reward
from compensation.issuance.supplied import Arrived, arrive, come_to, give_back, owe
from compensation.issuance.supplier import Supplied


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``issued``: the supplier gave it, for no more than was stated; ``code`` and ``supplier_order`` where we have none
    of him. ``refused``: he has confirmed that he sold nothing, and the value goes back to the budget."""

    outcome: Literal["issued", "refused"]
    code: Annotated[str, Meta(pattern="^[\x21-\x7e]{4,120}$")] | None = None
    supplier_order: Annotated[str, Meta(pattern="^[\x21-\x7e]{1,120}$")] | None = None

    def __post_init__(self) -> None:
        if (self.code is None) != (self.supplier_order is None):
            raise ValueError("code and supplier_order are sent together")
        if self.outcome == "refused" and self.code is not None:
            raise ValueError("a card that was not sold has no code")


class Settle(msgspec.Struct, frozen=True):
    reward_id: str
    what: Settlement


async def settle(tx: Tx, who: Who, asked: Settle, at: datetime) -> Reward:
    """Raises NotFound ``unknown_reward``; Refused ``wrong_state`` and ``code_taken``; Invalid ``code_needed``."""
    row = await tx.row(sql.LOCK_PRODUCT, asked.reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such card of another brand.")
    if row["state"] != RewardState.needs_review:
        raise Refused("wrong_state", f"The card is {row['state']}; only one that needs review waits for a person.")
    what = asked.what
    if what.outcome == "refused":
        await give_back(tx, who, row, row["budget"], at)
    elif what.code is not None and what.supplier_order is not None:
        stated = Money(row["budget"], row["currency"])
        given = Supplied(what.supplier_order, "", stated, stated, what.code, None)
        state, why = await arrive(tx, who, row, Arrived.sealing(tx.vault, tx.merchant_id, row["id"], given), at)
        if state is not RewardState.issued:
            raise Refused("code_taken", why)
    elif row["code_sealed"] is None:
        raise Invalid("code_needed", "We have no code of the supplier. Send code and supplier_order.")
    else:
        await owe(tx, who, row, row["budget"], at)
    await come_to(tx, who, row, RewardState(what.outcome), at, "by hand")
    return Reward.of((await tx.rows(sql.REWARD, asked.reward_id))[0])
