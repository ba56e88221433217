"""Laws of the customer pages, seen in a browser: 320 px, light and dark, three languages, with and without script."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from compensation.web.assets import find
from tests.look.browser import HOST, Shop, chromium
from tests.look.sheets import CODE, mails, sheets

PAGES = sorted(sheets())
MAILS = sorted(mails())
LANDMARKS = ("region", "landmark-one-main")
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_shut_out(shop: Shop, name: str, paper: str) -> None:
    with shop.page(name, 320, paper) as page:
        page.evaluate(OPEN_ALL)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_reads_on_light_and_on_dark_paper(shop: Shop, name: str) -> None:
    for paper in ("light", "dark"):
        with shop.page(name, 320, paper) as page:
            # A mail is read inside somebody else's page, which has the landmarks.
            found = Axe().run(page, options={"rules": {rule: {"enabled": False} for rule in LANDMARKS}})
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", [*PAGES, *MAILS])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_scrolls_sideways(shop: Shop, name: str, width: int) -> None:
    with shop.page(name, width) as page:
        page.evaluate(OPEN_ALL)
        for radio in page.locator("input[type=radio]").all():
            radio.check()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_a_page_carries_no_style_of_its_own_and_no_script(name: str) -> None:
    source = sheets()[name]
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", source)
    assert re.findall(r"<style[^>]*>", source) in (['<style nonce="look">'], [])
    assert re.findall(r"<script(?![^>]*\ssrc=)", source) == []
    assert re.findall(r'(?:src|href)="(https?://[^"]*)"', source) in (["https://souqnour.example/"], [])
    assert '<meta name="referrer" content="no-referrer">' in source
    # Only the written rules are there to be found.
    assert ("noindex" in source) != name.startswith("policy.")


def test_the_letters_are_ours_and_so_is_the_colour(shop: Shop) -> None:
    with shop.page("gift.ar", 320) as page:
        assert page.evaluate(
            "document.fonts.ready.then(() => document.fonts.check('16px \"Noto Sans Arabic\"', 'رصيد'))"
        )
        loaded = page.evaluate("[...document.fonts].filter(each => each.status == 'loaded').map(each => each.family)")
        assert {name.strip('"') for name in loaded} >= {"Noto Sans", "Noto Sans Arabic", "Noto Sans Mono"}
        assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(91, 42, 110)"
        assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"


@pytest.mark.parametrize("name", ["gift.shown.ar", "gift.shown.bg", "gift.shown.en"])
def test_a_code_stands_in_fours_from_left_to_right(shop: Shop, name: str) -> None:
    with shop.page(name, 320) as page:
        groups = page.locator(".code:not(.hidden)").first.locator("span")
        assert groups.all_text_contents() == CODE.split("-")
        lefts = [box["x"] for box in (group.bounding_box() for group in groups.all()[:3]) if box]
        assert lefts == sorted(lefts)
        assert page.locator(".card").first.inner_text().count("SN7K") == 0, "never a code on the card"


def test_a_code_of_another_brand_is_shown_whole_however_long(shop: Shop) -> None:
    with shop.page("gift.elsewhere.ar", 320) as page:
        cut = "shown => shown.scrollWidth > shown.clientWidth || shown.closest('.reveal').scrollWidth > 320"
        assert not page.locator(".code:not(.hidden)").first.evaluate(cut)
        assert page.locator(".code:not(.hidden)").first.inner_text() == "K5XE-P6U6-RE4F-SJV2-0123456789ABCDEF"


@pytest.mark.parametrize("name", ["gift.en", "gift.ar", "gift.bg"])
def test_opening_a_gift_shows_no_code_and_asking_for_it_is_a_post(shop: Shop, name: str) -> None:
    assert "SN7K" not in sheets()[name]
    assert "4QM8" not in sheets()[name]
    with shop.page(name, 320, script=False) as page:
        form = page.locator("form.reveal").first
        assert (form.get_attribute("method"), form.get_attribute("action")) == ("post", "/g/dem0-7Q2M/reveal")
        assert form.locator("input[name=csrf]").count() == 1
        box = form.locator("button").bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_nothing_is_chosen_beforehand_and_consent_is_asked_where_it_is_needed(shop: Shop) -> None:
    with shop.page("offer.en", 320, script=False) as page:
        assert page.locator("input:checked").count() == 0
        assert page.locator("input[name=agree]:visible").count() == 0
        page.locator("#offer-refund").check()
        assert page.locator("input[name=agree]:visible").count() == 0
        page.locator("#offer-credit").check()
        assert [box.get_attribute("value") for box in page.locator("input[name=agree]:visible").all()] == ["credit"]
        assert not page.locator("#agree-credit").is_checked()
        assert "instead of $89.00 in money" in page.locator(".consent:visible").inner_text()
        assert page.locator(".button:visible").count() == 1, "one filled button"


def test_a_refused_form_says_so_first_and_keeps_the_choice(shop: Shop) -> None:
    with shop.page("offer.wrong.en", 320) as page:
        assert page.title().startswith("Error: ")
        assert page.locator("main > :first-child").get_attribute("role") == "alert"
        assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
        assert page.locator("#offer-credit").is_checked()
        page.locator(".errors a").click()
        assert page.url == f"{HOST}/offer.wrong.en#agree-credit"
        assert page.locator("#agree-credit").is_visible()


def test_copying_takes_the_code_without_spaces_and_says_so(shop: Shop) -> None:
    with shop.page("gift.shown.en", 320) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=HOST)
        page.locator("[data-copy]").first.click()
        page.get_by_text("The code is copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == CODE.replace("-", "")


def test_where_the_clipboard_is_closed_the_code_is_marked(shop: Shop) -> None:
    with shop.page("gift.shown.en", 320) as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
        page.locator("[data-copy]").first.click()
        page.get_by_text("The code is marked").wait_for()
        assert "".join(page.evaluate("getSelection().toString()").split()) == CODE.replace("-", "")


def test_without_script_no_button_pretends(shop: Shop) -> None:
    with shop.page("gift.shown.en", 320, script=False) as page:
        assert page.locator("[data-copy]:visible, [data-print]:visible").count() == 0
        assert page.locator(".code:not(.hidden)").first.is_visible()


def test_a_card_that_is_spent_offers_no_code(shop: Shop) -> None:
    with shop.page("gift.spent.bg", 320) as page:
        assert page.locator(".reveal").count() == 0
        assert page.locator(".badge.good").is_visible()
        assert page.locator("#how").count() == 0


@pytest.mark.parametrize("name", ["status.en", "status.ar", "status.bg"])
def test_the_timeline_has_one_now_and_a_day_for_the_rest(shop: Shop, name: str) -> None:
    with shop.page(name, 320) as page:
        assert page.locator("[aria-current=step]").count() == 1
        ahead = page.locator(".timeline li:not(.done):not(.now)")
        assert ahead.count() >= 1
        assert ahead.locator("time").count() == ahead.count()


@pytest.mark.parametrize("name", ["offer.en", "gift.ar", "status.bg"])
def test_the_way_in_by_keyboard_begins_with_the_letter(shop: Shop, name: str) -> None:
    with shop.page(name, 320) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_print_leaves_the_card_and_the_code(shop: Shop) -> None:
    with shop.page("gift.shown.en", 1280) as page:
        page.emulate_media(media="print")
        assert page.locator(".card").first.is_visible()
        assert page.locator(".code:not(.hidden)").first.is_visible()
        assert page.locator(".tongues").is_hidden()
        assert page.locator(".deeds").first.is_hidden()


def test_a_letter_nobody_signed_for_is_not_told_from_any_other_dead_link() -> None:
    source = sheets()["problem.ar"]
    assert 'lang="ar" dir="rtl"' in source
    assert "SN-" not in source


def test_the_three_sheets_stay_light_and_logical() -> None:
    css = [found.body.decode() for name in ("tokens.css", "pages.css", "console.css") if (found := find(name))]
    assert len(css) == 3
    assert sum(len(each.encode()) for each in css) < 25_000
    bare = re.sub(r"/\*.*?\*/", "", "".join(css), flags=re.DOTALL)
    assert (
        re.findall(r"(?:margin|padding|border)-(?:left|right)|text-align:(?:left|right)|[{;]\s*(?:left|right):", bare)
        == []
    )
    for sheet in css[1:]:
        assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;}\s])", sheet) == [], "colours stand in tokens.css"
