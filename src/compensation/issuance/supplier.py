"""What issuance needs of a supplier of other brands' cards, and everything one may answer.

A card is ordered under a *reference* of ours, the reward's ``partner_ref``: the same in every attempt for ever, and
never used for another card. So an order is looked up by it before it is made again:

    outcome = await supplier.find_order(reference) or await supplier.order(reference, product, amount, most)

The outside world has four answers, the union ``Ordered``. Apart from them a port raises Unavailable when it is certain
that nothing happened, or when a look-up got no answer: the same call may simply be made again later.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from compensation.core.money import Money


class NotSupplied(StrEnum):
    """Why a supplier would not sell. Asking again will not help."""

    out_of_stock = "out_of_stock"
    not_sold = "not_sold"
    """He does not know the product, or does not sell it at this value."""
    price_changed = "price_changed"
    """He asks more than was stated. A person decides; we never pay it."""
    no_funds = "no_funds"
    """The merchant's account with him does not cover it."""
    other = "other"
    """None of the above; ``detail`` says what he wrote."""


class Quote(msgspec.Struct, frozen=True):
    """What one card would cost now, and whether there is one."""

    in_stock: bool
    cost: Money


class Supplied(msgspec.Struct, frozen=True):
    """The card is there, and the merchant owes its cost."""

    partner_id: str
    """The supplier's own id of the order."""
    product: str
    amount: Money
    """The face value."""
    cost: Money
    code: str
    """Secret."""
    expires_at: datetime | None

    def __repr__(self) -> str:
        return f"Supplied({self.partner_id}, {self.product}, {self.amount}, cost {self.cost})"


class Accepted(msgspec.Struct, frozen=True):
    """He has taken the order and gives the code later. Look it up; do not order again."""

    partner_id: str
    product: str
    amount: Money


class Declined(msgspec.Struct, frozen=True):
    """Nothing is ordered and nothing owed. Final for this reference."""

    reason: NotSupplied
    detail: str = ""
    """One line for staff, in English, perhaps the supplier's own words; never for the customer."""


class Unknown(msgspec.Struct, frozen=True):
    """Ordered, and no usable answer came: it may have happened. Look it up; if that finds nothing, order again under
    the same reference while the supplier surely remembers it, else a person decides. Never under a new reference."""

    detail: str
    """One line for staff, in English."""


Found = Supplied | Accepted | Declined
Ordered = Found | Unknown


class SupplierPort(Protocol):
    """Sells cards of other brands. Implementations keep explicit deadlines and never repeat a call."""

    async def quote(self, product: str, amount: Money) -> Quote | None:
        """The present price of a card of this face value; None when he does not sell it.

        Raises:
            Unavailable: he gave no answer.
        """
        ...

    async def order(self, reference: str, product: str, amount: Money, most: Money) -> Ordered:
        """Order one card.

        Args:
            reference: ours, the same in every attempt for this card.
            product: the code of the catalogue.
            amount: the face value.
            most: what it may cost, the fee included; he declines with ``price_changed`` rather than ask more.

        Returns:
            Supplied, Accepted or Declined as he said; Unknown when it may or may not have happened.

        Raises:
            Unavailable: nothing happened, and the same call may be made again later.
        """
        ...

    async def find_order(self, reference: str) -> Found | None:
        """The present state of the order that bears our reference, however old; None when there is none.

        Raises:
            Unavailable: he gave no usable answer, which says nothing about the order.
        """
        ...
