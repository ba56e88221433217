"""The whole product as a newcomer starts it, once for all stories: servers, web, worker, simulator and mailbox."""

import asyncio
import mailbox
import signal
import tomllib
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from compensation.merchants.demo import FILE
from compensation.partners.mailbox import FOLDER
from compensation.up.place import Place
from tests.look.browser import CHROMIUM, FLAGS
from tests.setup.conftest import open_folder
from tests.setup.terminal import PRODUCT, started

PATIENCE = 60.0


class Town:
    """Where everybody is: the merchant's system with its key, and every customer's mailbox."""

    def __init__(self, place: Path) -> None:
        running = Place(place).running()
        assert running is not None
        self.place, self.base, self.environment = place, running.base_url, running.environment
        self.api_key: str = tomllib.loads((place / FILE).read_text(encoding="utf-8"))["api_key"]
        self._api = httpx.AsyncClient(
            base_url=self.base, headers={"Authorization": f"Bearer {self.api_key}"}, timeout=30
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.aclose()

    async def post(self, path: str, body: Any, key: str) -> Any:
        answer = await self._api.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self._api.get(path)
        assert answer.is_success, answer.text
        return answer.json()

    async def raw(self, path: str) -> bytes:
        answer = await self._api.get(path)
        assert answer.is_success, answer.text
        return answer.content

    async def letter_to(self, address: str) -> EmailMessage:
        """The letter that reaches this person, as soon as it does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for raw in mailbox.Maildir(self.place / FOLDER, create=False):
                    letter = BytesParser(policy=default).parsebytes(raw.as_bytes())
                    if address in str(letter["To"]):
                        assert isinstance(letter, EmailMessage)
                        return letter
                await asyncio.sleep(0.1)  # the worker is another process: we look until it has written


@pytest.fixture(scope="session")
def place_of_town() -> Iterator[Path]:
    with open_folder() as folder, started(folder, program=PRODUCT) as session:
        session.until_ready()
        yield folder
        session.process.send_signal(signal.SIGINT)
        status, said = session.ends()
        assert status == 0, said


@pytest.fixture
async def town(place_of_town: Path) -> Any:
    async with Town(place_of_town) as town:
        yield town


@pytest.fixture
async def browser() -> Any:
    async with async_playwright() as player:
        browser: Browser = await player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()
