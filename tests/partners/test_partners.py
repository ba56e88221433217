"""Who stands behind each port: real money only with a key, play money in development only."""

import pytest

from compensation.core.errors import Invalid, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.issuance.payment import PaymentPort, Succeeded
from compensation.partners import open_partners
from compensation.partners.stripe_refunds import StripeRefunds


def settings(**more: str) -> Settings:
    return Settings(database_url="none", **more)


async def test_development_without_a_key_meets_the_simulator(simulator):
    async with open_partners(settings(environment="development", payments_url=simulator.url)) as partners:
        payments: PaymentPort = partners.payments("test")
        assert isinstance(await payments.refund("rwd_1", "pi_sim_500_usd_a", Money(500, "USD")), Succeeded)


async def test_production_without_a_key_moves_nothing_even_where_a_simulator_runs(simulator, refunds_of):
    async with open_partners(settings(payments_url=simulator.url)) as partners:
        for mode in ("live", "test"):
            with pytest.raises(Unavailable, match="no_payment_processor"):
                await partners.payments(mode).refund("rwd_1", "pi_sim_500_usd_a", Money(500, "USD"))
            with pytest.raises(Unavailable, match="no_payment_processor"):
                await partners.payments(mode).find_refund("rwd_1", "pi_sim_500_usd_a")
    assert await refunds_of("pi_sim_500_usd_a") == []


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_a_live_key_serves_live_merchants_only_and_goes_to_stripe(environment):
    chosen = settings(environment=environment, stripe_key="not-a-key", payments_url="http://127.0.0.1:1")
    async with open_partners(chosen) as partners:
        assert isinstance(partners.payments("live"), StripeRefunds)
        assert partners.payments("live").address == "https://api.stripe.com"
        assert partners.payments("test") is not partners.payments("live")
        assert getattr(partners.payments("test"), "address", "") != "https://api.stripe.com"


async def test_a_key_of_the_wrong_mode_is_refused():
    for wrong in ({"stripe_key": "x_test_x"}, {"stripe_test_key": "x_live_x"}):
        with pytest.raises(Invalid, match="takes a live key"):
            async with open_partners(settings(**wrong)):
                pass
