"""Forgetting a customer. His cases, rewards and postings stay and still add up; who he was cannot be read again."""

from datetime import datetime

import msgspec

from compensation.core.errors import Conflict, NotFound
from compensation.customers import sql
from compensation.customers.customer import Customer, customer
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Erase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    customer_id: str


async def erase(tx: Tx, who: Who, what: Erase, at: datetime) -> Customer:
    """Destroy the customer's key with all that is sealed under it. Doing it twice is doing it once.

    The payment that a refund goes back to is sealed with the rest, and a refund without it is neither made nor looked
    up: so a customer to whom money is on its way is forgotten once it has arrived.

    Raises NotFound ``unknown_customer``, Conflict ``refund_under_way``.
    """
    if await tx.value(sql.REFUND_UNDER_WAY, what.customer_id):
        raise Conflict(
            "refund_under_way",
            "Money is on its way back to this customer. Erase him once it has arrived, or was settled by hand.",
        )
    if not await tx.run(sql.ERASE, what.customer_id):
        raise NotFound("unknown_customer", "There is no such customer.")
    return msgspec.structs.replace(await customer(tx, what.customer_id), erased=True)
