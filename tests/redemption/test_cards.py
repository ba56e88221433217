"""Laws and stories of spending: a card gives what it holds, once, to whoever has its code, and to nobody else."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from compensation.core.errors import NotFound, Refused
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.codes import new_code
from compensation.redemption.card import look_up
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.redeem import Redemption, Spend, redeem
from tests.conftest import make_merchant
from tests.shop import buy_card, make_program


@pytest.fixture
async def shop(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> Who:
    await make_program(owner, door, merchant, Money(1_000_000, "EUR"))
    return merchant


async def spend(door: Doorway, who: Who, code: str, amount: int, key: str | None = None) -> Redemption:
    return (await door.write_together(redeem, who, Spend(code=code, amount=Money(amount, "EUR")), key)).read(Redemption)


async def test_two_hundred_tills_on_one_card_take_exactly_what_it_holds(
    door: Doorway, shop: Who, owner: asyncpg.Connection
) -> None:
    _, code = await buy_card(door, shop, Money(10_00, "EUR"))
    outcomes = await asyncio.gather(
        *(spend(door, shop, code, 1_00, f"till-{n}") for n in range(200)), return_exceptions=True
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, Redemption)]
    assert len(won) == 10
    assert sorted(use.balance.amount for use in won) == list(range(0, 1000, 100))
    assert all(isinstance(outcome, (Redemption, NotFound)) for outcome in outcomes)
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 0
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'sales'") == 10_00
    assert await owner.fetchval("SELECT state FROM rewards") == "redeemed"


async def test_two_processes_on_one_card_take_exactly_what_it_holds(
    door: Doorway, shop: Who, owner: asyncpg.Connection
) -> None:
    _, code = await buy_card(door, shop, Money(10_00, "EUR"))
    other = Doorway(door.pool, door.vault)
    outcomes = await asyncio.gather(
        *(spend(each, shop, code, 3_00) for each in [door, other] * 20), return_exceptions=True
    )
    assert sum(isinstance(outcome, Redemption) for outcome in outcomes) == 3
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 1_00
    await other.settle()


async def test_the_bonus_is_its_own_line_and_is_spent_after_the_principal(
    door: Doorway, shop: Who, owner: asyncpg.Connection
) -> None:
    order, code = await buy_card(door, shop, Money(200_00, "EUR"), Money(20_00, "EUR"))
    assert order.rewards[0].balance == Money(220_00, "EUR")
    await spend(door, shop, code, 205_00)
    lots = await owner.fetch("SELECT lot, balance FROM accounts WHERE role = 'card' ORDER BY lot")
    assert [tuple(lot) for lot in lots] == [("bonus", 15_00), ("principal", 0)]


async def test_what_is_given_back_goes_to_the_card_and_never_exceeds_what_was_spent(
    door: Doorway, shop: Who, owner: asyncpg.Connection
) -> None:
    _, code = await buy_card(door, shop, Money(50_00, "EUR"), Money(5_00, "EUR"))
    use = await spend(door, shop, code, 55_00)
    outcomes = await asyncio.gather(
        *(door.write(give_back, shop, GiveBack(redemption_id=use.id, amount=Money(20_00, "EUR"))) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, Refused) for outcome in outcomes) == 2
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 40_00
    assert await owner.fetchval("SELECT state FROM rewards") == "partly_redeemed"
    again = await spend(door, shop, code, 40_00)
    assert again.balance == Money(0, "EUR")


async def test_unknown_foreign_spent_and_expired_codes_get_one_answer(
    door: Doorway, shop: Who, owner: asyncpg.Connection
) -> None:
    stranger = await make_merchant(owner)
    _, code = await buy_card(door, shop, Money(10_00, "EUR"))
    _, spent = await buy_card(door, shop, Money(10_00, "EUR"))
    _, late = await buy_card(door, shop, Money(10_00, "EUR"))
    await spend(door, shop, spent, 10_00)
    tries = [(stranger, code), (shop, new_code("0000")), (shop, "not a code"), (shop, spent)]
    answers = set()
    for who, text in tries:
        with pytest.raises(NotFound) as caught:
            await spend(door, who, text, 1)
        answers.add((caught.value.code, caught.value.detail, str(caught.value.extra)))
        async with door.read(who.merchant_id) as tx:
            with pytest.raises(NotFound) as caught:
                await look_up(tx, text, door.clock())
        answers.add((caught.value.code, caught.value.detail, str(caught.value.extra)))
    now = door.clock()
    door.clock = lambda: now + timedelta(days=365 * 6)
    with pytest.raises(NotFound) as caught:
        await spend(door, shop, late, 1)
    answers.add((caught.value.code, caught.value.detail, str(caught.value.extra)))
    assert len(answers) == 1


async def test_another_currency_and_too_large_a_sum_are_refused_with_what_would_work(door: Doorway, shop: Who) -> None:
    _, code = await buy_card(door, shop, Money(10_00, "EUR"))
    with pytest.raises(Refused, match="in EUR") as caught:
        await door.write_together(redeem, shop, Spend(code=code, amount=Money(1, "USD")))
    assert caught.value.code == "currency_mismatch"
    with pytest.raises(Refused) as caught:
        await spend(door, shop, code, 10_01)
    assert caught.value.extra["balance"] == {"amount": 10_00, "currency": "EUR"}


async def test_a_program_cannot_issue_more_than_its_budget(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    await make_program(owner, door, merchant, Money(100_00, "EUR"))
    outcomes = await asyncio.gather(
        *(buy_card(door, merchant, Money(9_00, "EUR")) for _ in range(30)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, Refused) for outcome in outcomes) == 11
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 1_00
    assert await owner.fetchval("SELECT sum(balance) FROM accounts") == 0


async def test_no_code_can_be_read_from_the_tables(door: Doorway, shop: Who, owner: asyncpg.Connection) -> None:
    _, code = await buy_card(door, shop, Money(10_00, "EUR"))
    await spend(door, shop, code, 1_00, "k1")
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    for (table,) in await owner.fetch(tables):
        dump = str(await owner.fetch(f"SELECT t::text FROM {table} AS t"))
        assert code not in dump
        assert code[4:20] not in dump
