"""Deciding that somebody is told: a delivery is written down, with the link that its letter will carry."""

from datetime import datetime
from typing import Literal

import msgspec

from compensation.core.ids import new_id
from compensation.core.states import DeliveryState
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery import sql
from compensation.delivery.links import LinkKind, link

LetterOf = Literal["offers", "remedy", "dispute"]


class Tell(msgspec.Struct, frozen=True):
    """Tell the customer of a case that he may choose or what came of his disagreeing, or the recipient of an order what
    he gets."""

    letter: LetterOf
    subject_id: str


class Delivery(msgspec.Struct, kw_only=True):
    """One message to one person, and how far it is. The message itself is sealed and not here."""

    id: str
    letter: str
    channel: str
    locale: str
    state: DeliveryState
    subject: str = ""
    last_error: str = ""
    created_at: datetime
    sent_at: datetime | None = None


async def tell_offers(door: Doorway, task: Task) -> None:
    """The work ``tell_offers``, on a case."""
    await _tell(door, task, "offers")


async def tell_remedy(door: Doorway, task: Task) -> None:
    """The work ``tell_remedy``, on an order."""
    await _tell(door, task, "remedy")


async def tell_dispute(door: Doorway, task: Task) -> None:
    """The work ``tell_dispute``, on a case."""
    await _tell(door, task, "dispute")


async def _tell(door: Doorway, task: Task, letter: LetterOf) -> None:
    who = Who(task.merchant_id, "system:tell")
    # The outbox row is the reason for this letter, so its id is the key: done twice, it is one letter.
    await door.write(queue, who, Tell(letter, task.subject_id), f"tell:{task.id}")


async def queue(tx: Tx, who: Who, what: Tell, at: datetime) -> Delivery:
    """Write the delivery down and have it sent. Its link is made here, so that it exists before anybody is told."""
    of_case = what.letter != "remedy"
    row = await tx.row(sql.CASE_SUBJECT if of_case else sql.ORDER_SUBJECT, what.subject_id)
    assert row is not None, "told by the commit that wrote it"
    kind: LinkKind = "offers" if of_case else "gift"
    await link(tx, kind, what.subject_id, at)
    if row["case_id"] is not None:
        await link(tx, "status", row["case_id"], at)
    delivery_id, locale = new_id("dlv"), row["locale"] or "en"
    order_id = None if of_case else what.subject_id
    await tx.run(sql.NEW_DELIVERY, delivery_id, what.letter, row["case_id"], order_id, row["customer_id"], locale, at)
    tx.tell("send", delivery_id)
    return Delivery(
        id=delivery_id,
        letter=what.letter,
        channel="email",
        locale=locale,
        state=DeliveryState.queued,
        created_at=at,
    )
