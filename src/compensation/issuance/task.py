"""Marking what the merchant himself does as done: a repair, a replacement, money paid back by hand."""

from datetime import datetime

import msgspec

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.terms import Kind
from compensation.issuance import sql
from compensation.issuance.order import conclude
from compensation.issuance.reward import Reward
from compensation.ledger import Posting, Transfer, account, balances, post
from compensation.ledger.account import Role


class Done(msgspec.Struct, frozen=True):
    reward_id: str


async def mark_done(tx: Tx, who: Who, what: Done, at: datetime) -> Reward:
    """A task is done, or a refund that needed a person has been paid by hand.

    Raises NotFound ``unknown_reward``; Refused ``wrong_state`` when there is nothing to do, or no longer.
    """
    row = await tx.row(sql.LOCK_REWARD, what.reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such reward.")
    kind, state = Kind(row["kind"]), RewardState(row["state"])
    if (kind, state) not in ((Kind.task, RewardState.issued), (Kind.refund, RewardState.needs_review)):
        raise Refused("wrong_state", f"This {kind} is {state}; there is nothing to mark as done.")
    if state is RewardState.needs_review:
        await tx.run(sql.MOVE_REWARD, what.reward_id, RewardState.issued, at, None)
    await tx.run(sql.MOVE_REWARD, what.reward_id, RewardState.redeemed, at, None)
    await _settle(tx, who, what.reward_id, row["currency"], kind, at)
    if row["case_id"] is not None:
        await tx.run(sql.CASE_EVENT, row["case_id"], new_id("evt"), f"{kind}_done", who.actor, what.reward_id, at)
    await conclude(tx, who, row["order_id"], at)
    tx.tell("event:task.done" if kind is Kind.task else "event:refund.settled", what.reward_id)
    return Reward.of((await tx.rows(sql.REWARD, what.reward_id))[0])


async def _settle(tx: Tx, who: Who, reward_id: str, currency: str, kind: Kind, at: datetime) -> None:
    """What stood as promised or due has been met, outside this ledger's own money."""
    liability = account(Role.refund_due if kind is Kind.refund else Role.promise, reward_id, currency)
    met = account(Role.refunded if kind is Kind.refund else Role.sales, who.merchant_id, currency)
    left = (await balances(tx, [liability]))[liability]
    if left:
        posting = Posting(liability, met, left)
        name = "refund_settled" if kind is Kind.refund else "redeem"
        transfer = Transfer(kind=name, subject_id=reward_id, actor=who.actor, event_at=at, postings=[posting])
        await post(tx, [transfer], at)
