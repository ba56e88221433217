"""Stories of cards bought: our client and a supplier that may fail in every known way, and never sells one twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.core.errors import Invalid, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.db.embedded.child import free_port
from compensation.issuance.supplier import Accepted, Declined, NotSupplied, Quote, Supplied, Unknown
from compensation.partners import has_supplier, open_partners
from compensation.partners.stand_in import Heard, Said, StandIn
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator.api import KEY, Api
from compensation.partners.supplier_simulator.book import SETTLING, Book, Order
from compensation.partners.supplier_simulator.habits import Habit
from compensation.partners.supplier_simulator.server import FILE, SupplierSimulator, main
from tests.partners.conftest import Clock

CAFE = "blue_kettle_cafe"
PLENTY = Money(1000_00, "EUR")


def eur(habit: Habit) -> Money:
    return Money(10_00 + habit, "EUR")


@pytest.fixture
async def supplier_simulator(tmp_path: Path, clock: Clock) -> AsyncIterator[SupplierSimulator]:
    async with SupplierSimulator(tmp_path / FILE, clock=clock, slow=0.01) as running:
        yield running


@pytest.fixture
async def supplier(supplier_simulator: SupplierSimulator) -> AsyncIterator[SupplierOrders]:
    port = SupplierOrders(supplier_simulator.url, KEY, deadline=3)
    yield port
    await port.close()


def sold(folder: Path) -> list[Order]:
    with closing(Book(folder / FILE)) as book:
        return book.orders()


async def test_a_card_is_quoted_ordered_and_found_under_our_reference(supplier: SupplierOrders, tmp_path: Path) -> None:
    amount = eur(Habit.prompt)
    assert await supplier.quote(CAFE, amount) == Quote(True, amount)
    assert await supplier.find_order("rwd_1") is None
    card = await supplier.order("rwd_1", CAFE, amount, amount)
    assert isinstance(card, Supplied)
    assert (card.product, card.amount, card.cost) == (CAFE, amount, amount)
    assert card.code not in repr(card)
    assert await supplier.find_order("rwd_1") == card
    # However often, and whatever is asked for under it: a reference is one card.
    assert await supplier.order("rwd_1", CAFE, Money(20_00, "EUR"), PLENTY) == card
    assert [one.reference for one in sold(tmp_path)] == ["rwd_1"]


async def test_the_fee_is_part_of_the_price(supplier: SupplierOrders) -> None:
    books, face = "paper_lantern_books", Money(25_00, "EUR")
    assert await supplier.quote(books, face) == Quote(True, Money(25_50, "EUR"))
    without = await supplier.order("rwd_1", books, face, face)
    assert isinstance(without, Declined)
    assert without.reason is NotSupplied.price_changed
    assert await supplier.quote(books, Money(26_00, "EUR")) is None
    assert await supplier.quote("nobody_sells_this", face) is None


@pytest.mark.parametrize("habit", [Habit.lost_before, Habit.lost_after, Habit.error, Habit.malformed])
async def test_no_usable_answer_is_unknown_and_looking_up_tells(
    habit: Habit, supplier: SupplierOrders, tmp_path: Path
) -> None:
    amount = eur(habit)
    assert isinstance(await supplier.order("rwd_1", CAFE, amount, amount), Unknown)
    bought = habit in (Habit.lost_after, Habit.malformed)
    found = await supplier.find_order("rwd_1")
    assert isinstance(found, Supplied) if bought else found is None
    again = await supplier.order("rwd_1", CAFE, amount, amount)
    assert isinstance(again, Supplied)
    assert found is None or found == again
    assert len(sold(tmp_path)) == 1


async def test_too_many_requests_and_a_wrong_key_bought_nothing(
    supplier: SupplierOrders, supplier_simulator: SupplierSimulator, tmp_path: Path
) -> None:
    busy = eur(Habit.busy)
    with pytest.raises(Unavailable, match="supplier_unavailable"):
        await supplier.order("rwd_1", CAFE, busy, busy)
    assert sold(tmp_path) == []
    stranger = SupplierOrders(supplier_simulator.url, "another")
    for call in (
        stranger.order("rwd_2", CAFE, PLENTY, PLENTY), stranger.find_order("rwd_2"), stranger.quote(CAFE, PLENTY)
    ):  # fmt: skip
        with pytest.raises(Unavailable, match="does not accept our key"):
            await call
    await stranger.close()
    nobody = SupplierOrders(f"http://127.0.0.1:{free_port()}", KEY)
    with pytest.raises(Unavailable):
        await nobody.order("rwd_3", CAFE, PLENTY, PLENTY)
    await nobody.close()


@pytest.mark.parametrize(
    ("habit", "reason"),
    [
        (Habit.out_of_stock, NotSupplied.out_of_stock),
        (Habit.sold_out, NotSupplied.out_of_stock),
        (Habit.dearer, NotSupplied.price_changed),
        (Habit.dearer_later, NotSupplied.price_changed),
    ],
)
async def test_what_is_not_sold_is_declined_and_never_ordered(
    habit: Habit, reason: NotSupplied, supplier: SupplierOrders, tmp_path: Path
) -> None:
    amount = eur(habit)
    quote = await supplier.quote(CAFE, amount)
    assert quote is not None
    assert quote.in_stock == (habit is not Habit.out_of_stock)
    assert (quote.cost > amount) == (habit is Habit.dearer)
    answer = await supplier.order("rwd_1", CAFE, amount, amount)
    assert isinstance(answer, Declined)
    assert answer.reason is reason
    assert sold(tmp_path) == []


async def test_what_is_accepted_is_given_or_refused_a_little_later(supplier: SupplierOrders, clock: Clock) -> None:
    for habit in (Habit.later, Habit.later_refused, Habit.never):
        assert isinstance(await supplier.order(f"rwd_{habit}", CAFE, eur(habit), PLENTY), Accepted)
    clock.now += SETTLING
    assert isinstance(await supplier.find_order(f"rwd_{Habit.later}"), Supplied)
    assert isinstance(await supplier.find_order(f"rwd_{Habit.later_refused}"), Declined)
    assert isinstance(await supplier.find_order(f"rwd_{Habit.never}"), Accepted)


async def test_orders_at_once_under_one_reference_are_one_card(supplier: SupplierOrders, tmp_path: Path) -> None:
    amount = eur(Habit.slow)
    answers = await asyncio.gather(*(supplier.order("rwd_1", CAFE, amount, amount) for _ in range(6)))
    assert len({answer.code for answer in answers if isinstance(answer, Supplied)}) == 1
    assert len(sold(tmp_path)) == 1


EURO = {"amount": 1, "currency": "EUR"}
RIGHT = {
    "id": "1",
    "reference": "rwd_1",
    "product": "p",
    "amount": EURO,
    "cost": EURO,
    "status": "issued",
    "code": "A-12",
}
WRONG = [
    b"",
    b"not json",
    b"[]",
    b"{}",
    b"null",
    *(
        msgspec.json.encode(RIGHT | wrong)
        for wrong in (
            {"reference": "another"},
            {"code": "with a space"},
            {"code": None},
            {"status": "sent"},
            {"status": "accepted"},
            {"cost": {"amount": 1, "currency": "???"}},
        )
    ),
]


class Broken(StandIn):
    """A partner who says what he is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.says = Said(500, b"")

    def remember(self) -> Book:
        return Book(self._path)

    async def answer(self, heard: Heard | None, client: asyncio.StreamReader) -> Said:
        return self.says


async def test_an_answer_that_is_none_is_never_taken_for_a_card_or_for_no_card(tmp_path: Path) -> None:
    """Whatever a broken partner says: an order is unknown, and looking up gave no answer."""
    says = [Said(status, body) for body in WRONG for status in (200, 201, 302, 418, 500, 503)]
    says += [Said(422, body) for body in WRONG]
    async with Broken(tmp_path / FILE) as server:
        port = SupplierOrders(server.url, KEY)
        for said in says:
            server.says = said
            assert isinstance(await port.order("rwd_1", "p", PLENTY, PLENTY), Unknown), said
            with pytest.raises(Unavailable):
                await port.find_order("rwd_1")
        await port.close()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(list(Habit))), max_size=12))
def test_a_reference_is_one_order_for_ever(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Habit]]
) -> None:
    """Whatever is asked under it, in whatever order: what was answered for it first is what it is."""
    with closing(Book(tmp_path_factory.mktemp("book") / FILE, clock=lambda: 0.0)) as book:
        first: dict[str, Order] = {}
        for reference, habit in steps:
            body = {"reference": reference, "product": CAFE, "amount": eur(habit), "most": PLENTY}
            heard = Heard("POST", "/v1/orders", "", {"authorization": f"Bearer {KEY}"}, _json(body))
            if Api(book).answer(heard).status == 201:
                made = book.order(reference)
                assert made is not None
                assert first.setdefault(reference, made) == made
        assert {one.reference for one in book.orders()} == first.keys()


def _json(body: object) -> bytes:
    return msgspec.json.encode(body)


async def test_who_is_live_needs_a_supplier_and_who_tests_meets_the_simulator(
    supplier_simulator: SupplierSimulator, tmp_path: Path
) -> None:
    bare = Settings(database_url="none", supplier_simulator_url=supplier_simulator.url)
    async with open_partners(bare) as partners:
        for mode in ("live", "test"):
            assert not has_supplier(bare, mode)
            port = partners.supplier(mode)
            for call in (port.quote(CAFE, PLENTY), port.order("r", CAFE, PLENTY, PLENTY), port.find_order("r")):
                with pytest.raises(Unavailable, match="COMPENSATION_SUPPLIER_URL"):
                    await call
    playing = Settings(
        database_url="none", environment="development", supplier_simulator_url=supplier_simulator.url,
        supplier_url="http://127.0.0.1:1", supplier_key="k",
    )  # fmt: skip
    assert has_supplier(playing, "live")
    async with open_partners(playing) as partners:
        ten = Money(10_00, "EUR")
        assert isinstance(await partners.supplier("test").order("rwd_1", CAFE, ten, ten), Supplied)
        with pytest.raises(Unavailable):
            await partners.supplier("live").find_order("rwd_1")
    assert len(sold(tmp_path)) == 1
    with pytest.raises(Invalid, match="development only"):
        main(Settings(database_url="none", data=tmp_path))
    with pytest.raises(Invalid, match="SUPPLIER_SIMULATOR_URL"):
        main(Settings(database_url="none", environment="development", supplier_simulator_url="http://0.0.0.0:1"))


async def test_the_simulator_answers_strangers_and_nonsense_with_what_is_wrong(
    supplier_simulator: SupplierSimulator,
) -> None:
    async with httpx.AsyncClient(base_url=supplier_simulator.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        assert (await client.post("/v1/orders", content=b"nonsense")).status_code == 400
        assert (await client.get(f"/v1/products/{CAFE}")).status_code == 400
        assert (await client.get("/v1/else")).status_code == 404
        assert (await client.post("/v1/orders", headers={"Authorization": "Bearer x"})).status_code == 401
