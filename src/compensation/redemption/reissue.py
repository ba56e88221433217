"""Replacing a reward whose code was lost or seen by a stranger: the old code and link die, the value moves on."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.delivery.links import revoke
from compensation.engine.terms import Kind
from compensation.issuance.codes import new_code
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.correction import (
    Correction,
    CorrectionKind,
    corrected,
    correction,
    lock_reward,
    unheld,
)
from compensation.redemption.lots import lots_left, moved

ReissueReason = Literal["lost", "exposed", "faulty"]


class Reissue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Replace a reward by a new one with a new code. ``reason`` is kept with it."""

    reward_id: Annotated[str, Meta(max_length=64)]
    reason: ReissueReason


async def reissue(tx: Tx, who: Who, what: Reissue, at: datetime) -> Correction:
    """Void the old reward and issue its like with what is left, in the same order and with the same end of validity.

    The recipient is told again, with a new link. Raises NotFound ``unknown_reward``; Refused ``no_code``,
    ``wrong_state``, ``value_is_held``.
    """
    row = await lock_reward(tx, what.reward_id)
    if row["code_sealed"] is None:
        raise Refused("no_code", "This reward has no code that could be replaced.")
    if row["kind"] == Kind.product_card:
        raise Refused("no_code", "Its code is another brand's; only the supplier could replace it.")
    late = row["expires_at"] is not None and row["expires_at"] <= at
    if late or not RewardState(row["state"]).spendable:
        now = RewardState.expired if late else row["state"]
        raise Refused("wrong_state", f"The reward is {now}. Only what can still be used is replaced.")
    await unheld(tx, row["id"])
    new = new_id("rwd")
    lots = await lots_left(tx, row["id"])
    amount = sum(lot["balance"] for lot in lots)
    done = correction(CorrectionKind.reissue, who, row, amount, at, what.reason)
    done.to_reward_id = new
    await _successor(tx, row, new, lots, at)
    await tx.run(sql.MOVE_REWARD_ON, row["id"], new, at)
    await _move(tx, who, lots, done, at)
    # The link opens what the old code opened. The letter makes a new one when it is queued.
    await revoke(tx, "gift", row["order_id"], at)
    if row["customer_id"] is not None:
        tx.tell("tell_remedy", row["order_id"])
    return await corrected(tx, row, done)


async def _successor(tx: Tx, row: Record, new: str, lots: list[Record], at: datetime) -> None:
    """The new reward. It keeps the day of issue, so that no window opens anew."""
    await tx.row(sql.LOCK_ORDER, row["order_id"])  # two successors in one order must not take the same place
    code = new_code(await tx.value(sql.ROUTE))
    principal, bonus = row["principal"], row["bonus"]
    if any(lot["role"] == Role.card for lot in lots):
        bonus = sum(lot["balance"] for lot in lots if lot["id"].split(":")[3].startswith("bonus"))
        principal = sum(lot["balance"] for lot in lots) - bonus
    await tx.run(
        sql.SUCCESSOR, row["id"], new, principal, bonus, tx.vault.seal(tx.merchant_id, new, code.encode()),
        tx.vault.fingerprint("code", code), code[-4:], at,
    )  # fmt: skip


async def _move(tx: Tx, who: Who, lots: list[Record], done: Correction, at: datetime) -> None:
    assert done.to_reward_id is not None, "it was just named"
    cards = [(lot, lot["balance"]) for lot in lots if lot["role"] == Role.card]
    postings, opened = moved(cards, done.to_reward_id)
    postings += [
        Posting(lot["id"], account(Role.promise, done.to_reward_id, lot["asset"]), lot["balance"])
        for lot in lots
        if lot["role"] == Role.promise
    ]
    if postings:
        transfer = Transfer(kind="move", subject_id=done.id, actor=who.actor, event_at=at, postings=postings)
        await post(tx, [transfer], at, opened)
