"""Stories of the queue: its views, its order, what it finds, and what it never shows."""

import re

import asyncpg
import pytest

from compensation.cases.choose import Choose, choose
from compensation.core.states import DeliveryState
from compensation.customers.erase import Erase, erase
from compensation.web.console.queue import SHOWN
from tests.console.conftest import MIRA
from tests.console.shop import BAD_WEBINAR, KEPT_PREPAYMENT, LATE_GIFT, Seat, Shop, text
from tests.web.conftest import everything


def names(page: str) -> list[str]:
    return re.findall(r'<a class="go" href="[^"]+"><bdi>([^<]+)</bdi>', page)


async def test_the_queue_shows_whose_case_it_is_what_was_said_and_what_is_owed(mira: Seat, shop: Shop) -> None:
    await shop.report(KEPT_PREPAYMENT)
    page = await mira.see("/console")
    assert names(page) == ["Hannah Weber"]
    assert 'lang="en" dir="auto">You cancelled the workshop in May' in page
    read = text(page)
    for word in ("Financial", "Direct financial loss", "€540.00", "€54.00", "Offered", "C-", "1 of 1"):
        assert word in read


async def test_each_view_holds_its_cases_and_says_how_many(mira: Seat, shop: Shop) -> None:
    staff = shop.staff[MIRA]
    mine = await shop.report(KEPT_PREPAYMENT, staff)
    await shop.report(BAD_WEBINAR)
    bounced = await shop.report(LATE_GIFT)
    await shop.door.write(choose, staff, Choose(case_id=mine.id, offer="refund"))
    await shop.door.write(choose, shop.system, Choose(case_id=bounced.id, offer=bounced.offers[0].key))
    await shop.issue(bounced.id, told=DeliveryState.bounced)
    held = {
        "open": {"Hannah Weber", "Елена Георгиева", "Мария Петрова"},
        "mine": {"Hannah Weber"},
        "needs_approval": {"Hannah Weber"},
        "unread": {"Мария Петрова"},
        "issued": {"Мария Петрова"},
        "closed": set(),
    }
    for shown, people in held.items():
        page = await mira.see(f"/console?view={shown}")
        assert set(names(page)) == people, shown
        assert page.count('aria-current="page"') >= 1
    read = text(page)
    assert "Open 3" in read
    assert "Mine 1" in read
    assert "Needs approval 1" in read
    assert "Bounced or unopened 1" in read
    assert "No case is closed yet" in read
    assert "Message bounced" in text(await mira.see("/console?view=unread"))
    assert set(names(await mira.see("/console?view=nonsense"))) == held["open"]


async def test_pages_follow_each_other_and_hold_every_case_once(mira: Seat, shop: Shop) -> None:
    for number in range(SHOWN + 3):
        await shop.report(LATE_GIFT, order={"number": f"SN-{number}", "amount": {"amount": 5800, "currency": "EUR"}})
    page = await mira.see("/console")
    following = re.search(r'<a href="([^"]+)" rel="next">', page)
    assert following is not None
    first = re.findall(r'class="go" href="([^"]+)"', page)
    later = await mira.see(following[1].replace("&amp;", "&"))
    second = re.findall(r'class="go" href="([^"]+)"', later)
    assert (len(first), len(second)) == (SHOWN, 3)
    assert not set(first) & set(second)
    assert 'rel="next"' not in later
    assert "First page" in later


async def test_a_case_is_found_by_what_a_customer_reads_out(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    await shop.report(BAD_WEBINAR)
    for said in (f"C-{case.number}", case.id, case.order_number, "hannah weber", "INC-19@mail.example"):
        page = await mira.client.get("/console", params={"q": said})
        assert names(page.text) == ["Hannah Weber"], said
        assert "1 found" in text(page.text)
    nothing = await mira.client.get("/console", params={"q": '"><script>alert(1)</script>'})
    assert "Nothing was found" in nothing.text
    assert "<script>alert" not in nothing.text


async def test_a_wrong_cursor_is_a_page_that_leads_back(mira: Seat) -> None:
    answer = await mira.get("/console?cursor=nonsense")
    assert answer.status_code == 400
    assert 'href="/console"' in answer.text


async def test_what_a_customer_writes_is_shown_and_never_obeyed(mira: Seat, shop: Shop) -> None:
    hostile = "<img src=x onerror=alert(1)> \u202egnp.exe {{ 7 * 7 }} {owed} %s </span><script>alert(2)</script>"
    case = await shop.report(KEPT_PREPAYMENT, words=hostile, wanted_outcome=hostile, customer={
        "name": "<b>Bobby</b> {amount}", "email": "bobby@mail.example", "salutation": "</p><script>",
    })  # fmt: skip
    for path in ("/console", f"/console/cases/{case.id}", f"/console/cases/{case.id}/choose?offer=refund"):
        page = await mira.see(path)
        assert "<img" not in page
        assert "<b>Bobby" not in page
        assert "\u202e" not in page
        assert page.count("<script") == 1, "our own"
        assert "{amount}" in page
        assert "{{ 7 * 7 }}" in page or "choose" in path


async def test_an_erased_customer_leaves_a_case_without_a_name(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    await shop.door.write(erase, shop.system, Erase(case.customer_id))
    assert "Erased customer" in text(await mira.see("/console"))
    page = await mira.see(f"/console/cases/{case.id}")
    assert "Hannah" not in page
    assert "You cancelled the workshop" not in page
    assert "There is nobody to write to" in page
    assert "€540.00" in text(page)
    assert (await mira.get(f"/console/cases/{case.id}/message")).status_code == 404


async def test_reading_writes_nothing(mira: Seat, shop: Shop, owner: asyncpg.Connection) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    before = await everything(owner, but=set())
    here = f"/console/cases/{case.id}"
    for path in ("/console", "/console?q=hannah", "/console/you", "/console/cases/new", here, f"{here}/receipt",
                 f"{here}/receipt.json", f"{here}/message", f"{here}/message.txt", f"{here}/choose?offer=refund",
                 f"{here}/cancel"):  # fmt: skip
        for method in ("GET", "HEAD"):
            answer = await mira.client.request(method, path)
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store"
            assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert await everything(owner, but=set()) == before


@pytest.mark.parametrize("path", ["/console/nothing", "/console/cases/case_0", "/console/cases/case_0/x"])
async def test_what_is_not_there_is_a_page_in_words(mira: Seat, path: str) -> None:
    answer = await mira.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    assert "There is nothing here" in answer.text
