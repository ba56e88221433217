"""The desk of the cases, and the policy that ships as a text to begin from."""

import asyncpg
import pytest

from compensation.db.answers import Who
from compensation.db.unit import Doorway
from tests.cases.desk import Desk, open_desk


@pytest.fixture
async def desk(door: Doorway, owner: asyncpg.Connection, merchant: Who) -> Desk:
    return await open_desk(door, owner, merchant)
