"""The only code that calls out. ``open_partners`` chooses who stands behind each port, by the settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from compensation.core.errors import Invalid, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.issuance.payment import Found, PaymentPort, Refunded
from compensation.notices.receiver import Receivers
from compensation.partners.payment_simulator.api import ADDRESS, KEY
from compensation.partners.smtp import SmtpChannel
from compensation.partners.stripe_refunds import StripeRefunds
from compensation.partners.webhooks import WebhookCaller


class Partners(msgspec.Struct, frozen=True):
    """Everybody whom one process calls. A test merchant is never given what moves real money, nor the other way."""

    live: PaymentPort
    test: PaymentPort
    mail: SmtpChannel
    receivers: Receivers

    def payments(self, mode: str) -> PaymentPort:
        """The payment processor for merchants of this mode, ``live`` or ``test``."""
        return self.live if mode == "live" else self.test


@asynccontextmanager
async def open_partners(settings: Settings) -> AsyncIterator[Partners]:
    """Stripe where there is a key; for test merchants in development without one, the simulator; else nobody.

    Raises Invalid for an SMTP address that is not one, and for a key of the wrong mode. Nobody is called yet.
    """
    mail = SmtpChannel(settings.smtp_url)
    if "_test_" in settings.stripe_key or "_live_" in settings.stripe_test_key:
        raise Invalid("wrong_key", "COMPENSATION_STRIPE_KEY takes a live key, COMPENSATION_STRIPE_TEST_KEY a test key.")
    async with AsyncExitStack() as opened:

        def stripe(key: str, address: str | None = None) -> StripeRefunds:
            refunds = StripeRefunds(key, address) if address else StripeRefunds(key)
            opened.push_async_callback(refunds.close)
            return refunds

        live: PaymentPort = stripe(settings.stripe_key) if settings.stripe_key else NoProcessor()
        test: PaymentPort = NoProcessor()
        if settings.stripe_test_key:
            test = stripe(settings.stripe_test_key)
        elif settings.development:
            test = stripe(KEY, settings.payments_url or ADDRESS)
        receivers = WebhookCaller(development=settings.development)
        opened.push_async_callback(receivers.close)
        yield Partners(live, test, mail, receivers)


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
        "No payment processor is set up, so money cannot be given back yet. Set COMPENSATION_STRIPE_KEY,"
        " or COMPENSATION_STRIPE_TEST_KEY for a test merchant.",
        retry_after=3600,
    )
