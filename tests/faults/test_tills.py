"""Two hundred tills on one card, through two web processes: together they take what it holds, and no more."""

import asyncio
from collections import Counter

import asyncpg
import httpx

from compensation.merchants.demo import Demo
from tests.faults.caller import Caller, calling
from tests.faults.house import PATIENCE, House, sound

TILLS = 200
HELD = 100_05
EACH = 30
"""What a till takes. Five cents are always left over, so the card is never empty, and a refusal is no guess."""


async def test_two_hundred_tills_and_their_returns_take_exactly_what_a_card_holds(
    house: House, demo: Demo, owner: asyncpg.Connection
) -> None:
    await asyncio.gather(house.start("serve"), house.start("serve.2"))
    async with calling(house, demo.api_key) as first, calling(house, demo.api_key, "serve.2") as second:
        body = {"items": [{"kind": "gift_card", "amount": {"amount": HELD, "currency": "EUR"}}]}
        reward_id = (await first.post("/v1/orders", body, "order")).json()["rewards"][0]["id"]
        code = await first.reveal(reward_id)
        callers = [(first, second)[number % 2] for number in range(TILLS)]
        taken = sum(await asyncio.gather(*(till(caller, code, n) for n, caller in enumerate(callers))))
        left = await owner.fetchval("SELECT sum(balance) FROM accounts WHERE owner_id = $1", reward_id)
        assert taken + left == HELD
        assert 0 < left < EACH, "a till was refused though the card held enough"
        await one_after_another(owner, left)
        for caller in (first, second):
            await caller.ask_all_again()
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE owner_id = $1", reward_id) == left
    await sound(owner)


async def one_after_another(owner: asyncpg.Connection, left: int) -> None:
    """The balances that the tills were told are those of some order of sales and returns, one after the other.

    Each use leads from a balance to a balance. Put end to end they lead from what the card held to what is left, so
    every balance in between is left as often as it is come to.
    """
    uses = await owner.fetch("SELECT kind, amount, balance FROM redemptions")
    come_to = Counter(use["balance"] for use in uses)
    gone_from = Counter(use["balance"] + use["amount"] * (1 if use["kind"] == "redeem" else -1) for use in uses)
    assert gone_from - come_to == {HELD: 1}
    assert come_to - gone_from == {left: 1}
    assert min(come_to) >= 0


async def till(caller: Caller, code: str, number: int) -> int:
    """Take, and every fifth time bring back a third of it; until refused. Says what it has in hand at the end."""
    in_hand = 0
    for turn in range(TILLS):
        key = f"till-{number}-{turn}"
        spend = {"code": code, "amount": {"amount": EACH, "currency": "EUR"}, "reference": key}
        sold = await caller.post("/v1/gift-cards/redeem", spend, key)
        if sold.status_code != 201:
            assert (sold.status_code, sold.json()["code"]) == (422, "insufficient_balance"), sold.text
            return in_hand
        in_hand += EACH
        if number % 5 == 0:
            back = {"redemption_id": sold.json()["id"], "amount": {"amount": EACH // 3, "currency": "EUR"}}
            returned = await caller.post("/v1/gift-cards/return", back, f"{key}-back")
            assert returned.status_code == 201, returned.text
            in_hand -= EACH // 3
    raise AssertionError("a card without end")


async def test_the_control_pays_out_more_than_the_card_holds(database_url: str, owner: asyncpg.Connection) -> None:
    """Read, decide, write: the product without its locks. Were it right, the test above would say nothing."""
    await owner.execute("CREATE TABLE card (balance bigint NOT NULL)")
    await owner.execute("INSERT INTO card VALUES ($1)", HELD)

    async def naive(pool: "asyncpg.Pool[asyncpg.Record]") -> int:
        async with pool.acquire() as connection, connection.transaction():
            balance = await connection.fetchval("SELECT balance FROM card")
            if balance < EACH:
                return 0
            await connection.execute("UPDATE card SET balance = $1", balance - EACH)
            return EACH

    async with asyncpg.create_pool(database_url, min_size=20, max_size=20) as pool:
        paid = sum(await asyncio.gather(*(naive(pool) for _ in range(TILLS))))
    left = await owner.fetchval("SELECT balance FROM card")
    assert paid + left > HELD, "two hundred naive tills took no more than there was: the test above proves nothing here"


async def test_a_caller_who_hangs_up_while_it_is_written_finds_his_answer_by_his_key(
    house: House, demo: Demo, owner: asyncpg.Connection
) -> None:
    await house.start("serve")
    body = {"items": [{"kind": "gift_card", "amount": {"amount": 1_00, "currency": "EUR"}}]}
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    request = httpx.Request("POST", f"{house.base}/v1/orders", json=body, headers=headers)
    sent, unheard = 0, 0
    async with asyncio.timeout(PATIENCE):
        while unheard < 5:
            # Each hangs up half a millisecond later than the last, so that every moment of a write has its turn.
            await send_and_hang_up(request, f"order-{sent}", after=sent / 2000)
            sent += 1
            unheard = await owner.fetchval("SELECT count(*) FROM orders")
    async with calling(house, demo.api_key) as caller:
        for number in range(sent):
            assert (await caller.post("/v1/orders", body, f"order-{number}")).status_code == 201
        await caller.ask_all_again()
    assert await owner.fetchval("SELECT count(*) FROM orders") == sent
    await sound(owner)


async def send_and_hang_up(request: httpx.Request, key: str, after: float) -> None:
    """Put the whole request on the wire, and close the line ``after`` so many seconds without listening."""
    head = [f"POST {request.url.path} HTTP/1.1", f"Idempotency-Key: {key}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    _, writer = await asyncio.open_connection(request.url.host, request.url.port)
    writer.write("\r\n".join([*head, "", ""]).encode() + request.read())
    await writer.drain()
    await asyncio.sleep(after)
    writer.close()
    await writer.wait_closed()
