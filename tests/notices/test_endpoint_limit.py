"""A merchant has sixteen endpoints at most, however many are added at the same moment."""

import asyncio

import asyncpg
import pytest

from compensation.core.errors import Refused
from compensation.db.answers import Who, Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.notices.endpoint import MOST, Endpoint, NewEndpoint, Remove, add, remove

MORE = """INSERT INTO webhook_endpoints (merchant_id, id, url, types, secret, created_at)
          SELECT merchant_id, id || n, url, types, secret, created_at
          FROM webhook_endpoints, generate_series(1, $1) AS n"""
"""So many more like the one there is, by whoever does not ask."""


async def test_of_three_that_are_added_at_once_the_sixteenth_is(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    first = (await door.write(add, merchant, NewEndpoint(url="https://shop.example/"))).read(Endpoint)
    await owner.execute(MORE, MOST - 2)
    ends = await asyncio.gather(
        *(door.write(add, merchant, NewEndpoint(url=f"https://shop.example/{n}")) for n in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Written) for end in ends) == 1
    assert [end.code for end in ends if isinstance(end, Refused)] == ["too_many_endpoints"] * 2
    await door.write(remove, merchant, Remove(first.id))
    await door.write(add, merchant, NewEndpoint(url="https://shop.example/again"))
    assert not await audit(owner)


async def test_whoever_forgets_to_ask_is_stopped_by_the_table(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await door.write(add, merchant, NewEndpoint(url="https://shop.example/"))
    with pytest.raises(asyncpg.CheckViolationError, match="at most sixteen"):
        await owner.execute(MORE, MOST)
    await owner.execute("ALTER TABLE webhook_endpoints DISABLE TRIGGER sixteen_endpoints_at_most")
    await owner.execute(MORE, MOST)
    assert set(await audit(owner)) == {"no merchant has more than sixteen endpoints"}
