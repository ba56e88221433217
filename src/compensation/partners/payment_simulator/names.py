"""Payments that exist by being named: ``pi_sim_<amount>_<currency>_<anything>``, and how each one behaves.

``pi_sim_22000_usd_sn48213`` was paid: 220.00 USD. The amount is in Stripe's units (``pi_sim_26950_kwd`` is 26.950 KWD).
With ``ch_`` instead of ``pi_`` the same name is the charge of the same payment. When ``<anything>`` ends in a word of
Habit after an underscore or alone, refunds of the payment go that way: ``pi_sim_5000_eur_order7_pending-fails``.
"""

import re
from enum import StrEnum

import msgspec

_NAME = re.compile(r"(?:pi|ch)_(sim_([1-9][0-9]{0,11})_([a-z]{3})(?:_([A-Za-z0-9_-]{0,150}))?)")


class Habit(StrEnum):
    """What happens to a refund. "First" is the first time that an idempotency key is seen."""

    prompt = "prompt"
    """Succeeds at once; so does every name that ends in no other word."""
    pending = "pending"
    """Pending, and succeeds a little later."""
    pending_fails = "pending-fails"
    """Pending, and fails a little later."""
    bounces = "bounces"
    """Succeeds at once, and fails a little later: the customer's bank sends the money back."""
    declined = "declined"
    """Refused: the customer's bank does not take it."""
    disputed = "disputed"
    """Refused: the customer has disputed the payment."""
    lost_before = "lost-before"
    """The first time no answer ever comes, and nothing was done."""
    lost_after = "lost-after"
    """The first time no answer ever comes, but the refund was made."""
    busy = "busy"
    """The first time there are too many requests (429)."""
    error = "error"
    """A server error (500), which stays the answer for that key as long as the key is remembered."""
    slow = "slow"
    """Answers late."""


class Payment(msgspec.Struct, frozen=True):
    """Something a customer paid, by card, in full."""

    name: str
    amount: int
    """In Stripe's units of ``currency``."""
    currency: str
    """Lower case."""
    habit: Habit

    @property
    def intent(self) -> str:
        return f"pi_{self.name}"

    @property
    def charge(self) -> str:
        return f"ch_{self.name}"


def payment_named(payment_id: str) -> Payment | None:
    """The payment that such an id of an intent or a charge names, or None."""
    match = _NAME.fullmatch(payment_id)
    if match is None:
        return None
    name, amount, currency, rest = match.groups()
    last = (rest or "").rpartition("_")[2]
    habit = Habit(last) if last in set(Habit) else Habit.prompt
    return Payment(name, int(amount), currency, habit)
