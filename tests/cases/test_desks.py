"""Who may come in: API keys, console logins, and the demo merchant that ``up`` begins with."""

import stat

import asyncpg
import pytest

from compensation.core.errors import NotFound, Unauthenticated
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.vault import digest, hash_password
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants import demo
from compensation.merchants.agent import NewAgent, add_agent, agent, agents
from compensation.merchants.credential import (
    NewKey,
    NewSession,
    add_api_key,
    close_session,
    key_holder,
    log_in,
    new_api_key,
    session_holder,
)
from compensation.merchants.merchant import Added, brand, merchant_by_route, program, programs
from compensation.merchants.merchant import merchant as the_merchant
from tests.conftest import make_merchant

MIRA = NewAgent(
    name="Mira",
    email="Mira@Shop.example",
    password=hash_password("open the door"),
    role="agent",
    authority={"EUR": 20000},
)


async def test_an_api_key_speaks_for_its_merchant_and_is_stored_as_a_hash(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    async with door.read(merchant.merchant_id) as tx:
        key = new_api_key(await the_merchant(tx))
    assert key.startswith(f"sk_test_{merchant.merchant_id[-4:]}")
    added = (await door.write(add_api_key, merchant, NewKey(digest(key), "till"))).read(Added)
    assert await key_holder(door.pool, key, door.clock()) == Who(merchant.merchant_id, added.id)
    assert await key_holder(door.pool, key[:-1], door.clock()) is None
    assert key not in str([dict(row) for row in await owner.fetch("SELECT * FROM credentials")])
    await owner.execute("UPDATE credentials SET revoked_at = now()")
    assert await key_holder(door.pool, key, door.clock()) is None


async def test_an_agent_logs_in_by_address_and_password_until_he_logs_out(door: Doorway, merchant: Who) -> None:
    mira = (await door.write(add_agent, merchant, MIRA)).read(Added).id
    session = await log_in(door, " mira@shop.EXAMPLE ", "open the door")
    assert session.who == Who(merchant.merchant_id, mira)
    assert await session_holder(door.pool, session.token, door.clock()) == session.who
    assert await key_holder(door.pool, session.token, door.clock()) is None
    await door.write(close_session, session.who, NewSession(digest(session.token)))
    assert await session_holder(door.pool, session.token, door.clock()) is None


async def test_a_wrong_login_says_the_same_whatever_is_wrong(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await door.write(add_agent, merchant, MIRA)
    said = set()
    for email, password in (("mira@shop.example", "open the doo"), ("nobody@shop.example", "open the door"), ("", "")):
        with pytest.raises(Unauthenticated) as caught:
            await log_in(door, email, password)
        said.add((caught.value.code, caught.value.detail))
    await owner.execute("UPDATE agents SET retired_at = now()")
    with pytest.raises(Unauthenticated) as caught:
        await log_in(door, "mira@shop.example", "open the door")
    said.add((caught.value.code, caught.value.detail))
    assert len(said) == 1


async def test_an_agent_s_authority_is_by_currency_and_ends_with_his_service(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    mira = (await door.write(add_agent, merchant, MIRA)).read(Added).id
    async with door.read(merchant.merchant_id) as tx:
        her = await agent(tx, mira)
    assert her.name == "Mira"
    assert her.may_grant(Money(20000, "EUR"))
    assert not her.may_grant(Money(20001, "EUR"))
    assert not her.may_grant(Money(1, "USD"))
    assert her.may_grant(Money(0, "USD"))
    assert not her.may_approve
    await owner.execute("UPDATE agents SET retired_at = now()")
    async with door.read(merchant.merchant_id) as tx:
        assert not (await agent(tx, mira)).may_grant(Money(0, "EUR"))
    other = await make_merchant(owner)
    async with door.read(other.merchant_id) as tx:
        assert await agents(tx, [mira]) == {}
        with pytest.raises(NotFound):
            await agent(tx, mira)


async def test_the_demo_merchant_is_made_once_and_said_again(
    door: Doorway, owner: asyncpg.Connection, settings: Settings
) -> None:
    file = settings.data / "sub" / demo.FILE
    first = await demo.seed(door, owner, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await demo.seed(door, owner, file) == first
    assert await owner.fetchval("SELECT count(*) FROM transfers") == len(demo.PURSES)
    assert await owner.fetchval("SELECT count(*) FROM merchants") == 1
    holder = await key_holder(door.pool, first.api_key, door.clock())
    assert holder is not None
    async with door.read(first.merchant) as tx:
        (care,) = await programs(tx)
        face = await brand(tx, care.brand_id)
        assert (await program(tx)).id == care.id == first.program
    assert face.name["ar"] == "سوق نور"
    assert {(b.currency, b.available) for b in care.budgets} >= {("EUR", 500_000), ("KWD", 1_500_000)}
    for desk in first.desks:
        assert (await log_in(door, desk.email, desk.password)).who.merchant_id == first.merchant


async def test_the_demo_comes_back_when_its_file_was_lost_or_is_of_another_database(
    door: Doorway, owner: asyncpg.Connection, settings: Settings
) -> None:
    file = settings.data / demo.FILE
    first = await demo.seed(door, owner, file)
    for left in ("", "merchant = ", file.read_text().replace(first.merchant, "mer_another")):
        file.write_text(left)
        again = await demo.seed(door, owner, file)
        assert again.merchant == first.merchant
        assert again.api_key != first.api_key
        for desk in again.desks:
            await log_in(door, desk.email, desk.password)
    assert await owner.fetchval("SELECT count(*) FROM agents") == len(demo.STAFF)
    assert await merchant_by_route(owner, demo.ROUTE) is not None
