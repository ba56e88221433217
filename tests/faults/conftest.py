"""The world outside and the house of each fault test."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from compensation.merchants.demo import Demo
from tests.faults.house import House
from tests.faults.outside import Outside, outside


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(tmp_path) as opened:
        yield opened


@pytest.fixture
async def house(database_url: str, tmp_path: Path, world: Outside) -> AsyncIterator[House]:
    """Nothing runs in it yet. Whatever a test starts is stopped."""
    async with House(
        database_url,
        tmp_path,
        payments_url=world.payments_url,
        smtp_url=world.smtp_url,
        supplier_simulator_url=world.supplier_url,
    ) as built:
        yield built


@pytest.fixture
async def demo(house: House, owner: asyncpg.Connection) -> Demo:
    return await house.seed(owner)
