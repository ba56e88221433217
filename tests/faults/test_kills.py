"""A process may die at any point: nothing is lost, nothing is done twice, and a retry gets the same answer."""

import ast
import asyncio
import itertools
import signal
from pathlib import Path

import asyncpg
import pytest

import compensation
from compensation.core.crash import POINTS
from compensation.merchants.demo import Demo
from tests.faults.caller import calling
from tests.faults.house import PATIENCE, House, drained, end_leases, sound
from tests.faults.journey import decide, enjoy, nothing_lost_or_doubled, one_card_for_each_order
from tests.faults.outside import Outside
from tests.faults.test_imports import LIVES

WEB = ("unit.before_act", "unit.before_commit", "unit.after_commit")
# How often, at the least, the worker can die at each point on its way through one case. What it has done stays done, so
# it dies the first time at the first pass of the point, next at the second, until a life has too few passes left.
WORKER = {
    "unit.before_act": 3,
    "unit.before_commit": 3,
    "unit.after_commit": 3,
    "outbox.after_claim": 2,
    "outbox.before_done": 2,
    "refund.before_call": 1,
    "refund.after_call": 1,
    "deliver.before_send": 1,
    "deliver.after_send": 1,
}
SUPPLIED = ("product.before_call", "product.after_call")
"""Where the worker dies once over each card that it buys; the next one looks first, and buys no second."""


@pytest.mark.parametrize("point", WEB)
async def test_the_web_process_dies_while_it_writes_and_the_caller_finds_his_answer(
    point: str, house: House, demo: Demo, owner: asyncpg.Connection
) -> None:
    async with calling(house, demo.api_key) as caller:
        await house.start("serve", crash=f"{point}:3")
        body = {"items": [{"kind": "gift_card", "amount": {"amount": 10_00, "currency": "EUR"}}]}
        answers = [await caller.post("/v1/orders", body, f"order-{n}") for n in range(6)]
        assert house.deaths == 1, "the point was never reached"
        assert {answer.status_code for answer in answers} == {201}
        await caller.ask_all_again()
    assert await owner.fetchval("SELECT count(*) FROM orders") == 6
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'spent' AND asset = 'EUR'") == 60_00
    await sound(owner)


@pytest.mark.parametrize("room", sorted({point.partition(".")[0] for point in WORKER}))
async def test_the_worker_dies_again_and_again_at_one_point_of_a_case_and_the_case_ends_well(
    room: str, house: House, demo: Demo, owner: asyncpg.Connection, world: Outside
) -> None:
    points = [point for point in WORKER if point.startswith(room)]
    async with calling(house, demo.api_key) as caller:
        await house.start("serve")
        for point in points:
            decided = await decide(caller, point)
            for life in itertools.count(1):
                await house.start("work", crash=f"{point}:{life}")
                if not await died_before_all_was_done(house, owner):
                    break
                await end_leases(owner)
                world.forget_keys()
            assert life > WORKER[point], f"the worker died only {life - 1} times at {point}"
            outcome = await enjoy(caller, point, decided)
            left = await owner.fetchval("SELECT sum(balance) FROM accounts WHERE owner_id = $1", outcome.reward_id)
            assert left == outcome.credit - outcome.spent
            await house.stop("work")
        await house.start("work")
        await drained(owner, house)
        await caller.ask_all_again()
    await nothing_lost_or_doubled(owner, world, cases=len(points))
    await sound(owner)


async def test_the_worker_dies_over_its_call_to_the_supplier_and_one_card_is_bought(
    house: House, demo: Demo, owner: asyncpg.Connection, world: Outside
) -> None:
    item = {"kind": "product_card", "product": "blue_kettle_cafe", "amount": {"amount": 10_00, "currency": "EUR"}}
    async with calling(house, demo.api_key) as caller:
        await house.start("serve")
        for bought, point in enumerate(SUPPLIED):
            await caller.post("/v1/orders", {"items": [item]}, point)
            await house.start("work", crash=point)
            assert await died_before_all_was_done(house, owner), f"the worker never passed {point}"
            assert len(world.sold()) == bought + (point == "product.after_call")
            await end_leases(owner)
            await house.start("work")
            await drained(owner, house)
            await house.stop("work")
        await caller.ask_all_again()
    assert await one_card_for_each_order(owner, world) == len(SUPPLIED)
    await sound(owner)


async def died_before_all_was_done(house: House, owner: asyncpg.Connection) -> bool:
    """Wait until the worker dies by its own hand, or has nothing left to do today."""
    async with asyncio.timeout(PATIENCE):
        while not house.dead("work"):
            if not await owner.fetchval("SELECT count(*) FROM outbox WHERE ended IS NULL AND due_at < now() + '1 h'"):
                return False
            await asyncio.sleep(0.02)
    assert await house.died("work") == -signal.SIGKILL
    return True


async def test_a_point_that_is_named_does_kill(house: House, demo: Demo) -> None:
    """The control: were the points dead letters, the tests above would pass for nothing."""
    async with calling(house, demo.api_key) as caller:
        await house.start("serve", crash="unit.before_commit")
        body = {"items": [{"kind": "gift_card", "amount": {"amount": 1, "currency": "EUR"}}]}
        first = asyncio.create_task(caller.post("/v1/orders", body, "k1"))
        assert await house.died("serve") == -signal.SIGKILL
        assert (await first).status_code == 201


def test_every_point_is_one_at_which_a_process_dies_above() -> None:
    """A new point needs a new row above, or in test_imports; a row whose point is never passed fails for that."""
    assert set(WEB) | set(WORKER) | set(SUPPLIED) | {life.partition(":")[0] for life in LIVES} == POINTS


def test_every_point_stands_in_the_code_and_every_call_names_one() -> None:
    called = set()
    for file in Path(compensation.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "crashpoint":
                assert isinstance(node.args[0], ast.Constant), f"{file.name}:{node.lineno} names no point"
                called.add(node.args[0].value)
    assert called == POINTS
