"""Stories of bad input: each gets a problem that says what to do, and nothing is changed."""

import json
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath

from tests.web.conftest import assert_problem, everything
from tests.web.links import KETTLE

EUR = {"amount": 2500, "currency": "EUR"}
GOOD: dict[str, Any] = {"items": [{"kind": "gift_card", "amount": EUR}]}


def order(**item: Any) -> dict[str, Any]:
    return {"items": [{"kind": "gift_card", "amount": EUR, **item}]}


BAD_BODIES: dict[str, tuple[bytes, str, str | None]] = {
    "unknown currency": (json.dumps(order(amount={"amount": 1, "currency": "ZZZ"})).encode(), "unknown_currency", None),
    "zero": (json.dumps(order(amount={"amount": 0, "currency": "EUR"})).encode(), "invalid_body", "/items/0"),
    "negative": (json.dumps(order(amount={"amount": -5, "currency": "EUR"})).encode(), "invalid_body", "/items/0"),
    "10^30": (
        json.dumps(order(amount={"amount": 10**30, "currency": "EUR"})).encode(),
        "number_out_of_range",
        "/items/0/amount/amount",
    ),
    "more than any order": (
        json.dumps(order(amount={"amount": 10**15, "currency": "EUR"})).encode(),
        "invalid_body",
        "/items/0",
    ),
    "decimals": (
        json.dumps(order(amount={"amount": 1.005, "currency": "JPY"})).encode(),
        "invalid_body",
        "/items/0/amount/amount",
    ),
    "a text for a number": (
        json.dumps(order(amount={"amount": "2500", "currency": "EUR"})).encode(),
        "invalid_body",
        "/items/0/amount/amount",
    ),
    "unknown kind": (json.dumps(order(kind="gold")).encode(), "invalid_body", "/items/0/kind"),
    "unknown field": (json.dumps({**GOOD, "colour": "red"}).encode(), "invalid_body", "/colour"),
    "unknown field inside": (json.dumps(order(colour="red")).encode(), "invalid_body", "/items/0/colour"),
    "missing field": (b"{}", "invalid_body", "/items"),
    "NUL": (json.dumps({**GOOD, "reference": "a\x00b"}).encode(), "forbidden_character", "/reference"),
    "duplicate key": (b'{"items": [], "items": []}', "duplicate_key", "/items"),
    "NaN": (b'{"items": [{"kind": "gift_card", "amount": {"amount": NaN, "currency": "EUR"}}]}', "malformed_json",
            "/items/0/amount/amount"),
    "deep lists": (b"[" * 100_000, "body_too_deep", None),
    "deep objects": (b'{"items":' * 20_000, "body_too_deep", None),
    "brackets in a text are no depth": (json.dumps({**GOOD, "x": "[" * 99}).encode(), "invalid_body", "/x"),
    "half a surrogate": (b'{"reference": "\\ud800", "items": []}', "malformed_json", None),
    "not UTF-8": (b'{"reference": "\xff"}', "malformed_json", None),
    "not JSON": (b"items=1", "malformed_json", None),
    "a list": (b"[]", "invalid_body", None),
    "nothing": (b"", "invalid_body", None),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_bad_body_is_refused_where_it_is_wrong_and_changes_nothing(
    developer: httpx.AsyncClient, owner: asyncpg.Connection, name: str
) -> None:
    body, code, pointer = BAD_BODIES[name]
    before = await everything(owner, but=set())
    response = await developer.post("/v1/orders", content=body, headers={"idempotency-key": "k1"})
    problem = assert_problem(response, 400, code)
    assert problem.get("pointer") == pointer
    assert await everything(owner, but=set()) == before


async def test_a_word_that_is_not_one_of_ours_is_answered_with_those_that_are(developer: httpx.AsyncClient) -> None:
    report = {**KETTLE, "harms": [{"type": "material.defective_product", "severity": "dreadful"}]}
    response = await developer.post("/v1/cases", json=report, headers={"idempotency-key": "k1"})
    problem = assert_problem(response, 400, "invalid_body")
    assert problem["pointer"] == "/harms/0/severity"
    assert problem["allowed"] == ["critical", "high", "low", "medium"]
    unknown = {**KETTLE, "harms": [{"type": "material.boredom", "severity": "low"}]}
    response = await developer.post("/v1/cases", json=unknown, headers={"idempotency-key": "k2"})
    harms = assert_problem(response, 400, "unknown_harm")["allowed"]
    assert isinstance(harms, list)
    assert "material.defective_product" in harms
    for three_decimals in (1.005, "1.005"):
        order = {**KETTLE["order"], "amount": {"amount": three_decimals, "currency": "JPY"}}
        response = await developer.post("/v1/cases", json={**KETTLE, "order": order}, headers={"idempotency-key": "k3"})
        assert assert_problem(response, 400, "invalid_body")["pointer"] == "/order/amount/amount"


async def test_a_body_beyond_every_measure_is_refused_before_it_is_read(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    before = await everything(owner, but=set())
    response = await developer.post("/v1/orders", content=b" " * 300_000, headers={"idempotency-key": "k1"})
    assert_problem(response, 413, "body_too_large")
    assert await everything(owner, but=set()) == before


async def test_a_stranger_hears_that_he_is_one_and_not_whether_his_body_is_right(
    stranger: httpx.AsyncClient, developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    before = await everything(owner, but=set())
    for headers, code in (
        ({}, "api_key_needed"),
        ({"authorization": "Basic abc"}, "api_key_needed"),
        ({"authorization": "Bearer sk_test_dem0nobody"}, "wrong_api_key"),
        ({"authorization": "Bearer " + "x" * 5000}, "wrong_api_key"),
        ({"authorization": developer.headers["authorization"] + "x"}, "wrong_api_key"),
    ):
        response = await stranger.post("/v1/orders", content=b"not even JSON", headers=headers)
        assert_problem(response, 401, code)
        assert response.headers["www-authenticate"].startswith("Bearer")
    assert await everything(owner, but=set()) == before


async def test_a_write_without_an_idempotency_key_says_how_to_make_one(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    before = await everything(owner, but=set())
    problem = assert_problem(await developer.post("/v1/orders", json=GOOD), 400, "idempotency_key_needed")
    assert problem["parameter"] == "Idempotency-Key"
    long = await developer.post("/v1/orders", json=GOOD, headers={"idempotency-key": "k" * 256})
    assert_problem(long, 400, "invalid_idempotency_key")
    assert await everything(owner, but=set()) == before


async def test_the_same_key_gives_the_same_answer_and_another_body_a_conflict(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    first = await developer.post("/v1/orders", json=GOOD, headers={"idempotency-key": "k1"})
    assert first.status_code == 201, first.text
    assert "idempotency-replayed" not in first.headers
    after = await everything(owner, but=set())
    again = await developer.post("/v1/orders", json=GOOD, headers={"idempotency-key": "k1"})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = await developer.post(
        "/v1/orders", json=order(amount={"amount": 1, "currency": "EUR"}), headers={"idempotency-key": "k1"}
    )
    problem = assert_problem(other, 409, "idempotency_key_reused")
    assert problem["differing"] == ["items"]
    assert await everything(owner, but=set()) == after


async def test_a_program_out_of_budget_says_so_for_ever_under_the_same_key(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    before = await everything(owner)
    much = order(amount={"amount": 10**9, "currency": "EUR"})
    first = await developer.post("/v1/orders", json=much, headers={"idempotency-key": "k1"})
    assert_problem(first, 422, "budget_exhausted")
    again = await developer.post("/v1/orders", json=much, headers={"idempotency-key": "k1"})
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await everything(owner) == before


async def test_foreign_and_unknown_ids_get_one_answer(developer: httpx.AsyncClient) -> None:
    for unknown in ("rwd_00000000000000000000000000", "x", "%00", "..", "rwd_" + "z" * 300, "%f0%9f%98%80"):
        response = await developer.get(f"/v1/rewards/{unknown}")
        assert response.status_code in (400, 404), response.text
    assert_problem(await developer.get("/v1/rewards/rwd_00000000000000000000000000"), 404, "unknown_reward")


async def test_a_bad_parameter_is_named(developer: httpx.AsyncClient) -> None:
    for value in ("0", "-1", "many", "1e9", "99999999999999999999"):
        response = await developer.get("/v1/rewards", params={"limit": value})
        assert assert_problem(response, 400, "invalid_parameter")["parameter"] == "limit"


async def test_addresses_and_methods_that_are_not_there_are_problems_too(developer: httpx.AsyncClient) -> None:
    assert_problem(await developer.get("/v1/nothing"), 404, "not_found")
    assert_problem(await developer.get("/"), 404, "not_found")
    response = await developer.delete("/v1/orders")
    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["allow"]


async def test_another_host_name_is_not_answered(stranger: httpx.AsyncClient) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[", ""):
        assert_problem(await stranger.get("/v1/orders/x", headers={"host": host}), 421, "misdirected_request")
        assert (await stranger.get("/health", headers={"host": host})).status_code == 200


async def test_a_bug_of_ours_says_nothing_but_its_reference(
    app: Litestar, stranger: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    @get("/broken/{token:str}", include_in_schema=False)
    async def broken(token: FromPath[str]) -> None:
        raise ZeroDivisionError("the sum of all secrets")

    app.register(broken)
    problem = assert_problem(await stranger.get("/broken/a-customers-token"), 500, "internal")
    assert "secret" not in json.dumps(problem)
    assert str(problem["reference"]) in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("compensation")]
    assert "a-customers-token" not in "\n".join(ours)
