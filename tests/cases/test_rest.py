"""Stories over HTTP: what a merchant's developer sends with curl, and what he hears when it is wrong."""

from collections.abc import AsyncIterator
from typing import Any, cast

import asyncpg
import httpx
import pytest

from compensation.catalog.library import library
from compensation.core.settings import Settings
from compensation.core.vault import digest
from compensation.db.unit import Doorway
from compensation.engine import seal
from compensation.merchants.credential import NewKey, add_api_key, new_api_key
from compensation.merchants.demo import Demo, seed
from compensation.merchants.merchant import merchant as the_merchant
from compensation.web.auth import Keys
from tests.cases.desk import INC_10, INC_19
from tests.conftest import make_merchant
from tests.web.conftest import built


class Api:
    """A merchant's system. Every write gets a key of its own unless the story names one."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self._keys = 0

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        answer = await self.client.get(f"/v1{path}", params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, status: int = 200, key: str | None = None) -> Any:
        answer = await self.send(path, body, key)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def send(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        self._keys += 1
        headers = {"idempotency-key": key or f"key-{self._keys}"}
        return await self.client.post(f"/v1{path}", json=body, headers=headers)


@pytest.fixture
async def demo(door: Doorway, owner: asyncpg.Connection, settings: Settings) -> Demo:
    return await seed(door, owner, settings.data / "demo.toml")


@pytest.fixture
async def api(door: Doorway, settings: Settings, demo: Demo) -> AsyncIterator[Api]:
    async with caller(door, settings, demo.api_key) as client:
        yield Api(client)


def caller(door: Doorway, settings: Settings, key: str) -> httpx.AsyncClient:
    app = built(settings, door)
    # What the lifespan would do: there is no server here to begin one.
    app.state.door, app.state.api_keys = door, Keys(door)
    transport = httpx.ASGITransport(cast(Any, app), raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)


async def test_a_developer_reports_reads_and_chooses(api: Api, door: Doorway) -> None:
    case = await api.post("/cases", INC_19, 201)
    assert case["owed"] == {"amount": 54000, "currency": "EUR"}
    assert case["offers"][0]["lines"][0]["remedy"] == "refund_original"
    assert await api.get(f"/cases/{case['id']}") == case
    assert (await api.get(f"/cases/{case['id']}/offers"))["items"] == case["offers"]
    chosen = await api.post(f"/cases/{case['id']}/choose", {"offer": case["offers"][0]["key"]})
    assert chosen["state"] == "accepted"
    history = (await api.get(f"/cases/{case['id']}/events"))["items"]
    assert [event["what"] for event in history] == ["reported", "assessed", "offered", "chosen"]
    assert (await api.get(f"/cases/{case['id']}/rewards"))["items"] == []
    (care,) = (await api.get("/programs"))["items"]
    reserved = {budget["currency"]: budget["reserved"] for budget in care["budgets"]}
    assert reserved["EUR"] > 0
    assert reserved["USD"] == 0


async def test_the_receipt_comes_as_the_bytes_that_verify(api: Api, door: Doorway) -> None:
    case = await api.post("/cases", INC_19, 201)
    answer = await api.client.get(f"/v1/cases/{case['id']}/receipt")
    assert answer.headers["receipt-id"] == case["receipt_id"]
    key = door.vault.verifier(int(answer.headers["receipt-key-version"]))
    assert seal.verify(answer.content, library().books("default", door.clock().date()), key).valid


async def test_the_customer_and_his_wallet(api: Api) -> None:
    case = await api.post("/cases", INC_19, 201)
    customer = await api.get(f"/customers/{case['customer_id']}")
    assert customer["person"]["name"] == "Hannah Weber"
    wallet = await api.get(f"/customers/{case['customer_id']}/wallet")
    assert (wallet["credit"], wallet["points"], wallet["held"], wallet["perks"]) == ([], 0, [], [])
    forgotten = await api.post(f"/customers/{case['customer_id']}/erase")
    assert forgotten["erased"]
    assert (await api.get(f"/customers/{case['customer_id']}"))["person"] is None


async def test_a_dry_run_needs_no_key_and_writes_nothing(api: Api, owner: asyncpg.Connection) -> None:
    body = {name: value for name, value in INC_19.items() if name != "customer"}
    tables = ("cases", "customers", "incidents", "receipts", "idempotency_keys", "audit_log", "outbox")
    before = [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    answer = await api.client.post("/v1/assessments", json=body | {"incident_group": "REP-1"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["owed"]["amount"] == 54000
    assert [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables] == before


async def test_a_repeat_is_marked_and_has_the_same_bytes(api: Api) -> None:
    first = await api.send("/cases", INC_19, "k")
    again = await api.send("/cases", INC_19, "k")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = await api.send("/cases", INC_10, "k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    unnamed = await api.client.post("/v1/cases", json=INC_19)
    assert unnamed.status_code == 400


async def test_a_choice_for_an_agent_waits_for_the_lead(api: Api, demo: Demo, owner: asyncpg.Connection) -> None:
    agents = {row["role"]: row["id"] for row in await owner.fetch("SELECT id, role FROM agents")}
    case = await api.post("/cases", INC_19 | {"agent": agents["agent"]}, 201)
    key = case["offers"][0]["key"]
    path = f"/cases/{case['id']}"
    moved = await api.post(f"{path}/choose", {"offer": key, "agent": agents["agent"]})
    assert moved["state"] == "needs_approval"
    waiting = await api.get("/cases", view="needs_approval")
    assert [one["id"] for one in waiting["items"]] == [case["id"]]
    refused = await api.post(f"{path}/approve", {"agent": agents["agent"]}, 403)
    assert refused["code"] == "self_approval"
    assert (await api.post(f"{path}/approve", {}, 403))["code"] == "person_needed"
    assert (await api.post(f"{path}/reject", {"reason": " "}, 400))["pointer"] == "/reason"
    back = await api.post(f"{path}/send-back", {"reason": "Why credit?", "agent": agents["lead"]})
    assert back["state"] == "offered"
    await api.post(f"{path}/choose", {"offer": key, "agent": agents["agent"]})
    assert (await api.post(f"{path}/approve", {"agent": agents["lead"]}))["state"] == "accepted"


async def test_refusals_say_what_to_do(api: Api) -> None:
    case = await api.post("/cases", INC_19, 201)
    credit = next(offer["key"] for offer in case["offers"] if offer["consent"])
    missing = await api.post(f"/cases/{case['id']}/choose", {"offer": credit}, 422)
    assert missing["code"] == "consent_required"
    agreed = {"offer": credit, "consent": {"sentence": missing["sentence"]}}
    assert (await api.post(f"/cases/{case['id']}/choose", agreed))["state"] == "accepted"
    again = await api.post(f"/cases/{case['id']}/choose", agreed, 422)
    assert (again["code"], again["state"]) == ("wrong_state", "accepted")
    ended = await api.post("/cases", INC_10, 201)
    assert (await api.post(f"/cases/{ended['id']}/cancel", {"reason": "Twice"}))["state"] == "cancelled"
    assert (await api.post(f"/cases/{ended['id']}/close", None, 422))["code"] == "wrong_state"


async def test_another_merchant_s_key_finds_nothing_on_any_route(
    api: Api, door: Doorway, settings: Settings, owner: asyncpg.Connection
) -> None:
    case = await api.post("/cases", INC_19, 201)
    other = await make_merchant(owner)
    async with door.read(other.merchant_id) as tx:
        key = new_api_key(await the_merchant(tx))
    await door.write(add_api_key, other, NewKey(digest(key), "other"))
    bodies = {"choose": {"offer": "refund"}, "approve": {}, "close": None}
    async with caller(door, settings, key) as client:
        stranger = Api(client)
        for tail in ("", "/offers", "/rewards", "/events", "/receipt"):
            assert (await stranger.get(f"/cases/{case['id']}{tail}", 404))["code"] == "unknown_case"
        for verb in ("choose", "approve", "reject", "send-back", "cancel", "close"):
            body = bodies.get(verb, {"reason": "x"})
            assert (await stranger.post(f"/cases/{case['id']}/{verb}", body, 404))["code"] == "unknown_case", verb
        for tail in ("", "/wallet"):
            await stranger.get(f"/customers/{case['customer_id']}{tail}", 404)
        await stranger.post(f"/customers/{case['customer_id']}/erase", None, 404)
        assert (await stranger.get("/cases"))["items"] == []
        assert (await stranger.get("/cases", q="Weber"))["items"] == []
        assert (await stranger.get("/programs"))["items"] == []
        assert (await stranger.post("/cases", INC_19, 404))["code"] == "unknown_program"
    assert (await api.get(f"/cases/{case['id']}"))["state"] == "offered"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        INC_19 | {"surprise": True},
        INC_19 | {"order": {"number": "1", "amount": {"amount": 10**30, "currency": "EUR"}}},
        INC_19 | {"order": {"number": "1", "amount": {"amount": 1.5, "currency": "EUR"}}},
        INC_19 | {"order": {"number": "1", "amount": {"amount": -5, "currency": "EUR"}}},
        INC_19 | {"order": {"number": "1", "amount": {"amount": 5, "currency": "EURO"}}},
        INC_19 | {"currency": "USD"},
        INC_19 | {"words": "a\x00b"},
        INC_19 | {"harms": [{"type": "spiritual.doubt", "severity": "low"}]},
        INC_19 | {"customer": {"email": "x"}},
    ],
)
async def test_bad_reports_hear_what_is_wrong_and_change_nothing(
    api: Api, owner: asyncpg.Connection, body: Any
) -> None:
    refused = await api.post("/cases", body, 400)
    assert refused["detail"]
    assert await owner.fetchval("SELECT count(*) FROM cases") == 0
    assert await owner.fetchval("SELECT count(*) FROM customers") == 0


async def test_a_report_does_not_say_that_goods_were_inspected_and_a_dry_run_may(api: Api) -> None:
    stated = {"inspection": {"grade": "A", "complete": True}}
    refused = await api.post("/cases", INC_19 | stated, 400)
    assert (refused["code"], refused["pointer"]) == ("inspection_not_stated", "/inspection")
    assert (await api.get("/cases"))["items"] == []
    dry = {name: value for name, value in INC_19.items() if name != "customer"}
    assert (await api.post("/assessments", dry | stated))["offers"]
