"""Spending a customer's store credit as one sum, whichever rewards it lies on: what expires soonest is spent first."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.redeem import Redemption, Reference, take, write


class WalletSpend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Spend ``amount`` of a customer's store credit; ``reference`` is the merchant's own sale."""

    amount: Money
    reference: Reference = ""

    def __post_init__(self) -> None:
        if not 0 < self.amount.amount <= MAX_AMOUNT:
            raise Invalid("invalid_amount", f"An amount is 1 to {MAX_AMOUNT} minor units.")


class SpendFrom(msgspec.Struct, frozen=True):
    customer_id: Annotated[str, Meta(max_length=64)]
    amount: Money
    reference: Reference = ""


class WalletSpent(msgspec.Struct, kw_only=True):
    """One spending. Each store credit it drew on has a redemption of its own, by which its part is given back."""

    id: str
    customer_id: str
    amount: Money
    balance: Money
    """What is left of the customer's store credit in this currency."""
    redemptions: list[Redemption]


async def spend_credit(tx: Tx, who: Who, what: SpendFrom, at: datetime) -> WalletSpent:
    """Take the sum from the customer's lots, soonest expiring first; among equals the older reward, principal first.

    Raises NotFound ``unknown_customer``, Refused ``insufficient_balance``, which names what is there.
    """
    if await tx.value(sql.CUSTOMER, what.customer_id) is None:
        raise NotFound("unknown_customer", "There is no such customer.")
    currency = what.amount.currency
    rewards = [row["id"] for row in await tx.rows(sql.LOCK_CREDIT, what.customer_id, currency, at)]
    rows = await tx.rows(sql.LOTS_TOGETHER, rewards)
    there = sum(row["balance"] for row in rows)
    if there < what.amount.amount:
        balance = {"amount": there, "currency": currency}
        raise Refused("insufficient_balance", "The customer has less store credit than that.", balance=balance)
    owner = {row["id"]: row["owner_id"] for row in rows}
    taken: dict[str, list[tuple[str, int]]] = {}
    for lot, part in take([(row["id"], row["balance"]) for row in rows], what.amount.amount):
        taken.setdefault(owner[lot], []).append((lot, part))
    left = {reward: sum(row["balance"] for row in rows if row["owner_id"] == reward) for reward in taken}
    uses = [_use(who, what, reward, lots, left[reward], at) for reward, lots in taken.items()]
    await write(tx, uses, [_transfer(tx, use, taken[use.reward_id]) for use in uses], at)
    return WalletSpent(
        id=new_id("spd"),
        customer_id=what.customer_id,
        amount=what.amount,
        balance=Money(there - what.amount.amount, currency),
        redemptions=uses,
    )


def _use(who: Who, what: SpendFrom, reward: str, lots: list[tuple[str, int]], held: int, at: datetime) -> Redemption:
    part, currency = sum(amount for _, amount in lots), what.amount.currency
    return Redemption(
        id=new_id("red"),
        reward_id=reward,
        kind="redeem",
        amount=Money(part, currency),
        balance=Money(held - part, currency),
        reference=what.reference,
        actor=who.actor,
        at=at,
    )


def _transfer(tx: Tx, use: Redemption, lots: list[tuple[str, int]]) -> Transfer:
    sales = account(Role.sales, tx.merchant_id, use.amount.currency)
    return Transfer(
        kind="redeem",
        subject_id=use.id,
        actor=use.actor,
        event_at=use.at,
        postings=[Posting(lot, sales, part) for lot, part in lots],
    )
