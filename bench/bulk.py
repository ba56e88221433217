"""A file of gift cards, uploaded, approved and issued by one worker: how fast, and how much memory it takes."""

import asyncio
import os
import time

import msgspec

from bench.client import Connection, connect
from bench.house import House, running
from bench.measures import Fact, Wrong
from bench.processor import highest

CARDS = 30_000
"""Cards a second, from the accepted file to the last commit."""
FLAT = 1.15
"""How much more memory the long file may take than one of a tenth of its lines."""


class Taken(msgspec.Struct, frozen=True):
    """Seconds for checking the file, and from its approval to the last commit; the most bytes each process held."""

    checked: float
    issued: float
    web: int
    worker: int


async def measured(house: House, lines: int) -> list[Fact]:
    """A tenth of the lines first, to see what memory does."""
    async with running(house, "work") as worker:
        short = await _taken(house, worker, lines // 10)
        long = await _taken(house, worker, lines)
    rate, more = lines / long.issued, (long.web + long.worker) / (short.web + short.worker)
    return [
        Fact(f"bulk: {lines:,} lines taken in and checked", lines / long.checked, "lines/s"),
        Fact(f"bulk: {lines:,} cards issued, with links", rate, "cards/s", f"≥ {CARDS:,}", rate >= CARDS),
        Fact("bulk: peak memory, by that of a tenth of the file", more, "×", f"≤ {FLAT}", more <= FLAT),
    ]


async def _taken(house: House, worker: int, lines: int) -> Taken:
    connection = await connect(house.port)
    program = house.programs[0]
    rows = [f"bulk-{lines}-{number},gift_card,5.00,EUR,{program}" for number in range(lines)]
    began = time.perf_counter()
    taken = await _ask(house, connection, "POST", "", "\n".join(["key,kind,amount,currency,program", *rows]).encode())
    checked = time.perf_counter() - began
    if taken["state"] != "checked":
        raise Wrong(f"the file was not taken: {taken['state']}")
    began = time.perf_counter()
    await _ask(house, connection, "POST", f"/{taken['id']}/approve", msgspec.json.encode({"lines": lines}))
    while (await _ask(house, connection, "GET", f"/{taken['id']}"))["state"] != "issued":
        await asyncio.sleep(0.05)
    issued = time.perf_counter() - began
    connection.close()
    return Taken(checked, issued, highest(house.web), highest(worker))


async def _ask(house: House, connection: Connection, method: str, path: str, body: bytes = b"") -> dict[str, object]:
    kind = "application/json" if body.startswith(b"{") else "text/csv"
    head = (
        f"{method} /v1/imports{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {house.api_key}\r\n"
        f"Idempotency-Key: {os.urandom(8).hex()}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    status, answer = await connection.ask(head.encode() + body)
    if status not in (200, 201):
        raise Wrong(f"{method} /v1/imports{path}: {status} {answer[:300]!r}")
    found: dict[str, object] = msgspec.json.decode(answer)
    return found
