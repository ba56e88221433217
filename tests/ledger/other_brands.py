"""The part of the bank test in which cards of other brands are bought of a supplier that errs, and is heard of late."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from compensation.core.errors import Problem
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.product import supply
from compensation.issuance.reward import Order
from compensation.issuance.settle import Settle, Settlement, settle
from compensation.issuance.supplied import Arrived, ProductAnswer, record_product
from compensation.issuance.supplier import Supplied, SupplierPort
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator.api import KEY
from compensation.partners.supplier_simulator.book import Book
from compensation.partners.supplier_simulator.habits import Habit
from compensation.partners.supplier_simulator.server import FILE, SupplierSimulator
from tests.ledger.paper import EUR, Paper
from tests.ledger.processor import Died, Fate
from tests.ledger.supplier import Bought, Line

HABITS = st.sampled_from(
    [
        *[Habit.prompt] * 3, Habit.busy, Habit.out_of_stock, Habit.sold_out, Habit.dearer, Habit.dearer_later,
        Habit.overcharged, Habit.cheaper, Habit.later, Habit.later_refused, Habit.other_card,
    ]
)  # fmt: skip
FATES: st.SearchStrategy[Fate] = st.sampled_from(["well", "well", "well", "dies", "lost before", "lost after", "away"])
TRIES = st.lists(st.tuples(FATES, st.sampled_from([0, 0, 6, 21 * 3600])), min_size=1, max_size=3)
"""What becomes of each piece of work, and the seconds until the next."""
OUTCOMES: st.SearchStrategy[Literal["issued", "refused"]] = st.sampled_from(["issued", "refused"])

_numbers = itertools.count(1)


class OtherBrands(RuleBasedStateMachine):
    """Cards that are bought. What is kept here the whole bank has."""

    real: Any
    who: Who
    model: Paper
    supplier: SupplierPort
    supplier_book: Path
    brands = Bundle("brands")

    def __init__(self) -> None:
        super().__init__()
        self.bought: list[Bought] = []

    @rule(target=brands, hundreds=st.integers(5, 40), habit=HABITS, tries=TRIES)
    def order_a_brands_card(self, hundreds: int, habit: Habit, tries: list[tuple[Fate, int]]) -> Any:
        amount = hundreds * 100 + habit
        item = Item(kind="product_card", product="blue_kettle_cafe", amount=Money(amount, EUR))
        asked = self.real.doors[0].write_together(issue, self.who, OrderRequest(items=(item,)))
        if self.model.accounts[self.model.of("budget")] < amount:
            with pytest.raises(Problem, match="budget_exhausted"):
                self.real.run(asked)
            return multiple()
        (reward,) = self.real.run(asked).read(Order).rewards
        card = Bought(reward.id, habit, amount, self.real.now, answers=[])
        self.model.move(self.model.of("budget"), self.model.of("spent"), amount)
        self.model.move(self.model.of("expense.goodwill"), self._promise(card), amount)
        self.bought.append(card)
        self.buy_it(card, tries)
        return card

    @rule(card=brands, tries=TRIES)
    def buy_it(self, card: Bought, tries: list[tuple[Fate, int]]) -> None:
        """The worker's work, again and again: whatever it heard before, and whatever becomes of it each time."""
        for fate, wait in tries:
            self._try(card, fate)
            self.every_brands_card_is_where_we_heard_it_is()
            self.real.now += timedelta(seconds=wait)
            self.model.now = self.real.now

    def _try(self, card: Bought, fate: Fate) -> None:
        ending = card.worked(fate, self.real.now, self._post)
        task = Task(self.who.merchant_id, "out_none", "product", card.id, card.tries, 1)
        line, ended = Line(self.supplier, fate, card.answers), None
        try:
            self.real.run(supply(self.real.doors[0], lambda mode: line, task))
        except Died:
            ended = "died"
        except Problem as problem:
            ended = problem.code
        assert ended == ending

    @rule(card=brands, which=st.integers(0, 20))
    def the_supplier_is_heard_again(self, card: Bought, which: int) -> None:
        """A card that he once gave is heard of now: late, doubled, or for the first time."""
        given = [one for one in card.answers if isinstance(one, Supplied) and one.amount.amount == card.amount]
        if not given:
            return
        if card.state == "pending":
            card.arrived(self.real.now, self._post)
        door, answer = self.real.doors[1], given[which % len(given)]
        arrived = Arrived.sealing(door.vault, self.who.merchant_id, card.id, answer)
        who = Who(self.who.merchant_id, "system:product")
        self.real.run(door.write(record_product, who, ProductAnswer(card.id, arrived)))

    @rule(card=brands, outcome=OUTCOMES)
    def a_person_settles(self, card: Bought, outcome: Literal["issued", "refused"]) -> None:
        by_hand = outcome == "issued" and not card.kept
        number = next(_numbers)
        word = Settlement(
            outcome=outcome,
            code=f"HAND-{number}" if by_hand else None,
            supplier_order=f"hand-{number}" if by_hand else None,
        )
        asked = self.real.doors[0].write(settle, self.who, Settle(card.id, word))
        if card.state != "needs_review":
            with pytest.raises(Problem, match="wrong_state"):
                self.real.run(asked)
            return
        card.settled(outcome, self.real.now, self._post)
        self.real.run(asked)

    @invariant()
    def every_brands_card_is_where_we_heard_it_is(self) -> None:
        if not self.bought:
            return
        rows = self.real.run(
            self.real.owner.fetch(
                "SELECT id, state FROM rewards WHERE kind = 'product_card' AND merchant_id = $1", self.who.merchant_id
            )
        )
        assert {row["id"]: row["state"] for row in rows} == {card.id: card.state for card in self.bought}

    def expired_elsewhere(self) -> int:
        """How many of them a sweep finds past their date. Nothing is posted: the brand holds their value, not we."""
        overdue = [
            card
            for card in self.bought
            if card.state == "issued" and card.expires_at is not None and card.expires_at <= self.real.now
        ]
        for card in overdue:
            card.state = "expired"
        return len(overdue)

    def each_was_bought_once(self) -> None:
        """At the end: one order at the supplier where one was made, whatever was lost on the way."""
        with closing(Book(self.supplier_book)) as book:
            references = [order.reference for order in book.orders()]
        for card in self.bought:
            assert references.count(card.id) == (card.made is not None), card

    def _post(self, card: Bought, cost: int) -> None:
        """What it costs is owed to the supplier; the rest of what was taken for it is back in the budget."""
        if cost:
            self.model.move(self._promise(card), f"supplier_payable:main:{EUR}:{card.id}", cost)
        self.model.move(self._promise(card), self.model.of("expense.goodwill"), card.amount - cost)
        self.model.move(self.model.of("spent"), self.model.of("budget"), card.amount - cost)

    def _promise(self, card: Bought) -> str:
        return f"promise:{card.id}:{EUR}"


@pytest.fixture
def supplier(real: Any, tmp_path: Path) -> Iterator[SupplierOrders]:
    """The supplier simulator, which lives by the clock of the bank."""
    simulator = SupplierSimulator(tmp_path / FILE, clock=lambda: real.now.timestamp())
    real.run(simulator.__aenter__())
    port = SupplierOrders(simulator.url, KEY)
    yield port
    real.run(port.close())
    real.run(simulator.__aexit__(None, None, None))
