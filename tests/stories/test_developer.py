"""A merchant developer follows the guide, command by command, and the demo shows what the product is for."""

import asyncio
import re
import sys
from pathlib import Path

from playwright.async_api import Browser

from compensation.demo import samples
from tests.stories.conftest import Town

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "developer.md"


async def test_every_command_of_the_guide_works_as_it_stands(town: Town, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    script = re.sub(r"^B=.*$", f"B={town.base}; KEY={town.api_key}", "\n".join(blocks), count=1, flags=re.MULTILINE)
    # The worker issues in its own time: the guide's reader is slower than a script.
    issued = f'until call - {town.base}/v1/cases/$CASE | grep -q \'"state":"issued"\'; do sleep 0.1; done\n'
    script = script.replace("call - $B/v1/cases/$CASE/rewards", issued + "call - $B/v1/cases/$CASE/rewards")
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(60):
        said, complained = await shell.communicate()
    assert shell.returncode == 0, complained.decode()
    answers = said.decode()
    assert "consent_required" in answers
    assert '"kind":"redeem"' in answers
    assert '"kind":"return"' in answers
    assert answers.count('"status":4') == 1, answers


async def test_the_demo_offers_every_incident_what_it_must(town: Town) -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compensation", "demo", env={"COMPENSATION_DATA": str(town.place)}, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(120):
        said, complained = await demo.communicate()
    assert demo.returncode == 0, complained.decode() + said.decode()
    table = said.decode()
    assert table.count(f"{town.base}/g/") == 16
    assert "every one offered what it must be" in table


async def test_the_reference_opens_without_any_outside_request(town: Town, browser: Browser) -> None:
    sheet = await browser.new_page()
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    await sheet.goto(f"{town.base}/docs")
    await sheet.locator(".opblock-tag").get_by_text("Cases").click()
    await sheet.get_by_text("/v1/cases/{case_id}/choose").first.wait_for()
    assert all(url.startswith((town.base, "data:")) for url in asked)


async def test_a_receipt_is_checked_and_a_changed_one_is_caught(town: Town, tmp_path: Path) -> None:
    report = {**samples()[0].report, "customer": {"reference": "receipt"}}
    case = (await town.post("/v1/cases", report, "receipt-report"))["id"]
    file = tmp_path / "receipt.json"
    async with asyncio.timeout(60):
        key = (await town.get("/v1/receipt-keys"))["items"][0]["public_key"]
        file.write_bytes(await town.raw(f"/v1/cases/{case}/receipt"))
        assert await _verify(file, key) == 0
        file.write_bytes(file.read_bytes().replace(b'"severity":"', b'"severity":"x', 1))
        assert await _verify(file, key) == 1


async def _verify(file: Path, key: str) -> int:
    check = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compensation", "verify-receipt", str(file), "--key", key, env={}, stdout=-1
    )
    await check.communicate()
    assert check.returncode is not None
    return check.returncode
