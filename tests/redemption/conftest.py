"""A till of a shop with a budget of ten thousand euro."""

import asyncpg
import pytest

from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from tests.redemption.till import Till
from tests.shop import make_program


@pytest.fixture
async def till(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> Till:
    await make_program(owner, door, merchant, Money(1_000_000, "EUR"))
    return Till(door, merchant)
