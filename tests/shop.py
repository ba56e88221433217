"""A merchant with a program, a budget and a brand, for tests that issue and spend."""

from datetime import UTC, datetime

import asyncpg
import msgspec

from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.ledger import Posting, Transfer, account, post
from compensation.redemption.reveal import reveal


class Fund(msgspec.Struct):
    program_id: str
    amount: Money


class Funded(msgspec.Struct):
    id: str


async def fund(tx: Tx, who: Who, what: Fund, at: datetime) -> Funded:
    transfer = Transfer(
        kind="fund",
        subject_id=what.program_id,
        actor=who.actor,
        event_at=at,
        postings=[
            Posting(
                account("funding", who.merchant_id, what.amount.currency),
                account("budget", what.program_id, what.amount.currency),
                what.amount.amount,
            )
        ],
    )
    await post(tx, [transfer], at)
    return Funded(transfer.id)


async def make_program(owner: asyncpg.Connection, door: Doorway, who: Who, budget: Money) -> str:
    """A default program with a budget; returns its id."""
    brand, program, now = new_id("brd"), new_id("prg"), datetime.now(UTC)
    await owner.execute("INSERT INTO brands VALUES ($1, $2, '{}', $3)", who.merchant_id, brand, now)
    await owner.execute(
        "INSERT INTO programs VALUES ($1, $2, 'Care', $3, 'default', true, $4)", who.merchant_id, program, brand, now
    )
    await door.write(fund, who, Fund(program, budget))
    return program


async def buy_card(door: Doorway, who: Who, amount: Money, bonus: Money | None = None) -> tuple[Order, str]:
    """An issued gift card and its code."""
    request = OrderRequest(items=(Item(kind="gift_card", amount=amount, bonus=bonus),))
    order = (await door.write_together(issue, who, request)).read(Order)
    return order, (await reveal(door, who, order.rewards[0].id)).code
