"""Stories of the public page: the rules that decide are the rules that everybody reads, in his language, for ever."""

import re
from typing import Any

import asyncpg
import httpx

from compensation.core.ids import new_id
from compensation.core.settings import Settings
from compensation.db.unit import Doorway
from compensation.delivery.facts import case_facts
from compensation.delivery.send import Post
from compensation.merchants.demo import Demo
from tests.catalog.pen import SHIPPED, text
from tests.web.links import Visit

TOLD = SHIPPED[SHIPPED.index("[public]") : SHIPPED.index("# One point")]
PUBLIC = """[public]
warranty_months = 24
disputes = { en = "Say so.", ar = "أخبرونا.", bg = "Кажете ни." }
limits = { en = "We cannot mend <b>glass</b>.", ar = "لا نصلح الزجاج.", bg = "Не поправяме стъкло." }
[public.returns]
shipping = "customer"
[[public.returns.not_returned]]
categories = ["food"]
because = { en = "Food spoils.", ar = "الطعام يفسد.", bg = "Храната се разваля." }

"""
WITH_PUBLIC = (TOLD, PUBLIC)
DISPUTE = ("[inspection]\n", "[dispute]\nwithin_days = 20\nanswer_days = 5\n\n[inspection]\n")


async def publish(developer: httpx.AsyncClient, owner: asyncpg.Connection, *changes: tuple[str, str]) -> dict[str, Any]:
    lead = {"agent": await owner.fetchval("SELECT id FROM agents WHERE role = 'lead'")}
    kept = await post(developer, "/v1/policies", {"text": text(*changes)})
    return await post(developer, f"/v1/policies/{kept['id']}/publish", lead)


async def post(developer: httpx.AsyncClient, path: str, body: object) -> dict[str, Any]:
    answer = await developer.post(path, json=body, headers={"idempotency-key": new_id("test")})
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(stranger: httpx.AsyncClient, address: str) -> str:
    answer = await stranger.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-robots-tag"] == "all"
    assert "noindex" not in answer.text
    return re.sub(r"<[^>]+>", "", answer.text)


async def test_the_page_says_what_the_engine_decides_by(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    route = await owner.fetchval("SELECT route FROM merchants")
    kept = await publish(developer, owner, WITH_PUBLIC, ("processing_days = 7", "processing_days = 3"), DISPUTE)
    links = (await developer.get(f"/v1/policies/{kept['id']}/public")).json()
    assert links["urls"]["bg"].endswith(f"/p/{route}/default/{kept['version']}?lang=bg")
    assert links["snippets"]["en"].startswith('<p lang="en" dir="ltr"><a href="')
    assert "Tell us within 365 days. Money is on its way back within 3 days." in links["snippets"]["en"]
    page = await read(stranger, f"/p/{route}/default/{kept['version']}")
    for said in (
        "within 365 days after it came",
        "end, for what was bought from 15\N{NO-BREAK SPACE}November to 6\N{NO-BREAK SPACE}January: within 410 days",
        "within 3 days of your choice", "Defective product", "whether it happened to you before", "Store credit",
        "down to grade C", "of our own we may ask for: Photo.", "condition of goods that came back",
        "Free repair: within 10 days", "You pay for sending it back", "food: Food spoils.", "runs for 24 months",
        "Say so.", "&lt;b&gt;glass", kept["hash"], "answers you in writing within 5 days",
        "within 20 days of the day on which you heard from us",
    ):  # fmt: skip
        assert said in page, said
    assert "decides no new case" not in page
    assert "5 %" not in page, "how much a harm earns is printed only where the policy says so"
    assert "24 شهرًا" in await read(stranger, f"/p/{route}/default?lang=ar")
    assert "до 365 дни" in await read(stranger, f"/p/{route}/default?lang=bg")


async def test_sums_and_what_is_switched_off_follow_the_policy(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    route = await owner.fetchval("SELECT route FROM merchants")
    shown = (TOLD, PUBLIC.replace("[public]", "[public]\nsums = true", 1))
    off = ("processing_days = 7", 'processing_days = 7\nmethods_off = ["digital_gift_card", "repair_product"]')
    await publish(developer, owner, shown, off)
    page = await read(stranger, f"/p/{route}/default")
    assert "Defective product, of the price of the order at most: Low 5 %, Medium 5 %, High 8 %, Critical 10 %" in page
    assert "Gift card" not in page
    assert "Free repair" not in page


async def test_an_old_version_stays_readable_and_names_the_one_in_force(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    route = await owner.fetchval("SELECT route FROM merchants")
    first = await publish(developer, owner, WITH_PUBLIC)
    second = await publish(developer, owner, WITH_PUBLIC, ("processing_days = 7", "processing_days = 3"))
    old = await read(stranger, f"/p/{route}/default/{first['version']}")
    assert "This version decides no new case." in old
    assert "within 7 days of your choice" in old
    assert second["hash"] in await read(stranger, f"/p/{route}/default")
    draft = await post(developer, "/v1/policies", {"text": text(WITH_PUBLIC)})
    assert (await developer.get(f"/v1/policies/{draft['id']}/public")).json()["code"] == "not_public"
    for nowhere in (
        f"/p/{route}/default/{draft['version']}", f"/p/{route}/default/0", f"/p/{route}/default/99999999999",
        f"/p/{route}/nothing", f"/p/zzzz/default/{first['version']}", f"/p/{route}/default/x",
    ):  # fmt: skip
        assert (await stranger.get(nowhere)).status_code == 404, nowhere


async def test_a_policy_without_public_terms_has_no_page_and_a_letter_no_link(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection, door: Doorway, demo: Demo
) -> None:
    route = await owner.fetchval("SELECT route FROM merchants")
    kept = await publish(developer, owner, (TOLD, ""))
    assert (await stranger.get(f"/p/{route}/default/{kept['version']}")).status_code == 404
    visit = Visit(door, demo.merchant, developer)
    case = await visit.report()
    assert "/p/" not in (await stranger.get(f"/o/{await visit.link('offers', case['id'])}")).text


async def test_every_page_and_letter_of_a_case_leads_to_the_version_that_decided_it(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection, door: Doorway,
    demo: Demo, settings: Settings,
) -> None:  # fmt: skip
    route = await owner.fetchval("SELECT route FROM merchants")
    kept = await publish(developer, owner, WITH_PUBLIC)
    visit = Visit(door, demo.merchant, developer)
    case = await visit.report()
    await publish(developer, owner, WITH_PUBLIC, ("processing_days = 7", "processing_days = 3"))
    leads = f"/p/{route}/default/{kept['version']}?lang=en"
    for path in (f"/o/{await visit.link('offers', case['id'])}", f"/t/{await visit.link('status', case['id'])}"):
        assert leads in (await stranger.get(path)).text
        assert leads in (await stranger.get(f"{path}/why")).text
    post = Post(settings)
    async with door.read(demo.merchant) as tx:
        facts = await case_facts(tx, case["id"], door.clock())
    letter = post.compose("offers", facts, "x" * 30)
    assert letter.terms == f"{settings.base_url}{leads}"


async def test_checking_a_text_says_what_its_page_lacks(developer: httpx.AsyncClient) -> None:
    told = await post(developer, "/v1/policies/validate", {"text": text()})
    assert told["wanting"] == []
    told = await post(developer, "/v1/policies/validate", {"text": text((TOLD, ""))})
    assert told["wanting"] == ["public"]
    told = await post(developer, "/v1/policies/validate", {"text": text((TOLD, PUBLIC.split("limits")[0]))})
    assert told["wanting"] == ["limits", "returns"]


async def test_the_policy_that_ships_is_read_under_every_merchants_name(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    route = await owner.fetchval("SELECT route FROM merchants")
    assert "an occasion that was missed" in await read(stranger, f"/p/{route}/default")
    assert "an occasion that was missed" in await read(stranger, f"/p/{route.upper()}/default/2?lang=en")
    assert (await stranger.get(f"/p/{route}/default/1")).status_code == 404, "the first version had no public terms"
