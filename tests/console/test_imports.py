"""A street is made whole: a file is uploaded, looked at twice, approved by somebody else, and downloaded."""

import csv
import io
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from compensation.core.states import ImportState
from compensation.db.answers import Who
from compensation.imports.issue import Begin, Chunk, begin, conclude_import, issue_chunk
from compensation.web.codes import CODES
from compensation.web.console.import_view import NOT_DONE, REFUSED, STATES
from tests.console.conftest import OMAR
from tests.console.shop import Seat, Shop, hidden, text
from tests.console.test_browser import SIDEWAYS, enter
from tests.imports.conftest import cards, sheet

OUTAGE = sheet([{"key": f"outage-{n}", "kind": "gift_card", "amount": "25.00", "currency": "EUR"} for n in range(12)])


async def send(seat: Seat, data: bytes, name: str = "outage.csv") -> httpx.Response:
    page = await seat.see("/console/imports")
    return await seat.client.post(
        "/console/imports", data=hidden(page, "/console/imports"), files={"file": (name, data, "text/csv")}
    )


async def issue(shop: Shop, path: str) -> None:
    """What the worker does."""
    who, found = Who(shop.demo.merchant, "system:import"), path.rpartition("/")[2]
    await shop.door.write(begin, who, Begin(found))
    await shop.door.write(issue_chunk, who, Chunk(found, 1))
    await shop.door.write(conclude_import, who, Begin(found))


async def test_a_street_without_power_is_made_whole(shop: Shop, mira: Seat, omar: Seat) -> None:
    """Twelve cards of €25 are above what Mira may grant, so Omar looks at them too."""
    path = (await send(mira, OUTAGE)).headers["location"]
    page = await mira.see(path)
    assert "€300.00" in text(page)
    assert "This is above your own authority, and you uploaded it." in text(page)
    assert (await mira.get(f"{path}/approve")).headers["location"] == path
    look = await omar.see(f"{path}/approve")
    assert "12 lines will be issued." in text(look)
    assert await shop.count("orders") == 0, "looking issues nothing"
    approved = await omar.send(look, f"{path}/approve")
    assert approved.headers["location"] == f"{path}?done=import_approved"
    moving = await omar.see(approved.headers["location"])
    assert "0 of 12 lines issued" in text(moving)
    assert "Look again" in text(moving), "without script one looks again oneself"
    assert "hx-refresh" not in (await omar.get(f"{path}/progress")).headers
    await issue(shop, path)
    assert "12 of 12 lines issued" in text(await omar.see(path))
    assert (await omar.get(f"{path}/progress")).headers["hx-refresh"] == "true"
    done = await omar.send(await omar.see(path), f"{path}/result", links="yes")
    rows = list(csv.DictReader(io.StringIO(done.content.decode("utf-8-sig"))))
    assert len({row["link"] for row in rows}) == 12
    assert {row["code"] for row in rows} == {""}, "no code is shown in the console"


async def test_a_clerk_sees_no_links(shop: Shop, mira: Seat, omar: Seat) -> None:
    path = (await send(omar, sheet(cards(2)))).headers["location"]
    await omar.send(await omar.see(f"{path}/approve"), f"{path}/approve")
    await issue(shop, path)
    page = await mira.see(path)
    assert "With the gift links" not in page
    refused = await mira.send(page, f"{path}/result", links="yes")
    assert "Your role may not see links" in text(await mira.see(refused.headers["location"]))
    assert b"k1" in (await mira.send(page, f"{path}/result")).content


async def test_every_wrong_cell_is_told_with_its_cure(mira: Seat) -> None:
    path = (await send(mira, sheet([{"key": "a", "kind": "cash", "amount": "<b>1", "currency": "EUR"}]))).headers[
        "location"
    ]
    page = await mira.see(path)
    assert "2 cells are wrong" in text(page)
    assert "Write gift_card, store_credit or points." in text(page)
    assert "&lt;b&gt;1" in page
    assert "Look and approve" not in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The first line must name the columns"),
        ("key,kind,amount,currency\nч".encode("cp1251"), "The file is not UTF-8"),
        (b"key,kind,amount,currency,colour\n", "There is no column colour"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_of_beside_the_field(mira: Seat, data: bytes, said: str) -> None:
    answer = await send(mira, data)
    assert answer.status_code == 422
    assert said in text(answer.text)
    assert "<title>Error:" in answer.text


async def test_no_file_at_all(mira: Seat) -> None:
    page = await mira.see("/console/imports")
    answer = await mira.send(page, "/console/imports")
    assert "Choose a file first" in text(answer.text)


async def test_a_file_is_called_off(shop: Shop, omar: Seat) -> None:
    path = (await send(omar, OUTAGE)).headers["location"]
    answer = await omar.send(await omar.see(path), f"{path}/cancel")
    assert "Called off" in text(await omar.see(answer.headers["location"]))
    assert await shop.count("import_lines") == 0


async def test_a_form_of_somebody_else_uploads_nothing(shop: Shop, mira: Seat) -> None:
    answer = await mira.client.post(
        "/console/imports", data={"csrf": "x"}, files={"file": ("a.csv", OUTAGE, "text/csv")}
    )
    assert answer.status_code == 403
    assert await shop.count("imports") == 0


def test_every_state_and_refusal_of_a_file_has_its_words() -> None:
    assert set(STATES) == set(ImportState) - {ImportState.checking}
    assert set(NOT_DONE) - {"otherwise"} <= set(CODES)
    assert set(REFUSED) - {"otherwise", "none"} <= set(CODES)


@pytest.mark.parametrize("locale", ["en", "ar", "bg"])
async def test_in_a_browser_nobody_is_shut_out_and_progress_moves_by_itself(
    browser: Browser, served: str, shop: Shop, tmp_path: Path, locale: str
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 800}, color_scheme="dark")
    page = await enter(context, served, shop.demo.desks[OMAR])

    async def whole() -> None:
        """No fault that axe finds, nothing that scrolls sideways, and a picture to look at."""
        assert not await page.evaluate(SIDEWAYS), page.url
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        await page.screenshot(path=tmp_path / f"{len(list(tmp_path.iterdir()))}.png", full_page=True)

    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(sheet([{"key": "a", "kind": "cash", "amount": "x", "currency": "EUR"}]))
    good.write_bytes(sheet(cards(12)))
    for file in (bad, good):
        await page.goto(f"{served}/console/imports?lang={locale}")
        await whole()
        await page.locator("input[type=file]").set_input_files(file)
        await page.locator("main form button").click()
        await page.wait_for_url("**/console/imports/imp_*")
        await whole()
    path = page.url
    await page.goto(f"{path}/approve")
    await whole()
    await page.locator(".verdict button").click()
    await expect(page.locator("progress")).to_have_attribute("value", "0")
    await whole()
    await issue(shop, path)
    await expect(page.locator("progress")).to_have_attribute("value", "12", timeout=20_000)
    await expect(page.locator("[hx-get]")).to_have_count(0, timeout=20_000)
    await whole()
    await context.close()
