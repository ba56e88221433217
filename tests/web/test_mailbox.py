"""The development mailbox: what was sent can be read, what a letter holds can do nothing, and production has none."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import msgspec
import pytest
from playwright.async_api import Browser

from compensation.core.settings import Settings
from compensation.db.unit import Doorway
from compensation.partners.mailbox import FOLDER, Mailbox
from tests.web.conftest import BASE, built

HOSTILE = """<html lang="bg"><head><title>x</title></head><body style="color: #18201c"><h1>Здравейте</h1>
<script>top.document.title = "taken"</script><img src="{pixel}" alt="">
<form action="/dev/mailbox"><button>Send</button></form><a href="https://souqnour.example/g/abc">Отворете</a></body></html>
"""


async def _file(folder: Path, subject: str, pixel: str = "") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "care@shop.example", "layla@haddad.example", subject
    message["Content-Language"] = "bg"
    message.set_content("Здравейте\nhttps://souqnour.example/g/abc\n")
    message.add_alternative(HOSTILE.replace("{pixel}", pixel), subtype="html")
    async with Mailbox(folder / FOLDER) as mailbox:
        await aiosmtplib.send(message, hostname="127.0.0.1", port=mailbox.port)


async def test_a_letter_is_listed_with_its_text_and_its_links(stranger: httpx.AsyncClient, settings: Settings) -> None:
    assert "No letter yet" in (await stranger.get("/dev/mailbox")).text
    await _file(settings.data, "Поръчка <b>1</b>")
    listed = (await stranger.get("/dev/mailbox")).text
    assert "Поръчка &lt;b&gt;1&lt;/b&gt;" in listed
    address = listed.partition('href="/dev/mailbox/')[2].partition('"')[0]
    letter = (await stranger.get(f"/dev/mailbox/{address}")).text
    assert 'href="https://souqnour.example/g/abc"' in letter
    assert "Здравейте" in letter
    for unknown in ("x", "..%2f..%2fdemo.toml", "%00"):
        assert (await stranger.get(f"/dev/mailbox/{unknown}")).status_code == 404


async def test_nothing_in_a_letter_runs_or_calls_out(served: str, settings: Settings, browser: Browser) -> None:
    called: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as other:
        await _file(settings.data, "Писмо", f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/pixel.png")
        page = await browser.new_page()
        await page.goto(f"{served}/dev/mailbox")
        await page.get_by_role("link", name="Писмо").click()
        await page.frame_locator("iframe").get_by_role("heading", name="Здравейте").wait_for()
        await page.wait_for_load_state("networkidle")
        assert await page.title() == "Писмо – mailbox"
        assert called == []


@pytest.mark.parametrize("address", ["/dev/mailbox", "/dev/mailbox/x", "/dev/mailbox/x/html"])
async def test_production_has_no_mailbox(settings: Settings, door: Doorway, address: str) -> None:
    live = built(msgspec.structs.replace(settings, environment="production"), door)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(live), base_url=BASE) as client:
        response = await client.get(address)
    assert response.status_code == 404
    assert response.headers["strict-transport-security"].startswith("max-age=")
