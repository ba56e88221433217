"""A payment processor of our own on a free port, a clock one can turn, and the real Stripe library in front of it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from compensation.partners.payment_simulator.api import KEY
from compensation.partners.payment_simulator.server import FILE, PaymentSimulator
from compensation.partners.stripe_refunds import StripeRefunds


class Clock:
    """Seconds since 1970, standing still until somebody turns it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def simulator(tmp_path: Path, clock: Clock) -> AsyncIterator[PaymentSimulator]:
    async with PaymentSimulator(tmp_path / FILE, clock=clock, slow=0.01) as simulator:
        yield simulator


@pytest.fixture
async def payments(simulator: PaymentSimulator) -> AsyncIterator[StripeRefunds]:
    port = StripeRefunds(KEY, simulator.url)
    yield port
    await port.close()


@pytest.fixture
async def impatient(simulator: PaymentSimulator) -> AsyncIterator[StripeRefunds]:
    """The same port with a short deadline, for answers that never come."""
    port = StripeRefunds(KEY, simulator.url, deadline=0.2)
    yield port
    await port.close()


@pytest.fixture
async def raw(simulator: PaymentSimulator) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the simulator, for what the library would never send."""
    async with httpx.AsyncClient(base_url=simulator.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


@pytest.fixture
def refunds_of(raw: httpx.AsyncClient) -> Callable[[str], Any]:
    """Every refund the processor has of a payment, as it would say itself."""

    async def ask(payment: str) -> list[dict[str, Any]]:
        answer = await raw.get("/v1/refunds", params={"payment_intent": payment, "limit": "100"})
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    return ask
