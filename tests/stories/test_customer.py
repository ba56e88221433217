"""A customer is told that we are sorry, opens his link on a phone, looks at his code, and spends from it."""

import os
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from compensation.demo import samples
from tests.stories.conftest import Town

# Set to a folder, the pictures of these journeys are put there; this is how those in docs/ are made.
PICTURES = os.environ.get("COMPENSATION_PICTURES")
# The incident, whose customer reads this language, and the offer that is stored value.
READERS = {"en": ("INC-10", "gift_card"), "ar": ("INC-14", "credit"), "bg": ("INC-09", "credit")}
SORRY = {"en": "sorry", "ar": "نعتذر", "bg": "Извиняваме се"}
GROUPS = re.compile(r"^[0-9A-Z]{4}$")


async def _harm(town: Town, incident_id: str, offer: str, name: str) -> tuple[dict[str, Any], EmailMessage]:
    """Report a sample incident, choose an offer, and wait for the letter."""
    incident = next(each for each in samples() if each.id == incident_id)
    address = f"{name}@customer.example"
    report = incident.report | {"customer": {"reference": name, "name": incident.customer, "email": address}}
    case = await town.post("/v1/cases", report, f"{name}-report")
    await town.post(f"/v1/cases/{case['id']}/choose", {"offer": offer}, f"{name}-choose")
    return case, await town.letter_to(address)


def _said(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def _link(town: Town, letter: EmailMessage) -> str:
    found = re.search(re.escape(town.base) + r"/g/\w+", _said(letter, "plain"))
    assert found is not None
    return found[0]


async def _fits(sheet: Page) -> None:
    """Nothing sideways, and nothing that keeps anybody out."""
    assert await sheet.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    violations = (await Axe().run(sheet)).response["violations"]
    assert not violations, [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]


async def _picture(sheet: Page, name: str) -> None:
    if PICTURES:
        await sheet.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", READERS)
async def test_a_customer_reads_reveals_and_spends(town: Town, browser: Browser, language: str) -> None:
    incident, offer = READERS[language]
    case, letter = await _harm(town, incident, offer, f"reader-{language}")
    assert SORRY[language] in str(letter["Subject"])
    assert SORRY[language] in _said(letter, "plain")
    assert SORRY[language] in _said(letter, "html")
    rewards = (await town.get(f"/v1/cases/{case['id']}/rewards"))["items"]
    card = next(reward for reward in rewards if reward["kind"] in ("gift_card", "store_credit"))

    phone = await browser.new_context(viewport={"width": 320, "height": 700}, device_scale_factor=2)
    sheet = await phone.new_page()
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    await sheet.goto(_link(town, letter))
    assert await sheet.get_attribute("html", "lang") == language
    assert await sheet.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert SORRY[language] in await sheet.locator("h1").inner_text()
    await _fits(sheet)
    await _picture(sheet, f"gift.{language}")
    assert card["code_last4"] in await sheet.content()

    # The explicit act, by keyboard: until now no page has held the code.
    await sheet.locator("form[action*=reveal] button").first.focus()
    async with sheet.expect_navigation():
        await sheet.keyboard.press("Enter")
    groups = [each for each in await sheet.locator(".code:not(.hidden) span").all_inner_texts() if GROUPS.match(each)]
    assert len(groups) == 6
    assert groups[-1] == card["code_last4"]
    await _fits(sheet)
    assert all(url.startswith((town.base, "data:")) for url in asked)

    worth = card["balance"]
    part = {"amount": worth["amount"] // 3, "currency": worth["currency"]}
    used = await town.post("/v1/gift-cards/redeem", {"code": " ".join(groups), "amount": part}, f"{language}-till")
    assert used["balance"]["amount"] == worth["amount"] - part["amount"]
    await phone.close()


async def test_a_phone_without_script_does_the_main_act_too(town: Town, browser: Browser) -> None:
    _, letter = await _harm(town, "INC-14", "credit", "reader-plain")
    phone = await browser.new_context(viewport={"width": 320, "height": 700}, java_script_enabled=False)
    sheet = await phone.new_page()
    await sheet.goto(_link(town, letter))
    await sheet.locator("form[action*=reveal] button").first.click()
    groups = sheet.locator(".code:not(.hidden) span")
    await groups.first.wait_for()
    assert len(await groups.all_inner_texts()) >= 6
    await phone.close()
