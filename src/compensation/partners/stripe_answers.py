"""What each answer and each error of Stripe's library means in the words of issuance.

Only two kinds of error are sure that nothing moved: a refusal of the request itself (Declined), and a call that was
turned away before Stripe worked on it or never left this machine (Unavailable). Every other one is Unknown.
"""

import httpx
import stripe

from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.core.text import line
from compensation.issuance.payment import Declined, DeclineReason, Failed, Found, Pending, Succeeded, Unknown

RETRY_AFTER = 30
"""Seconds after which a call that certainly did nothing may be made again."""

_REASONS = {
    "resource_missing": DeclineReason.unknown_payment,
    "payment_intent_unexpected_state": DeclineReason.unknown_payment,
    "charge_already_refunded": DeclineReason.already_refunded,
    "charge_disputed": DeclineReason.disputed,
    "refund_disputed_payment": DeclineReason.disputed,
    "amount_too_large": DeclineReason.too_much,
    "amount_too_small": DeclineReason.not_payable,
    "invalid_charge_amount": DeclineReason.not_payable,
    "invalid_charge_amount_no_decimal_compatible": DeclineReason.not_payable,
    "balance_insufficient": DeclineReason.no_funds,
    "insufficient_funds": DeclineReason.no_funds,
}
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_TURNED_AWAY = (stripe.RateLimitError, stripe.AuthenticationError, stripe.PermissionError)
_REFUSED = (stripe.CardError, stripe.InvalidRequestError)


def refund_as_found(refund: stripe.Refund, amount: Money) -> Found:
    """The state of a refund that exists. A state we do not know, ``requires_action`` among them, is not an end."""
    match refund.status:
        case "succeeded":
            return Succeeded(refund.id, amount)
        case "failed":
            return Failed(refund.id, amount, getattr(refund, "failure_reason", None) or "unknown")
        case "canceled":
            return Failed(refund.id, amount, "canceled")
        case _:
            return Pending(refund.id, amount)


def error_as_answer(error: stripe.StripeError) -> Declined | Unknown:
    """What a failed attempt to move money leaves behind. Raises Unavailable where it is certain that nothing did."""
    if isinstance(error, _REFUSED):
        return Declined(_reason(error), _said(error))
    if isinstance(error, _TURNED_AWAY) or isinstance(error.__cause__, _NEVER_LEFT):
        raise away(error) from error
    if isinstance(error, stripe.IdempotencyError):
        return Unknown("Stripe knows this reference for another amount or another payment.")
    return Unknown(f"Stripe gave no usable answer: {_said(error)}")


def missing(error: stripe.StripeError) -> bool:
    """Whether Stripe says that there is no such thing, as against giving no answer."""
    return isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing"


def away(error: Exception) -> Unavailable:
    """The problem for a call that moved nothing. Stripe's own sentence on a wrong key quotes the key: it stays out."""
    wrong_key = isinstance(error, stripe.AuthenticationError | stripe.PermissionError)
    return unavailable("Stripe does not accept our key." if wrong_key else "Stripe does not answer now.")


def unavailable(why: str) -> Unavailable:
    return Unavailable("payments_unavailable", f"{why} This call moved nothing.", retry_after=RETRY_AFTER)


def _reason(error: stripe.StripeError) -> DeclineReason:
    # Asking for more than is left of a payment has no code of its own in every version: only its parameter is named.
    by_parameter = DeclineReason.too_much if getattr(error, "param", None) == "amount" else DeclineReason.other
    return _REASONS.get(error.code or "", by_parameter)


def _said(error: stripe.StripeError) -> str:
    return line(error.user_message or type(error).__name__)[:300]
