"""Evidence over HTTP: a form with one file in, an inert download out, and nothing larger than it may be."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from compensation.cases.evidence.piece import MAX_BYTES
from compensation.merchants.demo import Demo
from tests.cases.test_evidence import PDF, picture
from tests.web.conftest import assert_problem

REPORT = {
    "harms": [{"type": "financial.direct_financial_loss", "severity": "high"}],
    "country": "DE",
    "reason_code": "prepayment_not_returned",
    "order": {"number": "SN-1", "amount": {"amount": 54000, "currency": "EUR"}},
    "facts": {"prepaid_unreturned": True, "cancelled_by_merchant": True},
    "customer": {"reference": "C-1", "name": "Hannah Weber", "email": "hannah@weber.example"},
}


def once() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


@pytest.fixture
async def path(developer: httpx.AsyncClient) -> str:
    """Where the evidence of a fresh case is."""
    opened = await developer.post("/v1/cases", json=REPORT, headers=once())
    return f"/v1/cases/{opened.json()['id']}/evidence"


async def send(client: httpx.AsyncClient, path: str, what: bytes, name: str = "r.pdf", **more: Any) -> httpx.Response:
    return await client.post(path, files={"file": (name, what, "text/html")}, headers=once(), **more)


async def test_what_was_sent_comes_back_as_a_download_that_no_browser_opens(
    developer: httpx.AsyncClient, path: str
) -> None:
    sent = await send(developer, path, PDF, 'ticket".html\r\nX: y', data={"kind": "receipt"})
    assert sent.status_code == 201, sent.text
    piece = sent.json()
    assert (piece["kind"], piece["media_type"], piece["size"]) == ("receipt", "application/pdf", len(PDF))
    listed = (await developer.get(path)).json()["items"]
    assert [one["id"] for one in listed] == [piece["id"]]
    got = await developer.get(f"{path}/{piece['id']}/file")
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith(f'attachment; filename="{piece["id"]}.pdf"')
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert "sandbox" in got.headers["content-security-policy"]
    assert "x" not in got.headers


async def test_a_file_that_is_too_large_is_refused_while_it_arrives(developer: httpx.AsyncClient, path: str) -> None:
    assert_problem(await send(developer, path, PDF + bytes(MAX_BYTES)), 422, "file_too_large")
    assert_problem(await send(developer, path, PDF + bytes(2 * MAX_BYTES)), 413, "file_too_large")


async def test_it_is_counted_while_it_arrives_when_nobody_said_how_long_it_is(
    developer: httpx.AsyncClient, path: str
) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        while asked < 1000:
            asked += 1
            yield bytes(1024 * 1024)
            await asyncio.sleep(0)

    headers = {**once(), "content-type": "multipart/form-data; boundary=x"}
    assert_problem(await developer.post(path, content=endless(), headers=headers), 413, "file_too_large")
    assert asked < 12, "what comes after the limit is not even read"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"files": {"other": ("f", PDF)}}, 400, "file_needed"),
        ({"data": {"file": "text"}}, 400, "file_needed"),
        ({"json": {}}, 400, "file_needed"),
        ({"content": b"--", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, None),
        ({"content": b"--", "headers": {"content-type": "multipart/form-data"}}, 400, None),
        ({"files": {"file": ("f", PDF)}, "data": {"kind": "secret"}}, 400, "unknown_evidence_kind"),
        ({"files": {"file": ("f.pdf", b"<html>")}}, 422, "unknown_file_type"),
    ],
)
async def test_what_is_no_form_with_a_file_is_refused(
    developer: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str | None
) -> None:
    headers = {**once(), **body.pop("headers", {})}
    answer = await developer.post(path, headers=headers, **body)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code
    assert (await developer.get(path)).json() == {"items": []}


async def test_a_strangers_case_has_no_evidence(developer: httpx.AsyncClient, path: str, demo: Demo) -> None:
    piece = (await send(developer, path, picture(), "p.jpg")).json()["id"]
    other = path.replace(path.split("/")[3], "case_" + "0" * 26)
    assert_problem(await developer.get(other), 404, "unknown_case")
    assert_problem(await developer.get(f"{other}/{piece}/file"), 404, "unknown_evidence")
    assert_problem(await send(developer, other, PDF), 404, "unknown_case")
    assert_problem(await developer.get(f"{path}/evd_{'0' * 26}/file"), 404, "unknown_evidence")


async def test_without_a_key_nothing_is_read(stranger: httpx.AsyncClient, path: str) -> None:
    assert_problem(await send(stranger, path, PDF), 401, "api_key_needed")
