"""What a customer reads of papers that are missing: on his offers, when he chooses without them, and on his status."""

import asyncpg
import httpx
import pytest

from compensation.catalog.draft import NewDraft, draft
from compensation.catalog.publish import Move, publish
from compensation.catalog.version import PolicyVersion
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from tests.cases.test_papers import ASKING
from tests.catalog.pen import text
from tests.console.shop import text as read
from tests.web.links import Visit, csrf

ANNOYED = {
    "harms": [{"type": "emotional.frustration_resentment", "severity": "medium"}],
    "reason_code": "support_experience",
    "facts": {},
}


@pytest.fixture
async def visit(door: Doorway, demo: Demo, developer: httpx.AsyncClient, owner: asyncpg.Connection) -> Visit:
    """A shop whose policy asks for a photo and a receipt."""
    visit = Visit(door, demo.merchant, developer)
    lead = Who(demo.merchant, await owner.fetchval("SELECT id FROM agents WHERE role = 'lead' LIMIT 1"))
    written = (await door.write(draft, visit.system, NewDraft(text=text(ASKING)))).read(PolicyVersion)
    await door.write(publish, lead, Move(policy_id=written.id))
    return visit


async def test_he_is_told_what_is_missing_and_may_say_that_he_has_none(
    visit: Visit, stranger: httpx.AsyncClient
) -> None:
    case = await visit.report(**ANNOYED)
    path = f"/v1/cases/{case['id']}/documents"
    assert {one["kind"]: one["given"] for one in (await visit.developer.get(path)).json()["items"]} == {
        "photo": False,
        "receipt": False,
    }
    address = f"/o/{await visit.link('offers', case['id'])}"
    page = (await stranger.get(address)).text
    for name in ("What we still need from you", "Photo", "Receipt or invoice"):
        assert name in read(page)
    choice = {"csrf": csrf(page), "offer": next(one["key"] for one in case["offers"] if one["value"]["amount"])}
    refused = await stranger.post(address, data=choice)
    assert refused.status_code == 422
    assert "Send us what is missing, or say that you cannot" in read(refused.text)
    assert f'value="{choice["offer"]}" aria-describedby="about-{choice["offer"]}" checked' in refused.text
    assert (await stranger.post(address, data=choice | {"without": "yes"})).status_code == 303
    assert (await visit.developer.get(f"/v1/cases/{case['id']}")).json()["state"] == "needs_approval"
    assert "What we still need from you" in read((await stranger.get(address)).text), "it may still come"


@pytest.mark.parametrize(("tongue", "said"), [("ar", "ما زلنا نحتاج منكم إلى"), ("bg", "Какво още ни трябва от Вас")])
async def test_he_reads_it_in_his_language(visit: Visit, stranger: httpx.AsyncClient, tongue: str, said: str) -> None:
    case = await visit.report(**ANNOYED)
    page = (await stranger.get(f"/o/{await visit.link('offers', case['id'])}?lang={tongue}")).text
    assert said in read(page)
    assert "Photo" not in read(page)
