"""Stories of cards of other brands: ordered from a budget, bought once, owed to the supplier, or the value is back."""

from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from compensation.core.dates import add_months
from compensation.core.errors import Invalid, NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.core.states import OrderState, RewardState
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.outbox import Task
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.product import PATIENCE, REMEMBERED, supply
from compensation.issuance.read import order as order_of
from compensation.issuance.reward import Order, Reward
from compensation.issuance.settle import Settle, Settlement, settle
from compensation.issuance.supplied import LONGEST, ProductAnswer, Review, record_product
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator.api import KEY
from compensation.partners.supplier_simulator.book import SETTLING, Book
from compensation.partners.supplier_simulator.book import Order as Sold
from compensation.partners.supplier_simulator.habits import Habit
from compensation.partners.supplier_simulator.server import FILE, SupplierSimulator
from compensation.redemption.card import look_up
from compensation.redemption.extend import Extend, extend
from compensation.redemption.reissue import Reissue, reissue
from compensation.redemption.reveal import reveal
from compensation.redemption.void import Void, void
from tests.shop import make_program

CAFE, BOOKS = "blue_kettle_cafe", "paper_lantern_books"
BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
BUDGET = 500_00
BY = 10_00


class Desk:
    """A merchant with a budget, his supplier, and a clock that a test moves."""

    def __init__(self, door: Doorway, who: Who, program: str, owner: asyncpg.Connection, folder: Path) -> None:
        self.door, self.who, self.program, self.owner = door, who, program, owner
        self.supplier: SupplierOrders
        self._folder = folder
        self._tries: dict[str, int] = {}
        self.now = BEGINNING
        door.clock = lambda: self.now

    async def order(self, amount: int, product: str = CAFE, currency: str = "EUR") -> Reward:
        item = Item(kind="product_card", product=product, amount=Money(amount, currency))
        placed = (await self.door.write_together(issue, self.who, OrderRequest(items=(item,)))).read(Order)
        assert placed.state is OrderState.issuing
        return placed.rewards[0]

    async def habit(self, habit: Habit) -> Reward:
        return await self.order(BY + habit)

    async def work(self, reward: Reward, tries: int | None = None) -> str | None:
        """The worker's work, once more; the code of the problem that it ended in."""
        self._tries[reward.id] = tries or self._tries.get(reward.id, 0) + 1
        task = Task(self.who.merchant_id, "out_none", "product", reward.id, self._tries[reward.id], 1)
        try:
            await supply(self.door, lambda mode: self.supplier, task)
        except Problem as problem:
            return problem.code
        return None

    async def state(self, reward: Reward) -> tuple[str, str]:
        async with self.door.read(self.who.merchant_id) as tx:
            found = await order_of(tx, reward.order_id)
        assert found is not None
        return found.state, found.rewards[0].state

    async def reward(self, reward: Reward) -> Reward:
        async with self.door.read(self.who.merchant_id) as tx:
            found = await order_of(tx, reward.order_id)
        assert found is not None
        return found.rewards[0]

    async def balances(self) -> dict[str, int]:
        """By role, what is not nothing."""
        rows = await self.owner.fetch("SELECT role, sum(balance)::bigint AS sum FROM accounts GROUP BY 1")
        return {row["role"]: row["sum"] for row in rows if row["sum"]}

    async def told(self) -> list[str]:
        rows = await self.owner.fetch("SELECT topic FROM outbox WHERE topic LIKE 'event:%'")
        return sorted(row["topic"].partition(":")[2] for row in rows)

    def sold(self) -> list[Sold]:
        with closing(Book(self._folder / FILE)) as book:
            return book.orders()


@pytest.fixture
async def desk(owner: asyncpg.Connection, door: Doorway, merchant: Who, tmp_path: Path) -> AsyncIterator[Desk]:
    program = await make_program(owner, door, merchant, Money(BUDGET, "EUR"))
    made = Desk(door, merchant, program, owner, tmp_path)
    async with SupplierSimulator(tmp_path / FILE, clock=lambda: made.now.timestamp(), slow=0.01) as simulator:
        made.supplier = SupplierOrders(simulator.url, KEY, deadline=3)
        yield made
        await made.supplier.close()
    assert await audit(owner) == {}


async def test_a_card_is_promised_then_bought_once_then_owed_to_its_supplier(desk: Desk) -> None:
    card = await desk.order(25_00, BOOKS)
    assert (card.state, card.principal, card.budget) == (RewardState.pending, Money(25_00, "EUR"), Money(25_50, "EUR"))
    assert await desk.balances() == {
        "funding": -BUDGET, "budget": BUDGET - 25_50, "spent": 25_50, "expense.goodwill": -25_50, "promise": 25_50
    }  # fmt: skip
    with pytest.raises(NotFound):
        await reveal(desk.door, desk.who, card.id)
    assert await desk.work(card) is None
    assert await desk.state(card) == ("issued", "issued")
    balances = await desk.balances()
    assert (balances["supplier_payable"], balances.get("promise", 0)) == (25_50, 0)
    (payable,) = await desk.owner.fetch("SELECT id, balance FROM accounts WHERE role = 'supplier_payable'")
    assert (payable["id"], payable["balance"]) == (f"supplier_payable:main:EUR:{card.id}", 25_50)
    (sold,) = desk.sold()
    assert sold.reference == card.id
    issued = await desk.reward(card)
    assert (issued.code_last4, issued.expires_at) == (sold.code[-4:], add_months(BEGINNING, 36))
    shown = await reveal(desk.door, desk.who, card.id)
    assert (shown.code, shown.groups) == (sold.code, [sold.code])
    row = await desk.owner.fetchrow("SELECT code_sealed, terms FROM rewards")
    assert sold.code.encode() not in row["code_sealed"]
    # Done again, heard again, late: nothing more.
    assert await desk.work(card) is None
    again = ProductAnswer(card.id, Review("late"))
    await desk.door.write(record_product, desk.who, again)
    assert await desk.state(card) == ("issued", "issued")
    assert await desk.balances() == balances
    assert await desk.told() == ["order.issued", "product.issued"]
    assert await desk.owner.fetchval("SELECT count(*) FROM outbox WHERE topic = 'tell_remedy'") == 0, "it is nobody's"
    # It is the brand's, so none of our own acts on value reach it.
    async with desk.door.read(desk.who.merchant_id) as tx:
        with pytest.raises(NotFound, match="code_not_usable"):
            await look_up(tx, sold.code, desk.now)
    for act, what, code in (
        (void, Void(reward_id=card.id, reason="error"), "not_voidable"),
        (reissue, Reissue(reward_id=card.id, reason="lost"), "no_code"),
        (extend, Extend(reward_id=card.id, until=add_months(BEGINNING, 60)), "not_extendable"),
        (settle, Settle(card.id, Settlement(outcome="refused")), "wrong_state"),
    ):
        with pytest.raises(Refused, match=code):
            await desk.door.write(act, desk.who, what)  # type: ignore[arg-type]  # each act has its own request


async def test_what_is_not_sold_is_refused_and_changes_nothing_and_no_neighbour(desk: Desk) -> None:
    for product, amount, currency, code in (
        ("nothing", 10_00, "EUR", "unknown_product"),
        (BOOKS, 11_00, "EUR", "not_sold"),
        (BOOKS, 10_00, "USD", "not_sold"),
        (CAFE, 4_99, "EUR", "not_sold"),
        (CAFE, 150_01, "EUR", "not_sold"),
        (CAFE, 22_00, "AED", "not_sold"),
        (CAFE, 20_00, "AED", "budget_exhausted"),
    ):
        with pytest.raises(Problem, match=code):
            await desk.order(amount, product, currency)
    for fields in (
        {"kind": "gift_card", "product": CAFE},
        {"kind": "product_card"},
        {"kind": "product_card", "product": CAFE, "bonus": {"amount": 1, "currency": "EUR"}},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(fields | {"amount": {"amount": 10_00, "currency": "EUR"}}, Item)
    assert await desk.balances() == {"funding": -BUDGET, "budget": BUDGET}
    assert desk.sold() == []


ENDS = {
    Habit.prompt: ("issued", 1),
    Habit.slow: ("issued", 1),
    Habit.cheaper: ("issued", 1),
    Habit.out_of_stock: ("refused", 0),
    Habit.sold_out: ("refused", 0),
    Habit.dearer: ("needs_review", 0),
    Habit.dearer_later: ("needs_review", 0),
    Habit.overcharged: ("needs_review", 1),
    Habit.other_card: ("needs_review", 1),
}
"""What ends at the first piece of work: the card's state, and how many the supplier sold."""
LATER = {
    Habit.busy: "supplier_unavailable",
    Habit.error: "supplier_unknown",
    Habit.lost_before: "supplier_unknown",
    Habit.lost_after: "supplier_unknown",
    Habit.malformed: "supplier_unknown",
}
"""What the first piece of work ends in; the second brings the card, and one was sold."""


async def test_however_the_supplier_behaves_at_most_one_card_is_bought_and_every_cent_is_somewhere(desk: Desk) -> None:
    assert ENDS.keys() | LATER.keys() | {
        Habit.later, Habit.later_refused, Habit.never, Habit.same_code
    } == set(Habit)  # fmt: skip
    before = 0
    for habit, (state, sold) in ENDS.items():
        card = await desk.habit(habit)
        assert await desk.work(card) is None, habit
        assert (await desk.state(card))[1] == state, habit
        assert len(desk.sold()) - before == sold, habit
        before = len(desk.sold())
    for habit, problem in LATER.items():
        card = await desk.habit(habit)
        assert await desk.work(card) == problem, habit
        assert await desk.state(card) == ("issuing", "pending")
        assert await desk.work(card) is None, habit
        assert await desk.state(card) == ("issued", "issued"), habit
        assert len(desk.sold()) - before == 1, habit
        before = len(desk.sold())
    balances = await desk.balances()
    given = {habit for habit, (state, _) in ENDS.items() if state == "issued"} | LATER.keys()
    waiting = {habit for habit, (state, _) in ENDS.items() if state == "needs_review"}
    assert balances["supplier_payable"] == sum(BY + habit for habit in given) - 1, "one was cheaper by a cent"
    assert balances["promise"] == sum(BY + habit for habit in waiting)
    assert balances["spent"] == balances["supplier_payable"] + balances["promise"]
    assert balances["budget"] == BUDGET - balances["spent"]


async def test_what_is_refused_goes_back_to_the_program_and_the_order_is_partly_issued_and_told(desk: Desk) -> None:
    items = (
        Item(kind="gift_card", amount=Money(5_00, "EUR")),
        Item(kind="product_card", product=CAFE, amount=Money(BY + Habit.out_of_stock, "EUR")),
    )
    placed = (await desk.door.write_together(issue, desk.who, OrderRequest(items=items))).read(Order)
    assert await desk.work(placed.rewards[1]) is None
    async with desk.door.read(desk.who.merchant_id) as tx:
        found = await order_of(tx, placed.id)
    assert found is not None
    assert (found.state, [one.state for one in found.rewards]) == ("partly_issued", ["issued", "refused"])
    assert (await desk.balances())["budget"] == BUDGET - 5_00
    assert await desk.told() == ["order.partly_issued", "product.refused"]
    kinds = await desk.owner.fetch("SELECT kind FROM transfers WHERE subject_id = $1 ORDER BY id", found.rewards[1].id)
    assert [row["kind"] for row in kinds] == ["issue", "void"]


async def test_an_accepted_order_is_looked_up_until_it_ends_and_never_made_again(desk: Desk) -> None:
    later, refused, never = [await desk.habit(one) for one in (Habit.later, Habit.later_refused, Habit.never)]
    for card in (later, refused, never):
        assert await desk.work(card) is None
        assert await desk.state(card) == ("issuing", "pending")
    desk.now += timedelta(seconds=SETTLING)
    for card, state in ((later, "issued"), (refused, "refused"), (never, "pending")):
        # A look that was put off is the first attempt of a row of its own.
        assert await desk.work(card, tries=1) is None
        assert (await desk.state(card))[1] == state
    desk.now += LONGEST
    assert await desk.work(never, tries=1) is None
    assert await desk.state(never) == ("partly_issued", "needs_review")
    assert len(desk.sold()) == 3


async def test_what_no_look_up_finds_is_bought_late_for_the_first_time_but_never_late_again(desk: Desk) -> None:
    first, again = await desk.order(10_00), await desk.habit(Habit.lost_before)
    assert await desk.work(again) == "supplier_unknown"
    desk.now += REMEMBERED + timedelta(seconds=1)
    assert await desk.work(first) is None
    assert await desk.state(first) == ("issued", "issued")
    assert await desk.work(again) is None
    assert await desk.state(again) == ("partly_issued", "needs_review")
    assert [one.reference for one in desk.sold()] == [first.id]


async def test_a_supplier_who_is_silent_for_long_leaves_it_to_a_person(desk: Desk) -> None:
    card = await desk.order(10_00)
    desk.supplier = SupplierOrders("http://127.0.0.1:1", KEY)
    assert await desk.work(card) == "supplier_unavailable"
    desk.now += PATIENCE + timedelta(seconds=1)
    assert await desk.work(card) is None
    assert await desk.state(card) == ("partly_issued", "needs_review")
    assert await desk.told() == ["order.partly_issued", "product.needs_review"]
    await desk.supplier.close()


async def test_one_code_or_one_order_is_never_two_cards(desk: Desk) -> None:
    one, two = await desk.habit(Habit.same_code), await desk.order(11_00 + Habit.same_code)
    assert await desk.work(one) is None
    assert await desk.work(two) is None
    assert [(await desk.state(card))[1] for card in (one, two)] == ["issued", "needs_review"]
    # Nor does a person's word make it one.
    sold = desk.sold()[0]
    for code, supplier_order in ((sold.code, "sup_other"), ("OTHER-CODE", sold.id)):
        word = Settlement(outcome="issued", code=code, supplier_order=supplier_order)
        with pytest.raises(Refused, match="code_taken"):
            await desk.door.write(settle, desk.who, Settle(two.id, word))
    with pytest.raises(Invalid, match="code_needed"):
        await desk.door.write(settle, desk.who, Settle(two.id, Settlement(outcome="issued")))
    word = Settlement(outcome="issued", code="OTHER-CODE", supplier_order="sup_other")
    settled = (await desk.door.write(settle, desk.who, Settle(two.id, word), "k")).read(Reward)
    assert (settled.state, settled.code_last4) == (RewardState.issued, "CODE")
    assert (await reveal(desk.door, desk.who, two.id)).code == "OTHER-CODE"


async def test_a_person_settles_what_waits_for_one(desk: Desk) -> None:
    dear, gone = await desk.habit(Habit.overcharged), await desk.habit(Habit.dearer)
    for card in (dear, gone):
        assert await desk.work(card) is None
        with pytest.raises(NotFound):
            await reveal(desk.door, desk.who, card.id)
    stated = dear.budget.amount
    settled = (await desk.door.write(settle, desk.who, Settle(dear.id, Settlement(outcome="issued")))).read(Reward)
    assert settled.state is RewardState.issued
    assert (await desk.balances())["supplier_payable"] == stated, "never more than was stated"
    assert await desk.state(dear) == ("issued", "issued")
    settled = (await desk.door.write(settle, desk.who, Settle(gone.id, Settlement(outcome="refused")))).read(Reward)
    assert settled.state is RewardState.refused
    assert (await desk.balances())["budget"] == BUDGET - stated
    for wrong in (
        {"outcome": "issued", "code": "ABCD"},
        {"outcome": "refused", "code": "ABCD", "supplier_order": "1"},
        {"outcome": "issued", "code": "a b c", "supplier_order": "1"},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Settlement)


async def test_the_table_itself_refuses_another_reference_and_a_card_without_its_order(desk: Desk) -> None:
    card = await desk.order(10_00)
    assert await desk.work(card) is None
    for change in (
        "partner_ref = 'rwd_other'",
        "partner_id = NULL",
        "code_sealed = NULL, code_hash = NULL, code_last4 = NULL",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.owner.execute(f"UPDATE rewards SET {change}")
    second = await desk.order(10_00)
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.owner.execute(
            "UPDATE rewards SET partner_id = (SELECT partner_id FROM rewards WHERE id = $1) WHERE id = $2",
            card.id, second.id,
        )  # fmt: skip
