"""Refunds by Stripe, or by whatever speaks Stripe's API at another address, such as our payment simulator.

One call is made once: the library's own retries are off, because after a lost answer an error of the second attempt
("cannot connect") would hide that the first may have been heard. Whoever asks looks the refund up before he asks again.
"""

import asyncio
import re
from collections.abc import Awaitable
from typing import Literal, TypeVar

import stripe

from compensation.core.money import Money
from compensation.issuance.payment import Declined, DeclineReason, Found, Refunded, Succeeded, Unknown
from compensation.partners.stripe_amounts import from_stripe, to_stripe
from compensation.partners.stripe_answers import away, error_as_answer, missing, refund_as_found, unavailable
from compensation.partners.stripe_wire import Wire

ADDRESS = "https://api.stripe.com"
DEADLINE = 12.0
"""Seconds one call may take. Looking up, reading the payment and refunding it fit together in one piece of work."""
MARK = "compensation_reference"
"""The metadata key under which a refund bears our reference."""
MOST_REFUNDS = 1_000
"""How many refunds of one payment we read through; a payment with more needs a person."""
_PAGE = 100
_PAYMENT = re.compile(r"(pi|ch|py)_[A-Za-z0-9_-]{1,250}")

T = TypeVar("T")

# The library reports timings to Stripe and keeps an id for that in the home directory; we want neither.
stripe.enable_telemetry = False


class StripeRefunds:
    """The PaymentPort of one Stripe account."""

    def __init__(self, key: str, address: str = ADDRESS, deadline: float = DEADLINE) -> None:
        self.address = address
        self._deadline = deadline
        self._wire = Wire(deadline)
        client = stripe.StripeClient(
            key, base_addresses={"api": address}, http_client=self._wire, max_network_retries=0
        )
        self._stripe = client.v1

    async def close(self) -> None:
        await self._wire.close_async()

    async def refund(self, reference: str, payment: str, amount: Money) -> Refunded:
        """See PaymentPort. Reads the payment first, because a refund is in its currency whatever we believe."""
        units = to_stripe(amount)
        if units is None:
            exact = f"{amount.decimal} {amount.currency}"
            return Declined(DeclineReason.not_payable, f"Stripe cannot move exactly {exact}.")
        parameter = _parameter(payment)
        currency = await self._currency(payment) if parameter else None
        if parameter is None or currency is None:
            return Declined(DeclineReason.unknown_payment, "Stripe knows no such payment.")
        if currency != amount.currency:
            return Declined(DeclineReason.wrong_currency, f"The payment was made in {currency}.")
        params: stripe.params.RefundCreateParams = {"amount": units, "metadata": {MARK: reference}}
        params[parameter] = payment
        try:
            async with asyncio.timeout(self._deadline):
                made = await self._stripe.refunds.create_async(params, {"idempotency_key": reference})
        except TimeoutError:
            return Unknown(f"Stripe gave no answer within {self._deadline:g} s.")
        except stripe.StripeError as error:
            return error_as_answer(error)
        return refund_as_found(made, amount)

    async def find_refund(self, reference: str, payment: str) -> Found | None:
        """See PaymentPort. Goes through the payment's refunds: a list is up to date, Stripe's search may lag."""
        parameter = _parameter(payment)
        if parameter is None:
            return None
        params: stripe.params.RefundListParams = {"limit": _PAGE}
        params[parameter] = payment
        return await self._read(self._marked(reference, params))

    async def _marked(self, reference: str, params: stripe.params.RefundListParams) -> Found | None:
        seen = 0
        best: Found | None = None
        page = await self._stripe.refunds.list_async(params)
        async for refund in page.auto_paging_iter():
            seen += 1
            if seen > MOST_REFUNDS:
                raise unavailable(f"The payment has more than {MOST_REFUNDS} refunds.")
            marks: dict[str, str] = refund.to_dict().get("metadata") or {}
            if marks.get(MARK) != reference:
                continue
            amount = from_stripe(refund.amount, refund.currency)
            if amount is None:
                raise unavailable(f"{refund.amount} of {refund.currency} is not an amount we can read.")
            found = refund_as_found(refund, amount)
            if isinstance(found, Succeeded):
                return found
            best = best or found
        return best

    async def _currency(self, payment: str) -> str | None:
        """The ISO code the payment was made in; None for a payment Stripe does not know. Raises Unavailable."""
        paid: stripe.PaymentIntent | stripe.Charge | None
        if _parameter(payment) == "payment_intent":
            paid = await self._read(self._stripe.payment_intents.retrieve_async(payment))
        else:
            paid = await self._read(self._stripe.charges.retrieve_async(payment))
        return paid.currency.upper() if paid else None

    async def _read(self, look: Awaitable[T]) -> T | None:
        """What a look-up says; None when Stripe says that there is no such thing. Raises Unavailable."""
        try:
            async with asyncio.timeout(self._deadline):
                return await look
        except TimeoutError as error:
            raise away(error) from error
        except stripe.StripeError as error:
            if missing(error):
                return None
            raise away(error) from error


def _parameter(payment: str) -> Literal["payment_intent", "charge"] | None:
    """How Stripe calls a payment with such an id; None when it cannot be one of its ids, so that we need not ask."""
    match = _PAYMENT.fullmatch(payment)
    if match is None:
        return None
    return "payment_intent" if match[1] == "pi" else "charge"
