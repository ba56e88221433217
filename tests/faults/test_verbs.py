"""Every verb that moves value dies before and after its commit: the retry is told the same, and it was done once."""

import asyncpg
import pytest

from compensation.merchants.demo import Demo
from tests.faults.caller import calling
from tests.faults.house import House, drained, sound
from tests.faults.patronage import collect, send_a_file, shop
from tests.faults.plan import VERBS
from tests.faults.stored_value import correct, join, reserve, sell
from tests.faults.trade import broken_promises
from tests.faults.trader import Trader


@pytest.mark.parametrize("point", ["unit.before_commit", "unit.after_commit"])
async def test_every_verb_dies_once_and_what_was_promised_stands(
    point: str, house: House, demo: Demo, owner: asyncpg.Connection
) -> None:
    # A life hears the retry of the request that ended the one before, and dies of the next.
    house.fate = f"{point}:2"
    await house.start("serve", house.fate)
    async with calling(house, demo.api_key) as caller:
        trader = Trader(caller, 0, seed=4)
        rate = {"points": 10, "credit": {"amount": 1, "currency": "EUR"}}
        await trader.ask("/v1/points-rates", rate, "rate", 201)
        for number, deal in enumerate((sell, reserve, correct, join, shop, collect, send_a_file)):
            await deal(trader, f"{trader.name}-{number}")
        assert {verb for verb in VERBS if not verb.startswith("cases")} <= {kept.verb for kept in caller.kept.values()}
        # The first life and the last have heard one that did not end them.
        assert house.deaths >= len(caller.kept) - 2
        house.fate = ""
        await house.stop("serve")
        await house.start("serve")
        await house.start("work")
        await drained(owner, house)
        await caller.ask_all_again()
    assert await broken_promises(owner, [trader]) == []
    await sound(owner)
