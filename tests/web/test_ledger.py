"""The ledger over HTTP: the books at a moment, the journal as it is read, statements page by page, and undoing."""

import csv
import io
from decimal import Decimal

import httpx
import pytest

from compensation.customers.contact import Contact
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from tests.customers.test_customers import met
from tests.web.conftest import assert_problem

EUR = {"amount": 40_00, "currency": "EUR"}


async def _issue(developer: httpx.AsyncClient, key: str, **more: object) -> str:
    body = {"items": [{"kind": "gift_card", "amount": EUR, "bonus": {"amount": 4_00, "currency": "EUR"}}], **more}
    answer = await developer.post("/v1/orders", json=body, headers={"idempotency-key": key})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["rewards"][0]["id"])


async def test_the_trial_balance_balances_now_and_then(developer: httpx.AsyncClient, demo: Demo) -> None:
    begun = (await developer.get("/v1/ledger/trial-balance")).json()
    await _issue(developer, "a")
    now = (await developer.get("/v1/ledger/trial-balance")).json()
    assert all(total["debit"] == total["credit"] for total in now["totals"])
    cards = [line for line in now["lines"] if line["role"] == "card"]
    assert cards == [{"role": "card", "asset": "EUR", "accounts": 2, "debit": 0, "credit": 44_00}]
    again = (await developer.get("/v1/ledger/trial-balance", params={"at": begun["at"]})).json()
    assert again == begun
    assert len(again["totals"]) == 11


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "1999-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
async def test_a_moment_without_a_zone_or_out_of_reach_is_refused(developer: httpx.AsyncClient, at: str) -> None:
    assert_problem(await developer.get("/v1/ledger/trial-balance", params={"at": at}), 400, "invalid_time")
    assert_problem(await developer.get("/v1/ledger/journal", params={"from": at}), 400, "invalid_time")


async def test_both_journals_hold_every_posting_and_balance(developer: httpx.AsyncClient, demo: Demo) -> None:
    for number in range(3):
        await _issue(developer, f"k{number}")
    answer = await developer.get("/v1/ledger/journal")
    assert answer.headers["content-type"] == "application/json"
    journal = answer.json()
    assert journal["lines"][0]["kind"] == "fund"
    told = (await developer.get("/v1/ledger/journal.csv")).text
    rows = list(csv.DictReader(io.StringIO(told, newline="")))
    assert len(rows) == 2 * len(journal["lines"]) > 20
    for side in ("debit", "credit"):
        assert sum(Decimal(row[side] or 0) for row in rows if row["asset"] == "EUR") == Decimal("5264.00")
    assert {total["asset"]: total["debit"] for total in journal["totals"]}["EUR"] == 526400
    nothing = await developer.get("/v1/ledger/journal", params={"to": "2020-01-01T00:00:00Z"})
    assert nothing.json() == {"lines": [], "totals": []}
    later = (await developer.get("/v1/ledger/journal", params={"from": journal["lines"][-1]["at"]})).json()
    assert {line["transfer_id"] for line in later["lines"]} == {journal["lines"][-1]["transfer_id"]}


async def test_statements_of_a_reward_and_of_a_program_page_by_page(developer: httpx.AsyncClient, demo: Demo) -> None:
    reward = await _issue(developer, "a")
    first = (await developer.get(f"/v1/rewards/{reward}/statement", params={"limit": 1})).json()
    assert first["balance"] == first["entries"][0]["balance"] == {"amount": 44_00, "currency": "EUR"}
    second = (
        await developer.get(f"/v1/rewards/{reward}/statement", params={"limit": 1, "cursor": first["next"]})
    ).json()
    assert second["next"] is None
    assert second["entries"][0]["balance"] == second["entries"][0]["amount"]
    budget = (await developer.get(f"/v1/programs/{demo.program}/statement", params={"currency": "EUR"})).json()
    assert [entry["kind"] for entry in budget["entries"]] == ["issue", "fund"]
    assert_problem(
        await developer.get("/v1/programs/prg_x/statement", params={"currency": "EUR"}), 404, "unknown_program"
    )
    assert_problem(await developer.get("/v1/rewards/rwd_x/statement"), 404, "unknown_reward")


async def test_a_wrong_funding_is_undone_once(developer: httpx.AsyncClient, demo: Demo) -> None:
    lines = (await developer.get("/v1/ledger/journal")).json()["lines"]
    path = f"/v1/ledger/transfers/{lines[0]['transfer_id']}/reverse"
    done = await developer.post(path, headers={"idempotency-key": "a"})
    assert done.status_code == 201, done.text
    assert done.json()["reverses"] == lines[0]["transfer_id"]
    assert_problem(await developer.post(path, headers={"idempotency-key": "b"}), 409, "already_reversed")
    unknown = await developer.post("/v1/ledger/transfers/trf_x/reverse", headers={"idempotency-key": "c"})
    assert_problem(unknown, 404, "unknown_transfer")


async def test_a_wallet_is_spent_over_http(developer: httpx.AsyncClient, demo: Demo, door: Doorway) -> None:
    customer = await met(door, Who(demo.merchant, "api_key:test"), Contact(reference="ann"))
    item = {"kind": "store_credit", "amount": EUR}
    await developer.post(
        "/v1/orders", json={"items": [item], "customer_id": customer}, headers={"idempotency-key": "order"}
    )
    body = {"amount": {"amount": 15_00, "currency": "EUR"}, "reference": "sale 1"}
    path = f"/v1/customers/{customer}/wallet/spend"
    spent = await developer.post(path, json=body, headers={"idempotency-key": "spend"})
    assert spent.status_code == 201, spent.text
    assert spent.json()["balance"] == {"amount": 25_00, "currency": "EUR"}
    told = (await developer.get(f"/v1/customers/{customer}/statement", params={"currency": "EUR"})).json()
    assert [entry["balance"]["amount"] for entry in told["entries"]] == [25_00, 40_00]
    held = (await developer.get(f"/v1/customers/{customer}/wallet")).json()["held"]
    assert held[0]["lots"][0]["origin"] == "goodwill"
    assert_problem(
        await developer.post(path, json={"amount": {"amount": 0, "currency": "EUR"}}, headers={"idempotency-key": "z"}),
        400, "invalid_amount",
    )  # fmt: skip
