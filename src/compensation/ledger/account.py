"""How an account is named. The name says what it is, so that none has to be looked up: ``role:owner:asset[:lot]``."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Role(StrEnum):
    funding = "funding"
    """Where a merchant's budgets come from. Negative by what was given."""
    budget = "budget"
    """What a program may still promise as goodwill."""
    reserved = "reserved"
    """Promised by a choice, not issued yet."""
    spent = "spent"
    """What a program has issued. Budget, reserved and spent together are what it was given."""
    expense_owed = "expense.owed"
    expense_goodwill = "expense.goodwill"
    expense_promo = "expense.promo"
    expense_sold = "expense.sold"
    """What it cost the merchant, by origin. Negative: the other side of the liabilities below."""
    card = "card"
    """A lot of stored value, gift card or store credit: a liability until it is spent or expires."""
    held = "held"
    """What a hold has set aside of a lot of stored value. Its owner is the hold."""
    points = "points"
    """A lot of loyalty points."""
    points_pending = "points_pending"
    """Points that a purchase earned and that cannot be spent yet."""
    points_spent = "points_spent"
    """Points that were spent in the shop or became credit."""
    points_issued = "points_issued"
    """All points ever given, as a negative."""
    sales = "sales"
    """Stored value that was spent in the merchant's shop."""
    refund_due = "refund_due"
    """Money on its way back to a customer, not yet confirmed by the payment processor."""
    refunded = "refunded"
    breakage = "breakage"
    """Value that expired unspent."""
    promise = "promise"
    """Remedies in kind (discounts, perks, experiences) at the cost that was taken from the budget."""
    supplier_payable = "supplier_payable"
    """What a merchant owes a supplier for one card of another brand. Its owner is the supplier, its lot the reward."""


MAY_GO_NEGATIVE = frozenset(
    {
        Role.funding,
        Role.points_issued,
        Role.expense_owed,
        Role.expense_goodwill,
        Role.expense_promo,
        Role.expense_sold,
    }
)
"""The same list stands in the constraint ``no_overdraft``."""


class Lot(msgspec.Struct, frozen=True):
    """What an account of stored value remembers of its value: where it came from, and until when it is good."""

    origin: str
    expires_at: datetime | None


def account(role: Role | str, owner_id: str, asset: str, lot: str = "") -> str:
    """The id of an account, for example ``card:rwd_…:USD:bonus``."""
    return f"{role}:{owner_id}:{asset}" + (f":{lot}" if lot else "")


def may_go_negative(account_id: str) -> bool:
    return account_id.partition(":")[0] in MAY_GO_NEGATIVE
