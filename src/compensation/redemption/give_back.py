"""Giving value back to the card it came from, because the goods came back. Never more than was spent."""

from datetime import datetime
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Lot, Posting, Transfer, account
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.card import lots_of
from compensation.redemption.lots import on
from compensation.redemption.redeem import Redemption, Reference, write


class GiveBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Return ``amount`` of an earlier redemption to its card."""

    redemption_id: Annotated[str, Meta(max_length=64)]
    amount: Money
    reference: Reference = ""

    def __post_init__(self) -> None:
        self.amount.must_be_some()


async def give_back(tx: Tx, who: Who, what: GiveBack, at: datetime) -> Redemption:
    """Return value to the lots it was taken from, in the order in which it was taken, wherever they are now.

    Raises NotFound ``unknown_redemption``, Refused ``currency_mismatch``, ``more_than_spent`` or ``wrong_state``.
    """
    use = await _use(tx, what.redemption_id)
    if use["asset"] != what.amount.currency:
        raise Refused("currency_mismatch", f"This card is in {use['asset']}.", currency=use["asset"])
    reward = await _standing(tx, use["reward_id"])
    _must_be_good(reward, at)
    taken = [(row["lot"], row["amount"]) for row in await tx.rows(sql.TAKEN, what.redemption_id)]
    if sum(amount for _, amount in taken) < what.amount.amount:
        left = {"amount": sum(amount for _, amount in taken), "currency": use["asset"]}
        raise Refused("more_than_spent", "That is more than is left of this redemption to give back.", left=left)
    lots = (await lots_of(tx, [reward["id"]])).get(reward["id"], [])
    balance = sum(amount for _, amount in lots) + what.amount.amount
    back = Redemption(
        id=new_id("red"),
        reward_id=reward["id"],
        kind="return",
        of=what.redemption_id,
        amount=what.amount,
        balance=Money(balance, use["asset"]),
        reference=what.reference,
        actor=who.actor,
        at=at,
    )
    origins = {row["id"]: row["origin"] for row in await tx.rows(sql.ORIGINS, [lot for lot, _ in taken])}
    opened = {on(lot, reward["id"]): Lot(origins[lot], reward["expires_at"]) for lot, _ in taken}
    await write(tx, [back], [_transfer(back, taken, tx.merchant_id)], at, opened)
    return back


async def _standing(tx: Tx, reward_id: str) -> Record:
    """The reward, locked, or the one that its value went to. The lock comes before we look at what was given back, so
    that two returns cannot both see the same sum.
    """
    while True:
        (reward,) = await tx.rows(sql.LOCK_BY_ID, [reward_id])
        if reward["moved_to"] is None:
            return reward
        reward_id = reward["moved_to"]


def _must_be_good(reward: Record, at: datetime) -> None:
    """A card that was spent whole does not expire by itself, so its date is asked too: what we gave back to a card past
    its date would be lost to the customer with the next sweep.
    """
    if reward["state"] == RewardState.voided:
        raise Refused("wrong_state", "The card is voided. Give the customer a new one.")
    if reward["state"] == RewardState.expired or (reward["expires_at"] is not None and reward["expires_at"] <= at):
        raise Refused("wrong_state", "The card is past its date. Give the customer a new one.")


async def _use(tx: Tx, redemption_id: str) -> dict[str, str]:
    for row in await tx.rows(sql.USES, [redemption_id]):
        if row["id"] == redemption_id and row["kind"] == "redeem":
            return dict(row)
    raise NotFound("unknown_redemption", "There is no such redemption.")


def _transfer(back: Redemption, taken: list[tuple[str, int]], merchant_id: str) -> Transfer:
    postings, left = [], back.amount.amount
    sales = account(Role.sales, merchant_id, back.amount.currency)
    for lot, amount in taken:
        part = min(amount, left)
        if part:
            postings.append(Posting(sales, on(lot, back.reward_id), part))
            left -= part
    return Transfer(kind="return", subject_id=back.id, actor=back.actor, event_at=back.at, postings=postings)
