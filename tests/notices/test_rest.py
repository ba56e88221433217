"""The story of a merchant's system over HTTP: it asks to be told, is told of a task, does it, and says so."""

from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks import Webhook

from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.jobs.dispatch import Worker
from compensation.merchants.demo import Demo
from tests.conftest import make_merchant
from tests.notices.conftest import Shop
from tests.notices.receiver import Receiver
from tests.web.conftest import assert_problem, everything

ENDPOINTS = "/v1/webhook-endpoints"


@pytest.fixture
def merchant(demo: Demo) -> Who:
    return Who(demo.merchant, "api_key:test")


@pytest.fixture
def shop(door: Doorway, merchant: Who, demo: Demo) -> Shop:
    return Shop(door, merchant, demo.program)


class System:
    """The merchant's system: every write of it carries a fresh key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self._keys = 0

    async def write(self, method: str, path: str, body: Any = None) -> Any:
        self._keys += 1
        answer = await self.client.request(method, path, json=body, headers={"idempotency-key": f"k{self._keys}"})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def read(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def system(developer: httpx.AsyncClient) -> System:
    return System(developer)


DEFECT = {
    "harms": [{"type": "material.defective_product", "severity": "high"}],
    "reason_code": "defect",
    "country": "DE",
    "locale": "en",
    "order": {"number": "SN-1", "amount": {"amount": 20000, "currency": "EUR"}},
    "facts": {"repairable": True},
    "words": "It came broken.",
    "customer": {"reference": "C-1", "name": "Hannah Weber", "email": "hannah@weber.example"},
}


async def test_a_case_that_is_resolved_by_a_repair_has_the_merchant_told_of_it(
    system: System, receiver: Receiver, demo: Demo, worker: Worker
) -> None:
    await system.write("POST", ENDPOINTS, {"url": receiver.url})
    case = await system.write("POST", "/v1/cases", DEFECT)
    await system.write("POST", f"/v1/cases/{case['id']}/choose", {"offer": "repair"})
    while await worker.work_all(demo.merchant):
        await worker.settle()
    told = [message.event for message in receiver.told]
    assert [event["number"] for event in told] == list(range(1, len(told) + 1))
    repair = next(event["data"] for event in told if event["data"].get("remedy") == "repair_product")
    assert (repair["case_id"], repair["kind"], repair["state"]) == (case["id"], "task", "issued")
    assert repair["due_at"] > repair["created_at"]
    assert "order.issued" in [event["type"] for event in told]
    assert not any(word in str(told) for word in ("Hannah", "weber.example", "It came broken"))


async def test_a_task_is_told_done_and_told_as_done(
    system: System, shop: Shop, receiver: Receiver, worker: Worker
) -> None:
    added = await system.write("POST", ENDPOINTS, {"url": receiver.url, "types": ["task.assigned", "task.done"]})
    secret = (await system.client.post(f"{ENDPOINTS}/{added['id']}/secret")).json()["secret"]
    await shop.assign(due_in_days=2)
    await worker.work_all(shop.who.merchant_id)
    await worker.settle()
    (message,) = receiver.told
    told = Webhook(secret).verify(message.body, message.headers)
    assert told["type"] == "task.assigned"
    assert told["data"]["due_at"] > told["timestamp"]
    done = await system.write("POST", f"/v1/rewards/{told['data']['id']}/done")
    assert done["state"] == "redeemed"
    await worker.work_all(shop.who.merchant_id)
    await worker.settle()
    assert [each.event["type"] for each in receiver.told] == ["task.assigned", "task.done"]
    feed = await system.read("/v1/events?after=1")
    assert feed["last"] == 2
    assert feed["items"] == [receiver.told[1].event]
    page = await system.read(f"{ENDPOINTS}/{added['id']}/notices?limit=1")
    assert page["items"][0]["number"] == 2
    assert page["next"] == 2
    page = await system.read(f"{ENDPOINTS}/{added['id']}/notices?limit=1&before=2&status=sent")
    assert (page["items"][0]["number"], page["next"]) == (1, None)
    assert (await system.read(f"{ENDPOINTS}/{added['id']}/notices?status=dead"))["items"] == []


async def test_the_secret_is_kept_nowhere_in_the_clear_and_whoever_saw_it_is_written_down(
    system: System, developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    added = await system.write("POST", ENDPOINTS, {"url": "https://shop.example/"})
    shown = [(await developer.post(f"{ENDPOINTS}/{added['id']}/secret")).json()["secret"]]
    rotated = await system.write("POST", f"{ENDPOINTS}/{added['id']}/rotate", {})
    shown.append((await developer.post(f"{ENDPOINTS}/{added['id']}/secret")).json()["secret"])
    assert shown[0] != shown[1]
    assert "secret" not in str(added) + str(rotated) + str(await system.read(f"{ENDPOINTS}/{added['id']}"))
    for (table,) in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        dump = str(await owner.fetch(f"SELECT t::text FROM {table} AS t"))
        assert not any(secret.removeprefix("whsec_") in dump for secret in shown), table
    looked = await owner.fetch("SELECT actor FROM audit_log WHERE verb = 'notices.record_showing'")
    assert len(looked) == 2


async def test_an_endpoint_is_changed_listed_and_removed(system: System, developer: httpx.AsyncClient) -> None:
    added = await system.write("POST", ENDPOINTS, {"url": "https://shop.example/"})
    one = f"{ENDPOINTS}/{added['id']}"
    assert added["types"] == []
    changed = await system.write("PATCH", one, {"types": ["task.done"]})
    assert (changed["url"], changed["types"]) == ("https://shop.example/", ["task.done"])
    changed = await system.write("PATCH", one, {"url": "https://other.example/", "types": []})
    assert (changed["url"], changed["types"]) == ("https://other.example/", [])
    assert (await system.read(ENDPOINTS))["items"] == [changed]
    removed = await system.write("DELETE", one)
    assert removed["disabled_at"] is not None
    assert await system.read(one) == removed
    assert (await system.read(ENDPOINTS))["items"] == []
    for method, path, body in (
        ("PATCH", one, {"types": []}),
        ("DELETE", one, None),
        ("POST", f"{one}/rotate", {}),
        ("POST", f"{one}/replay", {"from": 1, "to": 1}),
    ):
        answer = await developer.request(method, path, json=body, headers={"idempotency-key": f"{method}{path}"})
        assert_problem(answer, 404, "unknown_endpoint")


async def test_a_repeat_with_the_same_key_makes_no_second_endpoint(developer: httpx.AsyncClient) -> None:
    body, headers = {"url": "https://shop.example/"}, {"idempotency-key": "k1"}
    first = await developer.post(ENDPOINTS, json=body, headers=headers)
    again = await developer.post(ENDPOINTS, json=body, headers=headers)
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await developer.get(ENDPOINTS)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "https://10.0.0.1/"}, "invalid_webhook_url"),
        ({"url": "https://169.254.169.254/latest/"}, "invalid_webhook_url"),
        ({"url": "https://u:p@shop.example/"}, "invalid_webhook_url"),
        ({"url": "gopher://shop.example/"}, "invalid_webhook_url"),
        ({"url": "https://" + "a" * 3000}, "invalid_body"),
        ({"url": "https://shop.example/", "types": ["task.eaten"]}, "invalid_body"),
        ({"url": "https://shop.example/", "secret": "mine"}, "invalid_body"),
        ({}, "invalid_body"),
    ],
)
async def test_a_bad_endpoint_is_refused_and_changes_nothing(
    body: dict[str, Any], code: str, developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    before = await everything(owner, but=set())
    answer = await developer.post(ENDPOINTS, json=body, headers={"idempotency-key": "k1"})
    assert_problem(answer, 400, code)
    assert await everything(owner, but=set()) == before


@pytest.mark.parametrize("body", [{"from": 5, "to": 4}, {"from": 0, "to": 4}, {"from": 1, "to": 10_001}, {"from": 1}])
async def test_a_bad_range_is_refused(body: dict[str, int], system: System, developer: httpx.AsyncClient) -> None:
    added = await system.write("POST", ENDPOINTS, {"url": "https://shop.example/"})
    answer = await developer.post(f"{ENDPOINTS}/{added['id']}/replay", json=body, headers={"idempotency-key": "replay"})
    assert_problem(answer, 400, "invalid_body")


async def test_there_is_an_end_to_how_many_endpoints_one_may_have(system: System, developer: httpx.AsyncClient) -> None:
    for number in range(16):
        await system.write("POST", ENDPOINTS, {"url": f"https://shop.example/{number}"})
    answer = await developer.post(
        ENDPOINTS, json={"url": "https://shop.example/"}, headers={"idempotency-key": "one too many"}
    )
    assert_problem(answer, 422, "too_many_endpoints")


async def test_another_tenants_endpoint_is_as_good_as_none(
    developer: httpx.AsyncClient, door: Doorway, owner: asyncpg.Connection
) -> None:
    other = await make_merchant(owner)
    theirs = await Shop(door, other, "").listen("https://theirs.example/")
    before = await everything(owner)
    one = f"{ENDPOINTS}/{theirs}"
    for method, path, body in (
        ("GET", one, None),
        ("GET", f"{one}/notices", None),
        ("POST", f"{one}/secret", None),
        ("PATCH", one, {"url": "https://mine.example/"}),
        ("DELETE", one, None),
        ("POST", f"{one}/rotate", {}),
        ("POST", f"{one}/replay", {"from": 1, "to": 2}),
    ):
        answer = await developer.request(method, path, json=body, headers={"idempotency-key": f"{method}{path}"})
        assert_problem(answer, 404, "unknown_endpoint")
    assert await everything(owner) == before


async def test_the_feed_refuses_what_is_no_number(developer: httpx.AsyncClient) -> None:
    assert (await developer.get("/v1/events")).json() == {"items": [], "last": 0}
    for query in ("after=-1", "after=x", "limit=0", "limit=201", f"after={10**30}"):
        assert_problem(await developer.get(f"/v1/events?{query}"), 400, "invalid_parameter")
