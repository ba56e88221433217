"""The only code that calls out. ``open_partners`` chooses who stands behind each port, by the settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from compensation.core.errors import Invalid, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.issuance.payment import Found, PaymentPort, Refunded
from compensation.issuance.supplier import Found as FoundOrder
from compensation.issuance.supplier import Ordered, Quote, SupplierPort
from compensation.notices.receiver import Receivers
from compensation.partners.payment_simulator.api import ADDRESS, KEY
from compensation.partners.smtp import SmtpChannel
from compensation.partners.stripe_refunds import StripeRefunds
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator import api as supplier_simulator
from compensation.partners.webhooks import WebhookCaller


class Partners(msgspec.Struct, frozen=True):
    """Everybody whom one process calls. A test merchant is never given what moves real money, nor the other way."""

    live: PaymentPort
    test: PaymentPort
    mail: SmtpChannel
    receivers: Receivers
    live_supplier: SupplierPort
    test_supplier: SupplierPort

    def payments(self, mode: str) -> PaymentPort:
        """The payment processor for merchants of this mode, ``live`` or ``test``."""
        return self.live if mode == "live" else self.test

    def supplier(self, mode: str) -> SupplierPort:
        """The supplier of other brands' cards for merchants of this mode."""
        return self.live_supplier if mode == "live" else self.test_supplier


def has_supplier(settings: Settings, mode: str) -> bool:
    """Whether merchants of this mode can order cards of other brands: who is live needs a supplier that is set, who
    tests has the simulator, which runs in development only."""
    return bool(settings.supplier_url and settings.supplier_key) if mode == "live" else settings.development


@asynccontextmanager
async def open_partners(settings: Settings) -> AsyncIterator[Partners]:
    """Stripe where there is a key; for test merchants in development without one, the simulator; else nobody. The
    supplier that is set for live merchants, and for test merchants in development his simulator.

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

        def supplier(mode: str, url: str, key: str) -> SupplierPort:
            if not has_supplier(settings, mode):
                return NoSupplier()
            orders = SupplierOrders(url, key)
            opened.push_async_callback(orders.close)
            return orders

        simulated = settings.supplier_simulator_url or supplier_simulator.ADDRESS
        live_supplier = supplier("live", settings.supplier_url, settings.supplier_key)
        test_supplier = supplier("test", simulated, supplier_simulator.KEY)
        yield Partners(live, test, mail, receivers, live_supplier, test_supplier)


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


class NoSupplier:
    """The SupplierPort of a production that has not been given one: what was ordered while there was one waits."""

    async def quote(self, product: str, amount: Money) -> Quote | None:
        """See SupplierPort. Always raises Unavailable."""
        raise _no_supplier()

    async def order(self, reference: str, product: str, amount: Money, most: Money) -> Ordered:
        """See SupplierPort. Always raises Unavailable."""
        raise _no_supplier()

    async def find_order(self, reference: str) -> FoundOrder | None:
        """See SupplierPort. Always raises Unavailable."""
        raise _no_supplier()


def _no_supplier() -> Unavailable:
    return Unavailable(
        "supplier_unavailable",
        "No supplier is set up. Set COMPENSATION_SUPPLIER_URL and COMPENSATION_SUPPLIER_KEY.",
        retry_after=3600,
    )
