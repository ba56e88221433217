"""Money back through the payment processor: begin (written down as due), call (no transaction), finish (written down).

A time-out means unknown: it is looked up by our reference, asked again under the same reference while the processor
surely remembers it, and otherwise left to a person. The liability stands in ``refund_due`` until the processor says
that the money has gone; if it comes back, the entry is reversed and the liability stands again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from asyncpg import Record

from compensation.cases.said import reported
from compensation.core.crash import crashpoint
from compensation.core.errors import NotFound, Unavailable
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.core.vault import Unreadable
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.issuance import sql
from compensation.issuance.order import conclude
from compensation.issuance.payment import (
    Declined,
    DeclineReason,
    Failed,
    PaymentPort,
    Pending,
    Refunded,
    Succeeded,
    Unknown,
)
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.merchants.merchant import merchant

LOOK_AGAIN = {Pending: timedelta(minutes=15), Succeeded: timedelta(days=10)}
"""When a refund is looked at again: soon while it is pending, once more later because banks send money back."""
REMEMBERED = timedelta(hours=20)
"""How long we trust the processor to know our key; after that a second attempt could pay twice."""
EVENTS = {
    RewardState.issued: "event:refund.sent",
    RewardState.redeemed: "event:refund.settled",
    RewardState.needs_review: "event:refund.needs_review",
}
"""What the merchant's systems are told when a refund has come to a state."""
WATCHED = (RewardState.pending, RewardState.issued, RewardState.redeemed)


class RefundAnswer(msgspec.Struct, frozen=True):
    """What the processor said about the refund of one reward, to be written down."""

    reward_id: str
    answer: Succeeded | Pending | Failed | Declined


class RefundState(msgspec.Struct, frozen=True):
    id: str
    state: RewardState


async def refund(door: Doorway, processor: Callable[[str], PaymentPort], task: Task) -> None:
    """The work ``refund``: ask once, look up whatever is unclear, write down what is known. Safe to repeat.

    ``processor`` gives the payment processor for the merchant's mode, so that a test moves no real money.

    Raises Unavailable when nothing is known yet, so that the work is done again later.
    """
    async with door.read(task.merchant_id) as tx:
        row = await tx.row(sql.REFUND, task.subject_id)
        if row is None:
            raise NotFound("unknown_reward", "There is no such refund.")
        if row["state"] not in WATCHED:
            return
        payment = await _payment(tx, row["case_id"])
        payments = processor((await merchant(tx)).mode)
    answer = await _ask(payments, payment, row, first=task.attempts == 1, age=door.clock() - row["created_at"])
    crashpoint("refund.after_call")
    if isinstance(answer, Unknown):
        raise Unavailable("refund_unknown", f"The processor's answer is not known: {answer.detail}", retry_after=1)
    await door.write(record_refund, Who(task.merchant_id, "system:refund"), RefundAnswer(row["id"], answer))


async def record_refund(tx: Tx, who: Who, what: RefundAnswer, at: datetime) -> RefundState:
    """Write down what the processor said. Said twice, or late, or in the wrong order, it changes nothing."""
    row = await tx.row(sql.LOCK_REWARD, what.reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such refund.")
    old, answer = RewardState(row["state"]), what.answer
    path = _path(old, answer)
    if not path:
        if isinstance(answer, Pending):
            tx.tell("refund", what.reward_id, at + LOOK_AGAIN[Pending])
        return RefundState(what.reward_id, old)
    if type(answer) in LOOK_AGAIN:
        tx.tell("refund", what.reward_id, at + LOOK_AGAIN[type(answer)])
    came_back = old is RewardState.redeemed and isinstance(answer, Failed)
    if came_back or RewardState.redeemed in path:
        await post(tx, [_settlement(row, who, at, returned=came_back)], at)
    partner_id = None if isinstance(answer, Declined) else answer.partner_id
    for new in path:
        await tx.run(sql.MOVE_REWARD, what.reward_id, new, at, partner_id)
    if row["case_id"] is not None:
        what_happened, note = f"refund_{path[-1]}", getattr(answer, "reason", "")
        await tx.run(sql.CASE_EVENT, row["case_id"], new_id("evt"), what_happened, who.actor, note, at)
    await conclude(tx, who, row["order_id"], at)
    tx.tell(EVENTS[path[-1]], what.reward_id)
    return RefundState(what.reward_id, path[-1])


async def _payment(tx: Tx, case_id: str | None) -> str | None:
    """The payment that the report names, which is sealed with it; None when there is none, or it is forgotten."""
    try:
        report = await reported(tx, case_id or "")
    except Unreadable:
        return None
    return report.order.payment if report.order else None


async def _ask(payments: PaymentPort, payment: str | None, row: Record, *, first: bool, age: timedelta) -> Refunded:
    reference = row["partner_ref"]
    amount = Money(row["principal"] + row["bonus"], row["currency"])
    if payment is None:
        return Declined(DeclineReason.unknown_payment, "The report names no payment: pay it back by hand.")
    # The first attempt cannot have been made before, however late it comes; every later one looks first.
    never_asked = first and row["state"] == RewardState.pending
    found = None if never_asked else await payments.find_refund(reference, payment)
    if found is not None:
        if found.amount != amount:
            return Declined(DeclineReason.other, f"The processor has {found.amount} under our reference {reference}.")
        return found
    if row["state"] != RewardState.pending or (age > REMEMBERED and not never_asked):
        return Declined(DeclineReason.other, "The processor has no trace of it, and may have forgotten our key.")
    crashpoint("refund.before_call")
    return await payments.refund(reference, payment, amount)


def _path(old: RewardState, answer: Succeeded | Pending | Failed | Declined) -> list[RewardState]:
    """The states to go through from the present one; empty when the answer is old news."""
    match old, answer:
        case RewardState.pending, Succeeded():
            return [RewardState.issued, RewardState.redeemed]
        case RewardState.pending, Pending():
            return [RewardState.issued]
        case RewardState.issued, Succeeded():
            return [RewardState.redeemed]
        case ((RewardState.pending | RewardState.issued | RewardState.redeemed), (Failed() | Declined())):
            return [RewardState.needs_review]
        case _:
            return []


def _settlement(row: Record, who: Who, at: datetime, *, returned: bool) -> Transfer:
    """The money left, or came back: the liability goes, or stands again."""
    due = account(Role.refund_due, row["id"], row["currency"])
    gone = account(Role.refunded, who.merchant_id, row["currency"])
    source, destination = (gone, due) if returned else (due, gone)
    return Transfer(
        kind="refund_failed" if returned else "refund_settled",
        subject_id=row["id"],
        actor=who.actor,
        event_at=at,
        postings=[Posting(source, destination, row["principal"] + row["bonus"])],
    )
