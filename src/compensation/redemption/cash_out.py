"""Paying out what is left on a card, where the law of its holder says so: all of it, once it is little enough.

The value leaves the card for good and is owed to its holder as money: by the payment the case names, or by a person
where there is none or the processor declines.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.plan import Part
from compensation.engine.terms import Kind, RefundTerms
from compensation.issuance.kinds import Draft
from compensation.issuance.put import Placed, put
from compensation.ledger import Posting, Transfer, account
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.card import hashes, lots_of, not_usable, usable
from compensation.redemption.redeem import Redemption, used, write

DUE_IN_DAYS = 7


class CashOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pay out what is left on the card of this code."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class CashOutReward(msgspec.Struct, frozen=True, kw_only=True):
    """The same of a card that is known by its id: the holder asks on his gift page."""

    reward_id: str


class PaidOut(msgspec.Struct, frozen=True, kw_only=True):
    """``refund_id`` is the reward that brings the money; its state tells how far it is."""

    id: str
    reward_id: str
    refund_id: str
    amount: Money
    due_at: datetime
    at: datetime


async def cash_out(tx: Tx, who: Who, what: CashOut | CashOutReward, at: datetime) -> PaidOut:
    """Raises NotFound ``code_not_usable``, whatever the cause; Refused ``no_cash_out`` and ``above_cash_out``."""
    rows = (
        await tx.rows(sql.LOCK_BY_CODE, hashes(tx, what.code))
        if isinstance(what, CashOut)
        else await tx.rows(sql.LOCK_BY_ID, [what.reward_id])
    )
    card = rows[0] if rows else None
    lots = (await lots_of(tx, [card["id"]])).get(card["id"], []) if card else []
    left = sum(balance for _, balance in lots)
    if card is None or not usable(card, at) or left == 0:
        raise not_usable()
    amount = Money(left, card["asset"])
    about: Any = await tx.row(sql.CASH_OUT, card["id"])
    _check(about["terms"], amount)
    (order,) = await put(tx, [_payout(about, amount, who, at)], at)
    refund = order.rewards[0]
    use = used(who, card["id"], amount, 0, order.id, at)
    await write(tx, [use], [_transfer(use, lots, tx.merchant_id)], at)
    return PaidOut(
        id=use.id,
        reward_id=card["id"],
        refund_id=refund.id,
        amount=amount,
        due_at=at + timedelta(days=DUE_IN_DAYS),
        at=at,
    )


def payable(terms: dict[str, Any], balance: Money | None) -> bool:
    """Whether what is left on a card of these terms is paid out on demand."""
    most = terms.get("cash_out")
    return bool(most and balance and 0 < balance.amount <= most["amount"] and balance.currency == most["currency"])


def _check(terms: dict[str, Any], left: Money) -> None:
    most = terms.get("cash_out")
    if most is None:
        raise Refused("no_cash_out", "No law that we know asks for this card to be paid out. Spend it as it is.")
    if not payable(terms, left):
        raise Refused(
            "above_cash_out",
            "More is left on the card than is paid out. Spend some of it first.",
            at_most=most,
            balance=msgspec.to_builtins(left),
        )


def _payout(about: Record, amount: Money, who: Who, at: datetime) -> Placed:
    """An order of one refund. It takes nothing from a budget: the card's own value pays for it."""
    nothing = Money(0, amount.currency)
    draft = Draft(
        kind=Kind.refund,
        remedy="cash_compensation",
        part=Part.owed,
        state=RewardState.pending,
        principal=amount,
        bonus=nothing,
        worth=amount,
        drawn=nothing,
        terms=msgspec.to_builtins(RefundTerms(due_in_days=DUE_IN_DAYS, same_means=False)),
        due_at=at + timedelta(days=DUE_IN_DAYS),
    )
    return Placed(
        id=new_id("ord"),
        program_id=about["program_id"],
        actor=who.actor,
        drafts=[draft],
        purse=Role.budget,
        about=about["case_id"],
        customer_id=about["customer_id"],
    )


def _transfer(use: Redemption, lots: list[tuple[str, int]], merchant_id: str) -> Transfer:
    """The card's value goes back against its cost, since the refund has just been written down as a cost of its own."""
    cost = account(Role.expense_owed, merchant_id, use.amount.currency)
    return Transfer(
        kind="cash_out",
        subject_id=use.id,
        actor=use.actor,
        event_at=use.at,
        postings=[Posting(lot, cost, balance) for lot, balance in lots if balance],
    )
