"""The only code that calls out. ``open_partners`` chooses who stands behind each port, by the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.issuance.payment import Found, PaymentPort, Refunded
from compensation.partners.payment_simulator.api import ADDRESS, KEY
from compensation.partners.smtp import SmtpChannel
from compensation.partners.stripe_refunds import StripeRefunds


class Partners(msgspec.Struct, frozen=True):
    """Everybody whom one process calls."""

    payments: PaymentPort
    mail: SmtpChannel


@asynccontextmanager
async def open_partners(settings: Settings) -> AsyncIterator[Partners]:
    """Stripe where there is a key; in development without one, the payment simulator; in production, nobody.

    Raises Invalid for an SMTP address that is not one. Nobody is called yet.
    """
    mail = SmtpChannel(settings.smtp_url)
    if not settings.stripe_key and not settings.development:
        yield Partners(NoProcessor(), mail)
        return
    simulator = settings.payments_url or ADDRESS
    refunds = StripeRefunds(settings.stripe_key) if settings.stripe_key else StripeRefunds(KEY, simulator)
    try:
        yield Partners(refunds, mail)
    finally:
        await refunds.close()


class NoProcessor:
    """The PaymentPort of a production that has not been given one: refunds wait in the open until it has."""

    async def refund(self, reference: str, payment: str, amount: Money) -> Refunded:
        """See PaymentPort. Always raises Unavailable."""
        raise _no_processor()

    async def find_refund(self, reference: str, payment: str) -> Found | None:
        """See PaymentPort. Always raises Unavailable."""
        raise _no_processor()


def _no_processor() -> Unavailable:
    return Unavailable(
        "no_payment_processor",
        "No payment processor is set up, so money cannot be given back yet. Set COMPENSATION_STRIPE_KEY.",
        retry_after=3600,
    )
