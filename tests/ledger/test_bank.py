"""The bank test: whatever is done in whatever order, the ledger is what a few lines of plain arithmetic say it is.

After each step the real accounts, all of them, must be equal
to its own; at the end the audit must be silent. A failure prints the steps that lead to it, and is tried first the
next time.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from compensation.core.errors import Conflict, Problem
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.answers import Written
from compensation.db.audit import audit
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.partners.payment_simulator.server import FILE
from compensation.partners.stripe_refunds import StripeRefunds
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator.habits import Habit
from compensation.partners.supplier_simulator.server import FILE as SUPPLIER_FILE
from compensation.redemption.expire import Expire, Expired, expire
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.reveal import reveal
from tests.conftest import make_merchant
from tests.ledger.money_back import MoneyBack, processor
from tests.ledger.other_brands import HABITS, TRIES, OtherBrands, supplier
from tests.ledger.paper import EUR, Card, Paper, Use
from tests.ledger.processor import Fate
from tests.lent import cases
from tests.shop import Fund, Funded, fund, make_program

__all__ = ["processor", "supplier"]
MIGHT = ("funding", "expense.goodwill", "expense.owed")
"""The accounts that may be below zero: what the merchant gave, and what it cost him."""

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

_keys = itertools.count(1)


class Real:
    """Two doorways on one database, as two processes would have, and a clock that a test moves."""

    def __init__(self, runner: asyncio.Runner, doors: list[Doorway], owner: asyncpg.Connection) -> None:
        self.runner, self.doors, self.owner = runner, doors, owner
        self.now = BEGINNING
        for door in doors:
            door.clock = lambda: self.now

    def run(self, work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return self.runner.run(wait())


class Done(msgspec.Struct, frozen=True):
    """Something asked for under a key, and what was answered: the answer's bytes, or the code of the refusal."""

    ask: Callable[[Doorway, str], Awaitable[Written]]
    other: Callable[[Doorway, str], Awaitable[Written]]
    """The same with another body."""
    key: str
    answer: bytes | str


AMOUNTS = st.integers(1, 60_00)
PARTS = st.sampled_from([(1, 10, 0), (1, 3, 0), (9, 10, 0), (1, 1, -1), (1, 1, 0), (1, 1, 1)])
"""How much of what there is: a share, and a cent less or more. Chance alone seldom finds the edges."""
DOORS = st.sampled_from([0, 1])

Part = tuple[int, int, int]


def portion(whole: int, part: Part) -> int:
    numerator, denominator, more = part
    return max(1, whole * numerator // denominator + more)


class Bank(MoneyBack, OtherBrands):
    """One merchant's life. ``real``, ``processor``, ``supplier`` and their books are given by the test."""

    real: Real
    cards = Bundle("cards")
    uses = Bundle("uses")
    past = Bundle("past")

    @initialize(budget=st.integers(0, 500_00))
    def open(self, budget: int) -> None:
        self.real.now = BEGINNING
        self.who = self.real.run(make_merchant(self.real.owner))
        program = self.real.run(make_program(self.real.owner, self.real.doors[0], self.who, Money(budget + 1, EUR)))
        self.model = Paper(self.who, program, self.real.now)
        self.model.move(self.model.of("funding"), self.model.of("budget"), budget + 1)

    @rule(target=past, amount=AMOUNTS, door=DOORS)
    def give_a_budget(self, amount: int, door: int) -> Done:
        what = [Fund(self.model.program, Money(each, EUR)) for each in (amount, amount + 1)]
        done = self.do(door, *(lambda at, key, w=w: at.write(fund, self.who, w, key) for w in what))
        assert not isinstance(done.answer, str)
        assert msgspec.json.decode(done.answer, type=Funded)
        self.model.move(self.model.of("funding"), self.model.of("budget"), amount)
        return done

    @rule(target=cards, amount=AMOUNTS, bonus=st.integers(0, 9_00), months=st.integers(1, 2), door=DOORS)
    def order_a_card(self, amount: int, bonus: int, months: int, door: int) -> Any:
        item = Item(
            kind="gift_card", amount=Money(amount, EUR), bonus=Money(bonus, EUR) if bonus else None, valid_months=months
        )
        what = [OrderRequest(items=items) for items in ((item,), (item, item))]
        done = self.do(door, *(lambda at, key, w=w: at.write_together(issue, self.who, w, key) for w in what))
        affordable = self.model.accounts[self.model.of("budget")] >= amount + bonus
        if not affordable:
            assert done.answer == "budget_exhausted"
            return multiple()
        assert not isinstance(done.answer, str)
        reward = msgspec.json.decode(done.answer, type=Order).rewards[0]
        assert reward.expires_at is not None
        code = self.real.run(reveal(self.real.doors[door], self.who, reward.id)).code
        card = Card(reward.id, code, [amount, bonus], reward.expires_at)
        self.model.issued(card)
        return card

    @rule(target=uses, card=cards, part=PARTS, currency=st.sampled_from([EUR] * 7 + ["USD"]), door=DOORS)
    def spend(self, card: Card, part: Part, currency: str, door: int) -> Any:
        amount = portion(card.balance, part)
        what = [Spend(code=card.code, amount=Money(each, currency)) for each in (amount, amount + 1)]
        done = self.do(door, *(lambda at, key, w=w: at.write_together(redeem, self.who, w, key) for w in what))
        refusal = self.model.refusal_to_spend(card, amount, currency)
        if refusal is not None:
            assert done.answer == refusal
            return multiple()
        assert not isinstance(done.answer, str)
        use = msgspec.json.decode(done.answer, type=Redemption)
        self.model.spent(card, use.id, amount)
        assert use.balance == Money(card.balance, EUR)
        return Use(use.id, card)

    @rule(target=uses, card=cards, part=PARTS, tills=st.integers(2, 8))
    def rush(self, card: Card, part: Part, tills: int) -> Any:
        """Many tills at once, at both doorways. Who comes first is chance; how many are served is not."""
        amount = portion(card.balance, part)

        async def all_at_once() -> list[Any]:
            what = Spend(code=card.code, amount=Money(amount, EUR))
            doors = itertools.islice(itertools.cycle(self.real.doors), tills)
            asked = [door.write_together(redeem, self.who, what, f"k{next(_keys)}") for door in doors]
            return await asyncio.gather(*asked, return_exceptions=True)

        outcomes = self.real.run(all_at_once())
        served = [outcome.read(Redemption) for outcome in outcomes if isinstance(outcome, Written)]
        assert all(isinstance(outcome, (Written, Problem)) for outcome in outcomes), outcomes
        expected = 0 if self.model.refusal_to_spend(card, 1, EUR) else min(tills, card.balance // amount)
        assert len(served) == expected
        # The first served has the principal, whoever of us asked first.
        served.sort(key=lambda use: use.balance.amount, reverse=True)
        assert [use.balance.amount for use in served] == [card.balance - amount * nth for nth in range(1, expected + 1)]
        for use in served:
            self.model.spent(card, use.id, amount)
        return multiple(*(Use(use.id, card) for use in served))

    @rule(target=past, use=uses, part=PARTS, door=DOORS)
    def bring_back(self, use: Use, part: Part, door: int) -> Done:
        amount = portion(sum(use.card.taken[use.id]), part)
        what = [GiveBack(redemption_id=use.id, amount=Money(each, EUR)) for each in (amount, amount + 1)]
        done = self.do(door, *(lambda at, key, w=w: at.write(give_back, self.who, w, key) for w in what))
        refusal = self.model.refusal_to_return(use, amount)
        if refusal is not None:
            assert done.answer == refusal
        else:
            self.model.returned(use, amount)
        return done

    @rule(days=st.integers(1, 70))
    def time_passes(self, days: int) -> None:
        self.real.now += timedelta(days=days)
        self.model.now = self.real.now

    @rule(door=DOORS)
    def let_expire(self, door: int) -> None:
        """Doubled, missed or late: whatever is past its date becomes breakage once."""
        found = self.real.run(self.real.doors[door].write(expire, self.who, Expire())).read(Expired)
        assert found.count == self.model.swept() + self.expired_elsewhere()

    @rule(done=past, door=DOORS)
    def ask_again(self, done: Done, door: int) -> None:
        """However old the key, at whichever doorway: the same answer and no second effect."""
        assert self.answer(done.ask, door, done.key, replayed=True) == done.answer

    @rule(done=consumes(past), door=DOORS)
    def use_a_key_for_something_else(self, done: Done, door: int) -> None:
        with pytest.raises(Conflict, match="differs"):
            self.real.run(done.other(self.real.doors[door], done.key))

    @invariant()
    def the_accounts_are_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        rows = self.real.run(
            self.real.owner.fetch("SELECT id, role, balance FROM accounts WHERE merchant_id = $1", self.who.merchant_id)
        )
        assert {row["id"]: row["balance"] for row in rows if row["balance"]} == {
            name: balance for name, balance in self.model.accounts.items() if balance
        }
        assert sum(row["balance"] for row in rows) == 0
        assert all(row["balance"] >= 0 for row in rows if row["role"] not in MIGHT)

    def teardown(self) -> None:
        self.money_went_back_once()
        self.each_was_bought_once()
        assert self.real.run(audit(self.real.owner)) == {}

    def do(self, door: int, ask: Any, other: Any) -> Done:
        key = f"k{next(_keys)}"
        return Done(ask, other, key, self.answer(ask, door, key, replayed=False))

    def answer(self, ask: Any, door: int, key: str, *, replayed: bool) -> bytes | str:
        given: Written | Problem
        try:
            given = self.real.run(ask(self.real.doors[door], key))
        except Problem as problem:
            given = problem
        assert given.replayed == replayed
        return given.code if isinstance(given, Problem) else given.answer


@pytest.fixture
def real(database_url: str, vault: Vault) -> Iterator[Real]:
    with asyncio.Runner() as runner:

        async def begin() -> tuple[list[Doorway], asyncpg.Connection]:
            told = Settings(database_url=database_url, statement_timeout=20)
            doors = [Doorway(await open_pool(told, size=8), vault) for _ in range(2)]
            return doors, await asyncpg.connect(database_url)

        doors, owner = runner.run(begin())
        yield Real(runner, doors, owner)
        for door in doors:
            runner.run(door.settle())
            runner.run(door.pool.close())
        runner.run(owner.close())


@pytest.fixture
def bank(real: Real, processor: StripeRefunds, supplier: SupplierOrders, tmp_path: Path) -> type[Bank]:
    class Here(Bank):
        pass

    Here.real, Here.processor, Here.book = real, processor, tmp_path / FILE
    Here.supplier, Here.supplier_book = supplier, tmp_path / SUPPLIER_FILE
    return Here


def test_the_bank_keeps_its_books(bank: type[Bank]) -> None:
    run_state_machine_as_test(
        bank,
        settings=settings(
            max_examples=cases(settings.default.max_examples // 2),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_money_that_nobody_asked_back_for_a_day_goes_back_all_the_same(bank: type[Bank]) -> None:
    """What was never asked for cannot have been done, however long the worker was away."""
    one = bank()
    one.open(budget=0)
    owed = one.owe(amount=50_00, habit="prompt")
    one.a_while_passes(seconds=24 * 3600)
    one.send_money_back(owed=owed, fate="well")
    assert owed.heard == 2
    one.every_refund_is_where_we_heard_it_is()
    one.the_accounts_are_what_the_model_says()
    one.teardown()


@settings(max_examples=cases(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=st.lists(st.tuples(HABITS, TRIES, st.sampled_from([None, "issued", "refused"])), min_size=1, max_size=6))
def test_whatever_a_supplier_does_over_each_card_it_is_bought_once_and_paid_as_stated(
    bank: type[Bank], plan: list[tuple[Habit, list[tuple[Fate, int]], Literal["issued", "refused"] | None]]
) -> None:
    """The rules of the bank that are about cards of other brands, and no others between them."""
    one = bank()
    one.open(budget=500_00)
    for nth, (habit, tries, word) in enumerate(plan):
        card = one.order_a_brands_card(hundreds=10 + nth, habit=habit, tries=tries)
        one.the_supplier_is_heard_again(card=card, which=nth)
        if word is not None:
            one.a_person_settles(card=card, outcome=word)
        one.buy_it(card=card, tries=tries[::-1])
        one.every_brands_card_is_where_we_heard_it_is()
        one.the_accounts_are_what_the_model_says()
    one.teardown()
