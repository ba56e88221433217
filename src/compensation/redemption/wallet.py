"""Spending a customer's store credit as one sum, whichever rewards it lies on: what expires soonest is spent first."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.redeem import Redemption, Reference, write
from compensation.redemption.together import together


class WalletSpend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Spend ``amount`` of a customer's store credit; ``reference`` is the merchant's own sale."""

    amount: Money
    reference: Reference = ""

    def __post_init__(self) -> None:
        self.amount.must_be_some()


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
    uses, transfers = together(tx, who, rows, what.amount, what.reference, at)
    await write(tx, uses, transfers, at)
    return WalletSpent(
        id=new_id("spd"),
        customer_id=what.customer_id,
        amount=what.amount,
        balance=Money(there - what.amount.amount, currency),
        redemptions=uses,
    )
