"""Stories of the finance room: who may come in, what the books said on a day, an account's lines, the journal."""

import json
from datetime import timedelta

import pytest

from compensation.core.money import Money
from compensation.issuance.order import Item, OrderRequest, issue
from tests.console.conftest import PETYA, Login
from tests.console.shop import Seat, Shop, text

HERE = "/console/finance"


@pytest.fixture
async def books(login: Login, shop: Shop) -> Seat:
    """Petya keeps the books; a gift card is out."""
    what = OrderRequest(items=(Item(kind="gift_card", amount=Money(4_000, "EUR"), valid_months=24),))
    await shop.door.write_together(issue, shop.system, what)
    return await login(PETYA)


async def test_the_books_are_for_finance(mira: Seat, omar: Seat) -> None:
    for seat in (mira, omar):
        for path in (HERE, f"{HERE}/accounts?role=card&asset=EUR", f"{HERE}/journal?from=2026-01-01&to=2026-12-31"):
            assert (await seat.get(path)).status_code == 403
        assert f'href="{HERE}"' not in await seat.see("/console")


async def test_what_is_owed_and_the_trial_balance_stand_on_the_page(books: Seat) -> None:
    page = await books.see(f"{HERE}?asset=EUR")
    said = text(page)
    assert "Outstanding: €40.00. Expired unspent since the beginning: €0.00." in said
    assert "Debit and credit are equal" in said
    assert "After more than a year 1 €40.00" in said
    assert "Stored value €40.00" in said
    # Before anything was written down there is nothing, whatever is there now.
    said = text(await books.see(f"{HERE}?asset=EUR&at=2001-01-01"))
    assert "Nothing was outstanding in this currency then." in said
    assert "Nothing had been written down by then." in said


async def test_from_a_role_to_an_account_to_its_lines(books: Seat, shop: Shop) -> None:
    page = await books.see(f"{HERE}?asset=EUR")
    assert f"{HERE}/accounts?role=card&amp;asset=EUR" in page
    page = await books.see(f"{HERE}/accounts?role=card&asset=EUR")
    account = await shop.owner.fetchval("SELECT id FROM accounts WHERE role = 'card'")
    assert f'href="{HERE}/accounts/{account}"' in page.replace("%3A", ":")
    said = text(await books.see(f"{HERE}/accounts/{account}"))
    assert "Balance now: €40.00." in said
    assert "€40.00 €40.00 issue" in said
    budget = f"budget:{shop.demo.program}:EUR"
    assert "-€40.00 €4,960.00 issue" in text(await books.see(f"{HERE}/accounts/{budget}")).replace("−", "-")
    assert (await books.get(f"{HERE}/accounts/card:rwd_nothing:EUR")).status_code == 404
    assert (await books.get(f"{HERE}/accounts?role=nonsense&asset=EUR")).status_code == 404


async def test_the_journal_of_a_day_is_taken_away_whole(books: Seat, shop: Shop) -> None:
    today = shop.door.clock().date()
    span = f"from={today}&to={today}"
    sheet = await books.get(f"{HERE}/journal?{span}&as=csv")
    assert sheet.headers["content-disposition"] == 'attachment; filename="journal.csv"'
    rows = sheet.text.splitlines()
    postings = int(await shop.owner.fetchval("SELECT count(*) FROM postings"))
    assert len(rows) == 1 + 2 * postings
    told = json.loads((await books.get(f"{HERE}/journal?{span}&as=json")).text)
    assert len(told["lines"]) == postings
    assert {"asset", "debit", "credit"} == set(told["totals"][0])
    before = today - timedelta(days=1)
    none = await books.get(f"{HERE}/journal?from={before}&to={before}&as=json")
    assert json.loads(none.text) == {"lines": [], "totals": []}


@pytest.mark.parametrize(
    ("span", "fault"),
    [
        ("from=2026-11-22&to=2026-11-21", "The last day comes before the first"),
        ("from=yesterday&to=2026-11-21", "Write the date as year, month and day"),
        ("to=2026-11-21", "This is needed"),
    ],
)
async def test_a_span_that_is_none_is_said_beside_its_field(books: Seat, span: str, fault: str) -> None:
    answer = await books.get(f"{HERE}/journal?{span}")
    assert answer.status_code == 422
    assert fault in text(answer.text)
    assert "<title>Error:" in answer.text
    assert (await books.get(f"{HERE}?at=1999-01-01")).status_code == 422
