"""API keys at the door: looked up once, remembered for a moment, and never for a stranger."""

import asyncpg
import pytest

from compensation.core.errors import Problem
from compensation.db.faults import as_problem
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from compensation.web.auth import REMEMBERED, Keys


async def test_a_key_is_looked_up_once_and_a_wrong_one_every_time(door: Doorway, demo: Demo) -> None:
    keys = Keys(door)
    assert await keys.holder("sk_test_nobody") is None
    holder = await keys.holder(demo.api_key)
    assert holder is not None
    assert holder.merchant_id == demo.merchant
    await door.pool.close()
    assert await keys.holder(demo.api_key) == holder
    with pytest.raises(asyncpg.InterfaceError) as caught:
        await keys.holder("sk_test_nobody")
    assert isinstance(as_problem(caught.value), Problem)


async def test_a_revoked_key_lives_on_for_no_longer_than_it_is_remembered(
    door: Doorway, demo: Demo, owner: asyncpg.Connection
) -> None:
    assert REMEMBERED <= 10
    keys = Keys(door)
    assert await keys.holder(demo.api_key) is not None
    forgetful = Keys(door, remembered=0)
    assert await forgetful.holder(demo.api_key) is not None
    await owner.execute("UPDATE credentials SET revoked_at = now() WHERE kind = 'api_key'")
    assert await keys.holder(demo.api_key) is not None
    assert await forgetful.holder(demo.api_key) is None
