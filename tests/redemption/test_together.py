"""Stories of several cards in one act: all of them or none, whoever else is at the till."""

import asyncio

import asyncpg

from compensation.core.errors import Problem
from compensation.core.money import Money
from compensation.db.audit import audit
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.redemption.correction import Correction
from compensation.redemption.merge import Merge, merge
from compensation.redemption.redeem import Redemption
from compensation.redemption.reveal import reveal
from compensation.redemption.tender import Tender, Tendered, tender
from compensation.redemption.transfer import TransferCredit, transfer_credit
from tests.redemption.till import Till, eur, refused
from tests.shop import buy_card


async def pay(till: Till, amount: int, *codes: str) -> Tendered:
    return (await till.door.write(tender, till.who, Tender(codes=codes, amount=eur(amount)))).read(Tendered)


async def unite(till: Till, code: str, into: str) -> Correction:
    return (await till.door.write(merge, till.who, Merge(code=code, into=into))).read(Correction)


async def test_a_sale_is_paid_from_all_cards_or_from_none_and_the_rest_is_due(
    till: Till, owner: asyncpg.Connection
) -> None:
    (first, one), (_, two) = await till.card(10_00), await till.card(5_00)
    assert (await refused(pay(till, 12_00, one, two, "0000-0000"))).code == "code_not_usable"
    assert (await refused(pay(till, 12_00, one, two, one))).code == "same_card"
    dollars = Tender(codes=(one, two), amount=Money(1, "USD"))
    assert (await refused(till.door.write(tender, till.who, dollars))).code == "currency_mismatch"
    assert (await till.see(first)).balance == eur(10_00), "nothing was taken by what was refused"
    paid = await pay(till, 20_00, one, two)
    assert (paid.due, [use.amount for use in paid.redemptions]) == (eur(5_00), [eur(10_00), eur(5_00)])
    assert (await till.give(paid.redemptions[0].id, 10_00)).reward_id == first
    assert await audit(owner) == {}


async def test_two_cards_become_one_and_a_return_finds_it(till: Till, owner: asyncpg.Connection) -> None:
    (_, one), (second, two) = await till.card(10_00, bonus=1_00), await till.card(5_00)
    use = await till.spend(one, 4_00)
    assert (await unite(till, one, two)).amount == eur(7_00)
    assert (await refused(till.spend(one, 1))).code == "code_not_usable"
    assert (await till.give(use.id, 4_00)).balance == eur(16_00)
    assert (await refused(unite(till, two, two))).code == "same_card"
    await till.claw_back(second, 16_00)
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 1_000_000
    assert await audit(owner) == {}


async def test_store_credit_moves_to_a_card_and_to_nothing_else(till: Till) -> None:
    _, card = await till.card(10_00)
    _, other = await till.card(10_00)
    what = TransferCredit(code=card, into=other, amount=eur(1_00))
    assert (await refused(till.door.write(transfer_credit, till.who, what))).code == "kind_mismatch"


async def test_two_currencies_never_meet(till: Till, owner: asyncpg.Connection) -> None:
    _, euro = await till.card(10_00)
    await owner.execute(
        "INSERT INTO accounts (merchant_id, id, balance, opened_at)"
        " SELECT merchant_id, 'budget:' || id || ':USD', 500, created_at FROM programs"
    )
    _, dollar = await buy_card(till.door, till.who, Money(5_00, "USD"))
    mismatch = await refused(unite(till, dollar, euro))
    assert (mismatch.code, mismatch.extra["currency"]) == ("currency_mismatch", "EUR")


async def test_merging_both_ways_while_tills_spend_loses_and_makes_nothing(
    till: Till, owner: asyncpg.Connection
) -> None:
    (_, one), (_, two) = await till.card(50_00), await till.card(50_00)
    outcomes = await asyncio.gather(
        *(till.spend(code, 3_00) for code in (one, two) * 8), unite(till, one, two), unite(till, two, one),
        *(pay(till, 4_00, one, two) for _ in range(4)), return_exceptions=True,
    )  # fmt: skip
    assert [one for one in outcomes if not isinstance(one, (Redemption, Correction, Tendered, Problem))] == []
    assert sum(isinstance(one, Correction) for one in outcomes) <= 1
    sold = sum(one.amount.amount for one in outcomes if isinstance(one, Redemption))
    paid = sum(one.amount.amount - one.due.amount for one in outcomes if isinstance(one, Tendered))
    assert await owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'card'") == 100_00 - sold - paid
    assert await audit(owner) == {}


async def test_what_is_merged_with_a_card_that_never_ends_never_ends(till: Till, owner: asyncpg.Connection) -> None:
    (endless, one), (second, two) = await till.card(10_00), await till.card(5_00)
    for table, name in (("rewards", "id"), ("accounts", "owner_id")):
        await owner.execute(f"UPDATE {table} SET expires_at = NULL WHERE {name} = $1", endless)
    await unite(till, one, two)
    assert ((await till.see(second)).expires_at, (await till.see(second)).balance) == (None, eur(15_00))
    assert await audit(owner) == {}


async def test_store_credit_is_moved_in_part_and_then_whole(till: Till, owner: asyncpg.Connection) -> None:
    credit = OrderRequest(items=(Item(kind="store_credit", amount=eur(10_00), bonus=eur(2_00)),))
    order = (await till.door.write_together(issue, till.who, credit)).read(Order)
    source = order.rewards[0].id
    code, (target, into) = (await reveal(till.door, till.who, source)).code, await till.card(5_00)

    async def transfer(amount: Money | None) -> Correction:
        what = TransferCredit(code=code, into=into, amount=amount)
        return (await till.door.write(transfer_credit, till.who, what)).read(Correction)

    over = await refused(transfer(eur(12_01)))
    assert (over.code, over.extra["balance"]) == ("insufficient_balance", {"amount": 12_00, "currency": "EUR"})
    mismatch = await refused(transfer(Money(1, "USD")))
    assert (mismatch.code, mismatch.extra["currency"]) == ("currency_mismatch", "EUR")
    done = await transfer(eur(11_00))
    assert (done.reward_id, done.to_reward_id, done.amount) == (source, target, eur(11_00))
    assert ((await till.see(source)).balance, (await till.see(target)).balance) == (eur(1_00), eur(16_00))
    assert (await transfer(None)).amount == eur(1_00)
    moved = await till.see(source)
    assert (moved.state, moved.moved_to) == ("voided", target)
    assert (await refused(transfer(None))).code == "code_not_usable"
    assert (await till.spend(into, 17_00)).balance == eur(0)
    assert await audit(owner) == {}
