"""A browser that sees our pages only: every address is answered from memory, everything else is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, Route, sync_playwright

from compensation.web.assets import find
from compensation.web.headers import page_policy
from tests.look.sheets import NONCE, mails, sheets

CHROMIUM = "/usr/bin/chromium"
HOST = "https://look.example"
Paper = Literal["light", "dark"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@contextmanager
def chromium() -> Iterator["Shop"]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Shop(browser)
        browser.close()


class Shop:
    """Opens pages by name, at a width, on light or dark paper."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @contextmanager
    def page(self, name: str, width: int = 320, paper: Paper = "light", *, script: bool = True) -> Iterator[Page]:
        """The page called ``name``. On the way out it must not have complained of a refused style or script."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=paper, java_script_enabled=script
        )
        complaints: list[str] = []
        context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        context.route("**/*", _answer)
        sheet = context.new_page()
        sheet.goto(f"{HOST}/{name}")
        yield sheet
        context.close()
        assert not complaints, f"{name}: {complaints}"


def _answer(route: Route) -> None:
    url = urlsplit(route.request.url)
    name = unquote(url.path).lstrip("/")
    if not route.request.url.startswith(HOST):
        route.abort()
    elif name in sheets():
        headers = {"content-security-policy": page_policy(NONCE)}
        route.fulfill(body=sheets()[name], content_type="text/html; charset=utf-8", headers=headers)
    elif name in mails():
        route.fulfill(body=mails()[name], content_type="text/html; charset=utf-8")
    elif (found := find(name.removeprefix("assets/"))) is not None:
        route.fulfill(body=found.body, content_type=found.media_type)
    else:
        route.fulfill(status=404)
