"""An import over HTTP: sent as a stream, refused when it is too much, and handed out to whom may see it."""

import csv
import io
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.imports.issue import Begin, Chunk, begin, conclude_import, issue_chunk
from compensation.imports.result import csv_line
from compensation.merchants.demo import Demo
from compensation.web.spool import MOST_BYTES
from tests.imports.conftest import cards, sheet
from tests.web.conftest import app, assert_problem, demo, developer, stranger

__all__ = ["app", "demo", "developer", "stranger"]

CSV = {"content-type": "text/csv"}


def keyed(key: str) -> dict[str, str]:
    return {**CSV, "idempotency-key": key}


@pytest.fixture
async def issued(developer: httpx.AsyncClient, door: Doorway, demo: Demo) -> str:
    """The id of a file of three cards that is issued."""
    rows = [{**row, "key": f"=cmd|{n}", "reference": "+1"} for n, row in enumerate(cards(3))]
    found = await upload(developer, sheet(rows, "key,kind,amount,currency,reference"))
    answer = await developer.post(
        f"/v1/imports/{found}/approve", json={"lines": 3}, headers={"idempotency-key": "approve"}
    )
    assert answer.status_code == 200, answer.text
    who = Who(demo.merchant, "system:import")
    await door.write(begin, who, Begin(found))
    await door.write(issue_chunk, who, Chunk(found, 1))
    await door.write(conclude_import, who, Begin(found))
    return found


async def upload(developer: httpx.AsyncClient, data: bytes, key: str = "u1") -> str:
    answer = await developer.post("/v1/imports?name=may.csv", content=data, headers=keyed(key))
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "checked"
    return str(answer.json()["id"])


async def test_the_same_file_under_the_same_key_is_taken_in_once(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    data = sheet(cards(3))
    first = await developer.post("/v1/imports", content=data, headers=keyed("u1"))
    again = await developer.post("/v1/imports", content=data, headers=keyed("u1"))
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await developer.post("/v1/imports", content=sheet(cards(4)), headers=keyed("u1"))
    assert assert_problem(other, 409, "idempotency_key_reused")["differing"] == ["sha256"]
    assert await owner.fetchval("SELECT count(*) FROM imports") == 1


async def test_two_hundred_megabytes_are_refused_whether_announced_or_not(
    developer: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    sent = 0

    async def much() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield b"x" * 1024 * 1024

    announced = await developer.post(
        "/v1/imports", content=much(), headers=keyed("a") | {"content-length": str(200 * 1024 * 1024)}
    )
    assert_problem(announced, 413, "file_too_large")
    streamed = await developer.post("/v1/imports", content=much(), headers=keyed("b"))
    assert_problem(streamed, 413, "file_too_large")
    assert await owner.fetchval("SELECT count(*) FROM imports") == 0
    assert MOST_BYTES < 200 * 1024 * 1024


async def test_another_type_of_body_is_refused(developer: httpx.AsyncClient) -> None:
    answer = await developer.post(
        "/v1/imports", content=b"x", headers={"content-type": "application/vnd.ms-excel", "idempotency-key": "k"}
    )
    assert_problem(answer, 415, "unsupported_media_type")


async def test_every_wrong_cell_is_named_page_by_page(developer: httpx.AsyncClient) -> None:
    data = sheet([{"key": n, "kind": "cash", "amount": "1", "currency": "EUR"} for n in range(5)])
    found = (await developer.post("/v1/imports", content=data, headers=keyed("k"))).json()
    assert (found["state"], found["lines"], found["flaws"]) == ("refused", 0, 5)
    seen, cursor = [], 0
    while cursor is not None:
        page = (await developer.get(f"/v1/imports/{found['id']}/flaws?limit=2&cursor={cursor}")).json()
        seen += [(one["line"], one["column"], one["code"], one["given"]) for one in page["items"]]
        assert all(one["detail"] for one in page["items"])
        cursor = page["next"]
    assert seen == [(line, "kind", "unknown_kind", "cash") for line in range(2, 7)]


async def test_a_file_that_cannot_be_read_says_what_to_do(developer: httpx.AsyncClient) -> None:
    answer = await developer.post(
        "/v1/imports", content="key,kind,amount,currency\nч".encode("cp1251"), headers=keyed("k2")
    )
    assert "UTF-8" in str(assert_problem(answer, 400, "wrong_encoding")["detail"])


async def test_no_spreadsheet_runs_anything_in_the_result(developer: httpx.AsyncClient, issued: str) -> None:
    answer = await developer.post(f"/v1/imports/{issued}/result", json={})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["key"] for row in rows] == ["'=cmd|0", "'=cmd|1", "'=cmd|2"]
    assert {row["reference"] for row in rows} == {"'+1"}
    assert [row["amount"] for row in rows] == ["1.50", "2.50", "3.50"]
    assert {row["state"] for row in rows} == {"issued"}
    assert {row["link"] + row["code"] for row in rows} == {""}, "nothing is shown that was not asked for"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", '"=1', "a,b", 'a"b', "a\r\nb", "الف"])
def test_a_cell_comes_back_as_it_was_or_with_an_apostrophe(cell: str) -> None:
    (back,) = csv.reader(io.StringIO(csv_line([cell, "z"]).decode(), newline=""), strict=True)
    assert back[0].removeprefix("'") == cell
    assert back[0][0] not in "=+-@\t\r"


async def test_a_system_may_ask_for_links_and_codes_and_that_is_written_down(
    developer: httpx.AsyncClient, stranger: httpx.AsyncClient, issued: str, owner: asyncpg.Connection
) -> None:
    links = (await developer.post(f"/v1/imports/{issued}/result", json={"format": "json", "show": "links"})).json()
    assert all(line["link"] and line["code"] is None for line in links)
    codes = (await developer.post(f"/v1/imports/{issued}/result", json={"format": "json", "show": "codes"})).json()
    for line in codes:
        found = await developer.post("/v1/gift-cards/lookup", json={"code": line["code"]})
        assert found.json()["balance"] == line["amount"]
        page = await stranger.get(line["link"].removeprefix("http://127.0.0.1:8000"))
        assert page.status_code == 200
    assert await owner.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'imports.record_download'") == 2


async def test_a_file_that_is_not_issued_has_no_result(developer: httpx.AsyncClient) -> None:
    found = await upload(developer, sheet(cards(1)))
    assert_problem(await developer.post(f"/v1/imports/{found}/result", json={}), 422, "not_issued_yet")


async def test_imports_are_listed_newest_first(developer: httpx.AsyncClient) -> None:
    ids = [await upload(developer, sheet(cards(1, n)), f"u{n}") for n in (1, 2, 3)]
    page = (await developer.get("/v1/imports?limit=2")).json()
    assert [one["id"] for one in page["items"]] == [ids[2], ids[1]]
    rest = (await developer.get(f"/v1/imports?limit=2&cursor={page['next']}")).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([ids[0]], None)
