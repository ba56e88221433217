"""The console in a real browser: an agent's way from the door to what is issued, and nobody shut out on it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from compensation.cases.choose import Choose, choose
from compensation.cases.override import Override
from compensation.merchants.authority import NewLimit, set_limit
from compensation.merchants.delegation import NewDelegation, delegate
from compensation.merchants.demo import Desk
from compensation.web.console.session import SESSION
from tests.console.conftest import MIRA, OMAR
from tests.console.shop import BAD_WEBINAR, KEPT_PREPAYMENT, LATE_GIFT, Shop

WISH = Override(reason="customer_wish")
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def enter(context: BrowserContext, served: str, desk: Desk) -> Page:
    page = await context.new_page()
    await page.goto(f"{served}/console/login")
    await page.get_by_label("E-mail address").fill(desk.email)
    await page.get_by_label("Password").fill(desk.password)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{served}/console")
    return page


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser window. On the way out it must not have complained of a refused style, script or cookie."""
    complaints: list[str] = []
    opened = await browser.new_context(viewport={"width": 1280, "height": 900})
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield opened
    await opened.close()
    # That a refused form comes back with 422 is told there too, and is as it should be.
    assert [said for said in complaints if "422" not in said] == []


async def test_an_agents_way_from_the_door_to_what_is_issued(
    context: BrowserContext, served: str, shop: Shop, tmp_path: Path
) -> None:
    case = await shop.report(BAD_WEBINAR)
    page = await enter(context, served, shop.demo.desks[MIRA])
    cookie = next(one for one in await context.cookies() if one["name"] == SESSION)
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")

    # By the keyboard alone to the case: J takes it in hand, Enter opens it.
    await page.keyboard.press("j")
    await expect(page.locator("tr[aria-current]")).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{served}/console/cases/{case.id}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Елена Георгиева")

    for key in ("a", "y", "j", "r", "e", "Enter", "x"):
        await page.keyboard.press(key)
    assert (await shop.file(case.id)).state == "offered", "no single key issues anything"

    await page.get_by_role("radio", name="Refund", exact=True).check()
    await page.get_by_role("button", name="Look at the choice").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look once more: Refund")
    await page.get_by_label("Reason").select_option("customer_wish")
    issue = page.get_by_role("button", name="Issue €")
    await issue.dblclick()
    await page.wait_for_url(f"{served}/console/cases/{case.id}?done=chosen")
    await expect(page.get_by_role("status")).to_contain_text("The choice is made.")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert await shop.told("issue_case") == 1

    # The worker issues it; the page that waits shows it without being asked.
    await shop.issue(case.id)
    await expect(page.get_by_role("status")).to_contain_text("The case is issued.")
    await expect(page.get_by_role("heading", name="What was issued")).to_be_visible()
    await expect(page.locator(".top .badge")).to_have_text("Issued")
    await expect(page.get_by_role("region", name="What was issued: table").get_by_role("row")).not_to_have_count(1)
    await page.screenshot(path=tmp_path / "issued.png", full_page=True)


async def test_two_people_decide_together(browser: Browser, served: str, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    here = f"{served}/console/cases/{case.id}"
    first, second = await browser.new_context(), await browser.new_context()
    mira = await enter(first, served, shop.demo.desks[MIRA])
    await mira.goto(here)
    await mira.get_by_role("radio", name="Refund", exact=True).check()
    await mira.get_by_role("button", name="Look at the choice").click()
    await mira.get_by_role("button", name="Propose €604.80").click()
    off = mira.get_by_role("button", name="Approve €604.80")
    await expect(off).to_have_attribute("aria-disabled", "true")
    await expect(off).to_have_accessible_description(
        "Approve €604.80: You made this proposal, so another person decides on it."
    )

    omar = await enter(second, served, shop.demo.desks[OMAR])
    await omar.get_by_role("link", name="Approvals").click()
    await omar.get_by_role("link", name="Hannah Weber").click()
    await omar.get_by_role("link", name="Approve €604.80").click()
    await omar.get_by_role("button", name="Approve €604.80").click()
    await expect(omar.get_by_role("status")).to_contain_text("The case is approved.")
    assert (await shop.file(case.id)).state == "accepted"
    await first.close()
    await second.close()


async def test_the_whole_way_without_script(browser: Browser, served: str, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    context = await browser.new_context(java_script_enabled=False)
    page = await enter(context, served, shop.demo.desks[MIRA])
    await page.get_by_role("link", name="Елена Георгиева").click()
    await page.get_by_role("button", name="Look at the choice").click()
    await page.get_by_role("link", name="Choose one of the offers first").click()
    await page.get_by_role("radio", name="Refund", exact=True).check()
    await page.get_by_role("button", name="Look at the choice").click()
    await page.get_by_label("Reason").select_option("customer_wish")
    await page.get_by_role("button", name="Issue €").click()
    await page.wait_for_url("**?done=chosen")
    assert (await shop.file(case.id)).state == "accepted"
    await context.close()


async def test_keys_do_nothing_in_fields_and_can_be_switched_off(
    context: BrowserContext, served: str, shop: Shop
) -> None:
    await shop.report(BAD_WEBINAR)
    page = await enter(context, served, shop.demo.desks[MIRA])
    await page.keyboard.press("/")
    await expect(page.get_by_label("Find a case")).to_be_focused()
    await page.keyboard.type("jk?")
    await expect(page.get_by_label("Find a case")).to_have_value("jk?")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="All keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.goto(f"{served}/console/you")
    await page.get_by_role("button", name="Switch single keys off").click()
    await page.goto(f"{served}/console")
    await page.keyboard.press("?")
    await page.keyboard.press("j")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.locator("tr[aria-current]")).to_have_count(0)


@pytest.mark.parametrize("tag", ["en", "ar", "bg"])
async def test_nobody_is_shut_out_and_nothing_scrolls_sideways(
    browser: Browser, served: str, shop: Shop, tag: str
) -> None:
    """Every page, in one language, at 320 and 1280 px, on light and dark paper, with every detail open."""
    paths = await _pages(shop)
    context = await browser.new_context()
    await enter(context, served, shop.demo.desks[OMAR])
    state = await context.storage_state()
    await context.close()
    for paper in ("light", "dark"):
        context = await browser.new_context(storage_state=state, color_scheme=paper, reduced_motion="reduce")
        page = await context.new_page()
        for name, path in paths.items():
            await page.set_viewport_size({"width": 320, "height": 800})
            await page.goto(f"{served}{path}{'&' if '?' in path else '?'}lang={tag}")
            await page.evaluate(OPEN_ALL)
            assert await page.evaluate("document.documentElement.lang") == tag
            assert not await page.evaluate(SIDEWAYS), f"{name} scrolls sideways at 320 px"
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{name}, {tag}, {paper}: {found.generate_report()}"
            await page.set_viewport_size({"width": 1280, "height": 800})
            assert not await page.evaluate(SIDEWAYS), f"{name} scrolls sideways at 1280 px"
            if paper == "dark":
                found = await Axe().run(page)
                assert found.violations_count == 0, f"{name}, {tag}, wide: {found.generate_report()}"
        await context.close()


async def _pages(shop: Shop) -> dict[str, str]:
    """Every kind of page, with everything on it that there can be."""
    proposed, offered, issued = [await shop.report(one) for one in (KEPT_PREPAYMENT, BAD_WEBINAR, LATE_GIFT)]
    for incident in ("INC-02", "INC-14", "INC-15"):
        await shop.report(incident)
    await shop.door.write(choose, shop.staff[MIRA], Choose(case_id=proposed.id, offer="refund"))
    await shop.door.write(choose, shop.staff[MIRA], Choose(case_id=issued.id, offer="gift_card", override=WISH))
    await shop.issue(issued.id)
    # An administrator sees everything that can be set.
    await shop.owner.execute("UPDATE agents SET role = 'admin', team = 'Returns' WHERE id = $1", shop.staff[OMAR].actor)
    limit = NewLimit(kind="team", subject="Returns", currency="EUR", most=100_000, period_days=7)
    await shop.door.write(set_limit, shop.system, limit)
    loan = NewDelegation(
        from_agent=shop.staff[OMAR].actor,
        to_agent=shop.staff[MIRA].actor,
        ends_at=shop.door.clock() + timedelta(days=3),
    )
    await shop.door.write(delegate, shop.system, loan)
    here = "/console/cases"
    return {
        "login": "/console/login",
        "queue": "/console",
        "nothing": "/console?view=closed",
        "found nothing": "/console?q=nobody",
        "your desk": "/console/you",
        "authority": "/console/authority",
        "budgets": "/console/budgets",
        "finance": "/console/finance?asset=EUR",
        "account": f"/console/finance/accounts/budget:{shop.demo.program}:EUR",
        "look with a reason": f"{here}/{offered.id}/choose?offer=refund",
        "report": f"{here}/new",
        "offered": f"{here}/{offered.id}",
        "nothing chosen": f"{here}/{offered.id}/choose",
        "look with consent": f"{here}/{offered.id}/choose?offer=credit",
        "words": f"{here}/{offered.id}/words",
        "costs": f"{here}/{offered.id}/costs",
        "proposed": f"{here}/{proposed.id}",
        "approve": f"{here}/{proposed.id}/approve",
        "reject": f"{here}/{proposed.id}/reject",
        "issued": f"{here}/{issued.id}?done=chosen",
        "refused": f"{here}/{issued.id}?not=wrong_state",
        "receipt": f"{here}/{issued.id}/receipt",
        "not there": "/console/nothing",
    }


@pytest.mark.parametrize("tag", ["en", "ar", "bg"])
async def test_the_form_with_every_fault_is_still_for_everybody(
    context: BrowserContext, served: str, shop: Shop, tag: str
) -> None:
    page = await enter(context, served, shop.demo.desks[MIRA])
    await page.goto(f"{served}/console/cases/new?lang={tag}")
    await page.set_viewport_size({"width": 320, "height": 800})
    await page.locator("#amount").fill("12,3,4")
    await page.locator("#currency").fill("EUR")
    async with page.expect_response(lambda answer: answer.status == 422):
        await page.locator("button[form=report]").click()
    await expect(page.locator(".errors")).to_be_focused()
    assert (await page.title()).startswith({"en": "Error:", "ar": "خطأ:", "bg": "Грешка:"}[tag])
    assert not await page.evaluate(SIDEWAYS)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.locator('.errors a[href="#amount"]').click()
    await expect(page.locator("#amount")).to_be_focused()
    await expect(page.locator("#amount")).to_have_value("12,3,4")
