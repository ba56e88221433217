"""Keys are rotated while tills redeem: nobody is refused, nothing is lost, and the old key is not needed any more."""

import asyncio
from datetime import datetime

import asyncpg
import msgspec
import pytest

from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.customers.contact import Contact
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.pool import Tx
from compensation.db.reseal import AT_ONCE
from compensation.db.unit import Doorway
from compensation.delivery.links import link
from compensation.jobs.rotate import main, rotate
from compensation.merchants.agent import agents, own_hashes
from compensation.merchants.credential import login_holder
from compensation.merchants.demo import STAFF, seed
from compensation.merchants.merchant import Added
from compensation.notices.endpoint import Endpoint, NewEndpoint, add
from compensation.notices.secret import show_secret
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.reveal import reveal
from tests.customers.test_customers import met
from tests.shop import buy_card, make_program

EUR = "EUR"
KEYS = {1: b"not a secret: tests only, key 1.", 2: b"not a secret: tests only, key 2."}


def holding(*versions: int) -> Vault:
    return Vault({version: KEYS[version] for version in versions})


def doorway(door: Doorway, *versions: int) -> Doorway:
    """Another process, that was started with these keys."""
    return Doorway(door.pool, holding(*versions))


async def test_no_redemption_fails_while_keys_are_rotated(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await make_program(owner, door, merchant, Money(10_000_000, EUR))
    codes = [(await buy_card(door, merchant, Money(10_00, EUR)))[1] for _ in range(60)]
    ready, rotated = doorway(door, 1, 2), doorway(door, 2, 1)
    over = asyncio.Event()

    async def till(own: Doorway, number: int) -> int:
        """Spends a cent again and again, from one card after the other; any refusal ends the test."""
        spent = 0
        while not over.is_set() or spent < 20:
            code = codes[(number * 7 + spent) % len(codes)]
            await own.write_together(redeem, merchant, Spend(code=code, amount=Money(1, EUR)), f"{number}-{spent}")
            spent += 1
        return spent

    async def turn() -> None:
        try:
            told = await rotate(rotated, merchant.merchant_id)
            assert told.done["codes"] + told.left["codes"] == 60
            assert told.left == dict.fromkeys(told.left, 0)
        finally:
            over.set()

    tills = [till(own, number) for number, own in enumerate([ready, rotated] * 4)]
    *spent, _ = await asyncio.gather(*tills, turn())
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'sales'") == sum(spent)
    assert {row[0] for row in await owner.fetch("SELECT get_byte(code_sealed, 0) FROM rewards")} == {2}
    alone = doorway(door, 2)
    for code in codes[:5]:
        await alone.write_together(redeem, merchant, Spend(code=code, amount=Money(1, EUR)))
    assert await audit(owner) == {}


async def test_a_repeat_of_before_the_rotation_is_answered_as_it_was(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await make_program(owner, door, merchant, Money(10_000_000, EUR))
    _, code = await buy_card(door, merchant, Money(10_00, EUR))
    what = Spend(code=code, amount=Money(1_00, EUR))
    first = await door.write_together(redeem, merchant, what, "sale")
    rotated = doorway(door, 2, 1)
    await rotate(rotated, merchant.merchant_id)
    again = await rotated.write_together(redeem, merchant, what, "sale")
    assert again.replayed
    assert again.read(Redemption) == first.read(Redemption)
    with pytest.raises(Exception, match="amount differs"):
        await rotated.write_together(redeem, merchant, Spend(code=code, amount=Money(2_00, EUR)), "sale")


async def test_customers_agents_and_webhooks_need_the_old_key_no_more(
    door: Doorway, merchant: Who, owner: asyncpg.Connection, settings: Settings
) -> None:
    demo = await seed(door, owner, settings.data / "demo.toml")
    who = Who(demo.merchant, "api_key:test")
    known = [
        Contact(reference="ann", email="ann@mail.example", name="Ann Ode"), Contact(email="bob@mail.example"),
        Contact(reference="cid"),
    ]  # fmt: skip
    before = [await met(door, who, contact) for contact in known]
    hook = NewEndpoint(url="https://hooks.shop.example/in")
    endpoint = (await door.write(add, who, hook)).read(Endpoint)
    secret = await show_secret(door, who, endpoint.id)
    login = await login_holder(door, STAFF[0][1])
    told = await rotate(doorway(door, 2, 1), demo.merchant)
    assert told.done == {"codes": 0, "customers": 3, "agents": len(STAFF), "webhook endpoints": 1}
    alone = doorway(door, 2)
    assert [await met(alone, who, contact) for contact in known] == before
    assert await owner.fetchval("SELECT count(*) FROM customers") == 3
    assert await show_secret(alone, who, endpoint.id) == secret
    assert login is not None
    assert await login_holder(alone, STAFF[0][1]) == login
    async with alone.read(demo.merchant) as tx:
        assert (await agents(tx, [login.actor]))[login.actor].name == STAFF[0][0]
        assert set(tx.vault.fingerprints("email", STAFF[0][1])) <= set(await own_hashes(tx, login.actor))
    nothing = await rotate(doorway(door, 2, 1), demo.merchant)
    assert set(nothing.done.values()) == {0}


async def test_more_than_one_page_and_what_is_in_use_is_taken_in_a_later_round(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await make_program(owner, door, merchant, Money(10_000_000, EUR))
    order, code = await buy_card(door, merchant, Money(10_00, EUR))
    await owner.execute(
        "INSERT INTO rewards (merchant_id, id, order_id, program_id, position, kind, remedy, part, state, currency,"
        " asset, principal, bonus, issued_at, created_at, updated_at)"
        " SELECT merchant_id, 'rwd_0' || n, order_id, program_id, n, 'task', 'repair', 'goodwill', 'issued', currency,"
        " asset, 0, 0, now(), now(), now() FROM rewards, generate_series(1, $1) AS n",
        2 * AT_ONCE,
    )
    rotated, taken, let_go = doorway(door, 2, 1), asyncio.Event(), asyncio.Event()

    async def use() -> None:
        async with owner.transaction():
            await owner.execute("SELECT FROM rewards WHERE id = $1 FOR NO KEY UPDATE", order.rewards[0].id)
            taken.set()
            await let_go.wait()

    using = asyncio.create_task(use())
    await taken.wait()
    turning = asyncio.create_task(rotate(rotated, merchant.merchant_id))
    # The audit log has a row for each page: once a second round has begun, the first has passed the row over.
    while await door.pool.fetchval("SELECT 1") and len(await _rounds(door, merchant)) <= 3:
        await asyncio.sleep(0.01)
    let_go.set()
    await using
    told = await turning
    assert (told.done["codes"], told.left["codes"]) == (1, 0)
    assert (await reveal(doorway(door, 2), merchant, order.rewards[0].id)).code == code


async def _rounds(door: Doorway, who: Who) -> list[asyncpg.Record]:
    async with door.read(who.merchant_id) as tx:
        return await tx.rows("SELECT seq FROM audit_log WHERE merchant_id = $1 AND verb = 'issuance.reseal_codes'")


async def test_the_command_says_what_the_old_key_is_still_needed_for(
    door: Doorway, merchant: Who, settings: Settings, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_program(owner, door, merchant, Money(10_000_000, EUR))
    order, _ = await buy_card(door, merchant, Money(10_00, EUR))

    async def open_link(tx: Tx, who: Who, what: Added, at: datetime) -> Added:
        await link(tx, "gift", what.id, at)
        return what

    await door.write(open_link, merchant, Added(order.id))
    keys = ",".join(f"{version}:{msgspec.json.encode(KEYS[version]).decode()[1:-1]}" for version in (2, 1))
    assert await asyncio.to_thread(main, msgspec.structs.replace(settings, keys=keys)) == 0
    said = capsys.readouterr().out
    assert "under key 2 now: 1 codes" in said
    assert "key 1 is needed for 1 links" in said
