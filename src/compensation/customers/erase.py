"""Forgetting a customer. His cases, rewards and postings stay and still add up; who he was cannot be read again."""

from datetime import datetime

import msgspec

from compensation.core.errors import NotFound
from compensation.customers import sql
from compensation.customers.customer import Customer, customer
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Erase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    customer_id: str


async def erase(tx: Tx, who: Who, what: Erase, at: datetime) -> Customer:
    """Destroy the customer's key with all that is sealed under it. Doing it twice is doing it once.

    Raises NotFound ``unknown_customer``.
    """
    if not await tx.run(sql.ERASE, what.customer_id):
        raise NotFound("unknown_customer", "There is no such customer.")
    return msgspec.structs.replace(await customer(tx, what.customer_id), erased=True)
