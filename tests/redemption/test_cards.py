"""Laws and stories of spending: a card gives what it holds, once, to whoever has its code, and to nobody else."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import pytest

from compensation.core.errors import Invalid, NotFound, Refused
from compensation.core.money import MAX_AMOUNT, Money
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.codes import grouped, new_code
from compensation.redemption.capture import Capture
from compensation.redemption.card import Card, look_up
from compensation.redemption.clawback import Clawback
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.hold import PlaceHold
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.tender import Tender
from compensation.redemption.transfer import TransferCredit
from compensation.redemption.wallet import WalletSpend
from tests.conftest import make_merchant
from tests.redemption.till import Till, eur, refused
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


async def test_a_till_sees_what_is_left_on_a_card_and_no_more_of_it_than_its_last_four(
    door: Doorway, shop: Who
) -> None:
    order, code = await buy_card(door, shop, Money(50_00, "EUR"), bonus=Money(5_00, "EUR"))
    (_, other), reward = await buy_card(door, shop, Money(9_00, "EUR")), order.rewards[0]
    await spend(door, shop, code, 1_00)
    async with door.read(shop.merchant_id) as tx:
        seen = await look_up(tx, " ".join(grouped(code.lower())), door.clock())
        assert (await look_up(tx, other, door.clock())).balance == Money(9_00, "EUR")
    assert seen == Card(
        id=reward.id,
        kind="gift_card",
        state=RewardState.partly_redeemed,
        balance=Money(54_00, "EUR"),
        code_last4=code[-4:],
        expires_at=reward.expires_at,
    )


async def test_a_state_that_is_not_for_spending_is_not_spent_from_whatever_lies_there(
    till: Till, owner: asyncpg.Connection
) -> None:
    _, code = await till.card(50_00)
    await owner.execute("UPDATE rewards SET state = 'voided'")
    for act in (till.spend(code, 1), till.hold(code, 1)):
        assert (await refused(act)).code == "code_not_usable"


async def test_what_is_given_back_in_part_goes_to_the_principal_first_and_a_return_is_no_use(
    till: Till, owner: asyncpg.Connection
) -> None:
    _, code = await till.card(10_00, bonus=5_00)
    use = await till.spend(code, 12_00)
    back = await till.give(use.id, 11_00)
    assert (back.kind, back.of, back.balance, back.actor) == ("return", use.id, eur(14_00), till.who.actor)
    lots = "SELECT lot, balance FROM accounts WHERE role = 'card' ORDER BY lot"
    assert [tuple(row) for row in await owner.fetch(lots)] == [("bonus", 4_00), ("principal", 10_00)]
    assert (await refused(till.give(back.id, 1))).code == "unknown_redemption"
    dollars = GiveBack(redemption_id=use.id, amount=Money(1, "USD"))
    mismatch = await refused(till.door.write(give_back, till.who, dollars))
    assert (mismatch.code, mismatch.extra["currency"]) == ("currency_mismatch", "EUR")
    more = await refused(till.give(use.id, 1_01))
    assert (more.code, more.extra["left"]) == ("more_than_spent", {"amount": 1_00, "currency": "EUR"})


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT + 1])
def test_nothing_less_than_nothing_and_too_much_are_no_sums(amount: int) -> None:
    wrong = eur(amount)
    requests: list[Callable[[], object]] = [
        lambda: Spend(code="x", amount=wrong),
        lambda: PlaceHold(code="x", amount=wrong),
        lambda: Capture(hold_id="x", amount=wrong),
        lambda: GiveBack(redemption_id="x", amount=wrong),
        lambda: Clawback(reward_id="x", amount=wrong, reason="error"),
        lambda: TransferCredit(code="x", into="y", amount=wrong),
        lambda: Tender(codes=("x",), amount=wrong),
        lambda: WalletSpend(amount=wrong),
    ]
    for request in requests:
        with pytest.raises(Invalid, match="invalid_amount"):
            request()
