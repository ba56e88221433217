"""What issuance needs of a payment processor, and everything one may answer.

A refund is asked for under a *reference* of ours, the reward's ``partner_ref``. It is the idempotency key and the mark
on the refund, and it is the same in every attempt for ever. Processors forget keys (some after 24 hours), marks they
keep; so look a refund up by its reference before asking for it again:

    outcome = await payments.find_refund(reference, payment) or await payments.refund(reference, payment, amount)

The outside world has five answers, the union ``Refunded``. Apart from them a port raises Unavailable when it is
certain that nothing happened, or when a look-up got no answer: the same call may simply be made again later.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from compensation.core.money import Money


class DeclineReason(StrEnum):
    """Why a processor would not begin. Each needs a person: asking again will not help."""

    unknown_payment = "unknown_payment"
    """The processor knows no such payment, or it is not one that was paid."""
    wrong_currency = "wrong_currency"
    """The payment was made in another currency."""
    too_much = "too_much"
    """More than is left of the payment, counting what was given back before by whomever."""
    already_refunded = "already_refunded"
    """All of the payment was given back before."""
    disputed = "disputed"
    """The customer's bank is taking the payment back; a refund now would pay twice."""
    not_payable = "not_payable"
    """The processor cannot move exactly this amount in this currency, and we do not round what is owed."""
    no_funds = "no_funds"
    """The merchant's balance with the processor does not cover it."""
    other = "other"
    """None of the above; ``detail`` says what the processor wrote."""


class Succeeded(msgspec.Struct, frozen=True, tag="succeeded", tag_field="outcome"):
    """The processor has given the money back. It may still turn to Failed days later, if the customer's bank
    sends the money back."""

    partner_id: str
    """The processor's own id of the refund."""
    amount: Money


class Pending(msgspec.Struct, frozen=True, tag="pending", tag_field="outcome"):
    """The processor has accepted the refund and will say later how it ended. Look it up; do not ask again."""

    partner_id: str
    amount: Money


class Failed(msgspec.Struct, frozen=True, tag="failed", tag_field="outcome"):
    """The refund was begun and the money came back to the merchant. Final for this reference; the debt stands."""

    partner_id: str
    amount: Money
    reason: str
    """The processor's word for it, snake_case, such as ``expired_or_canceled_card``; ``unknown`` when it gives none."""


class Declined(msgspec.Struct, frozen=True, tag="declined", tag_field="outcome"):
    """Refused before anything moved. Final for this reference."""

    reason: DeclineReason
    detail: str = ""
    """One line for staff, in English, perhaps the processor's own words; never for the customer."""


class Unknown(msgspec.Struct, frozen=True, tag="unknown", tag_field="outcome"):
    """Asked for, and no usable answer came: it may have happened. Look it up; if that finds nothing, ask again under
    the same reference while the processor surely remembers it, else a person decides. Never under a new reference."""

    detail: str
    """One line for staff, in English."""


Found = Succeeded | Pending | Failed
Refunded = Found | Declined | Unknown


class PaymentPort(Protocol):
    """Gives money back by the means it came. Implementations keep explicit deadlines and never repeat a call."""

    async def refund(self, reference: str, payment: str, amount: Money) -> Refunded:
        """Give ``amount`` of a payment back.

        Args:
            reference: ours, 1 to 255 characters, the same in every attempt for this refund.
            payment: the processor's id of the payment, as the merchant reported it.
            amount: more than nothing, in the currency and minor units of ISO 4217.

        Returns:
            Succeeded, Pending, Failed or Declined as the processor said; Unknown when it may or may not have happened.

        Raises:
            Unavailable: nothing happened, and the same call may be made again later.
        """
        ...

    async def find_refund(self, reference: str, payment: str) -> Found | None:
        """The present state of the refund that bears our reference, however old; None when there is none.

        Its ``amount`` is what the processor wrote down: compare it with what was asked for.

        Raises:
            Unavailable: the processor gave no answer, which says nothing about the refund.
        """
        ...
