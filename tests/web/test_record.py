"""The record of a case: all of it in one file, checkable, and without what a thief could use."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from compensation.cases.verify import judge
from compensation.customers.erase import Erase, erase
from compensation.db.outbox import claim
from compensation.db.unit import Doorway
from compensation.delivery.send import Post, send
from compensation.merchants.demo import Demo
from compensation.partners.smtp import Sent
from tests.cases.test_evidence import PDF
from tests.web.conftest import assert_problem
from tests.web.links import Visit


class Postbox:
    """A mail server that takes everything."""

    async def send(self, message: object) -> Sent:
        return Sent("taken")


@pytest.fixture
async def visit(door: Doorway, demo: Demo, developer: httpx.AsyncClient) -> Visit:
    return Visit(door, demo.merchant, developer)


async def opened(visit: Visit, case_id: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    answer = await visit.developer.get(f"/v1/cases/{case_id}/record")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{case_id}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    return json.loads(files.pop("record.json")), files


async def test_everything_about_a_case_is_in_its_record(visit: Visit, door: Doorway, post: Post) -> None:
    lines = [{"type": "travel", "amount": {"amount": 900, "currency": "EUR"}}]
    case = await visit.report(cost_lines=lines)
    here = f"/v1/cases/{case['id']}"
    headers = {"idempotency-key": "r-1"}
    body = {"cost_lines": [{"line": 1, "accepted": True}], "reason": "The ticket is genuine."}
    assert (await visit.developer.post(f"{here}/reassess", json=body, headers=headers)).status_code == 200
    sent = await visit.developer.post(
        f"{here}/evidence", files={"file": ("t.pdf", PDF)}, headers={"idempotency-key": "e-1"}
    )
    assert sent.status_code == 201
    while task := await claim(door, visit.merchant, door.clock()):
        if task.topic == "send":
            await send(door, post, Postbox(), task)
    token = await visit.link("offers", case["id"])

    record, receipts = await opened(visit, case["id"])
    assert record["case"]["owed"]["amount"] == case["owed"]["amount"] + 900
    assert record["heard"]["report"]["words"] == "My new kettle stopped heating after two days."
    assert [one["name"] for one in record["evidence"]] == ["t.pdf"]
    assert "The ticket is genuine." in [event["said"] for event in record["events"]]
    assert record["messages"][0]["letter"] == "offers"
    assert token not in json.dumps(record), "a record is no key to what was sent"
    assert "/o/…" in record["messages"][0]["text"]
    assert sorted(receipts) == record["receipts"]
    assert len(receipts) == 2
    assert all(judge(each, [door.vault.verifier(1)]).valid for each in receipts.values())

    await door.write(erase, visit.system, Erase(case["customer_id"]))
    record, _ = await opened(visit, case["id"])
    assert record["heard"] is None
    assert [one["name"] for one in record["evidence"]] == [None]
    assert [one["text"] for one in record["messages"]] == [None] * len(record["messages"])
    assert "Haddad" not in json.dumps(record)


async def test_of_no_case_there_is_no_record(developer: httpx.AsyncClient) -> None:
    assert_problem(await developer.get(f"/v1/cases/case_{'0' * 26}/record"), 404, "unknown_case")


@pytest.fixture
def post(app: Any) -> Post:
    made: Post = app.state.post
    return made
