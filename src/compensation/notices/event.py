"""Events: what happened at a merchant, numbered without a gap, each with what it is about as it then stood.

An act says ``tx.tell("event:task.done", reward_id)``. The work ``event`` turns that row into an event after the commit,
so that acts which run at the same time never queue for the merchant's next number.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from compensation.core.errors import NotFound
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.imports.batch import find
from compensation.issuance.read import order, reward
from compensation.merchants.budget import alert
from compensation.notices import sql
from compensation.notices.queue import queue


class EventType(StrEnum):
    """What merchants are told of. ``data`` is what the first word names: Order, Import, budget Alert, else Reward."""

    task_assigned = "task.assigned"
    """Something for the merchant to do by ``data.due_at``. When it is done: POST /v1/rewards/{data.id}/done."""
    task_done = "task.done"
    order_issued = "order.issued"
    """Every reward of a case's order is out."""
    order_partly_issued = "order.partly_issued"
    """At least one reward waits for a person, or came back."""
    refund_sent = "refund.sent"
    """The payment processor has accepted it and has not said yet how it ended."""
    refund_settled = "refund.settled"
    """The money is back with the customer, by the processor or by hand."""
    refund_needs_review = "refund.needs_review"
    """A person must pay it by hand and then mark it as done."""
    product_issued = "product.issued"
    """A card of another brand is there; its code can be shown."""
    product_refused = "product.refused"
    """Its supplier would not sell it. What it was to cost is back in the budget."""
    product_needs_review = "product.needs_review"
    """A person must ask the supplier and then settle it: POST /v1/rewards/{data.id}/settle."""
    import_issued = "import.issued"
    """Every line of a file is issued. Its result: GET /v1/imports/{data.id}/result."""
    reward_voided = "reward.voided"
    """It was cancelled; what the budget paid of it is back there."""
    reward_reissued = "reward.reissued"
    """``data`` is the new reward; ``data.replaces`` names the old one, whose code is dead."""
    reward_extended = "reward.extended"
    """It is good until ``data.expires_at``."""
    reward_clawed_back = "reward.clawed_back"
    """Value that had been credited by error or fraud was taken back, as far as it was there."""
    reward_merged = "reward.merged"
    """``data`` is the card that took in another whole."""
    reward_transferred = "reward.transferred"
    """``data`` is the card that store credit was moved to."""
    budget_alert = "budget.alert"
    """50, 80 or 100 per cent of a program's budget are promised or spent; once each until money is added to it."""


class NumberedEvent(msgspec.Struct, kw_only=True):
    """What happened: a row, an item of the feed, and the body of a notice."""

    id: str
    number: int
    """1, 2, 3 and so on for each merchant, without a gap."""
    type: EventType
    at: datetime = msgspec.field(name="timestamp")
    data: dict[str, Any]
    """The Reward, Order, Import or Alert as it stood when the event was written down. It does not change later."""


class Happened(msgspec.Struct, frozen=True):
    """``told_id`` is the outbox row by which an act told of it."""

    told_id: str
    type: EventType
    subject_id: str


class Feed(msgspec.Struct):
    """Events in the order of their numbers. Whoever holds ``last`` has them all."""

    items: list[NumberedEvent]
    last: int
    """The highest number there is; 0 when nothing has happened yet."""


_SUBJECTS: dict[str, Callable[[Tx, str], Awaitable[Any]]] = {
    "task": reward,
    "refund": reward,
    "product": reward,
    "reward": reward,
    "order": order,
    "import": find,
    "budget": alert,
}


async def announce(door: Doorway, task: Task) -> None:
    """The work ``event:<type>``. Done twice, it still makes one event."""
    happened = Happened(task.id, EventType(task.topic.partition(":")[2]), task.subject_id)
    await door.write(add_event, Who(task.merchant_id, "system:announce"), happened)


async def add_event(tx: Tx, who: Who, what: Happened, at: datetime) -> NumberedEvent:
    """Give it the next number and queue it for every endpoint that wants to hear of it."""
    event_id = "evt_" + what.told_id.removeprefix("out_")
    known = await tx.row(sql.EVENT, event_id)
    if known is not None:
        return read_event(known)
    data = await _SUBJECTS[what.type.partition(".")[0]](tx, what.subject_id)
    if data is None:
        raise NotFound("unknown_reward", f"There is no {what.subject_id} to tell of.")
    row = await tx.row(
        sql.ADD_EVENT, what.told_id, event_id, what.type, what.subject_id, msgspec.json.encode(data).decode()
    )
    assert row is not None, "the outbox row that we are working on exists"
    await queue(tx, None, row["number"], row["number"], at)
    return read_event(row)


async def feed(tx: Tx, after: int, limit: int) -> Feed:
    """The events after a number, oldest first."""
    items = [read_event(row) for row in await tx.rows(sql.EVENTS_AFTER, after, limit)]
    return Feed(items, await tx.value(sql.LAST_NUMBER) or 0)


def read_event(row: Any) -> NumberedEvent:
    """From a row of number, id, type, data, at."""
    return NumberedEvent(**{**row, "type": EventType(row["type"]), "data": msgspec.json.decode(row["data"])})
