"""A load that costs little itself, because it shares the processor with what it measures: bare HTTP/1.1, kept alive."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import cast

import msgspec

Ask = Callable[[], bytes]
"""Makes the next request, whole, as bytes."""
_WARM = 0.15
"""The share of the time that is not counted: connections open, plans are made, batches find their size."""


class Load(msgspec.Struct, frozen=True):
    """What came of a load. ``times`` are seconds from the last byte out to the last byte in, sorted."""

    seconds: float
    times: list[float]
    statuses: dict[int, int]

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)] if self.times else 0.0


class Connection(asyncio.Protocol):
    """One request at a time. Every answer must name its length; ours do."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._got = b""
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._whole:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            start = self._got.find(b"content-length: ", 0, end) + 16
            self._whole = end + 4 + int(self._got[start : self._got.find(b"\r\n", start)])
        if len(self._got) >= self._whole and self._waiting is not None:
            body = self._got[self._got.find(b"\r\n\r\n") + 4 : self._whole]
            status = int(self._got[9:12])
            self._got, self._whole = b"", 0
            self._waiting.set_result((status, body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("the server hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        assert self._transport is not None, "a connection is asked once it is made"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def load(port: int, ask: Ask, clients: int, seconds: float) -> Load:
    """Ask with so many clients for so long, each sending its next request when it has its answer."""
    times: list[float] = []
    statuses: Counter[int] = Counter()
    begin = time.perf_counter()
    counted, end = begin + seconds * _WARM, begin + seconds

    async def client() -> None:
        connection = await connect(port)
        try:
            while (sent := time.perf_counter()) < end:
                status, _ = await connection.ask(ask())
                if sent >= counted:
                    times.append(time.perf_counter() - sent)
                    statuses[status] += 1
        finally:
            connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    times.sort()
    return Load(time.perf_counter() - counted, times, dict(statuses))


def posting(path: str, api_key: str, bodies: Iterator[bytes]) -> Ask:
    """Makes POST requests, each with an Idempotency-Key of its own."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {api_key}\r\n"
        "Content-Type: application/json\r\n"
    ).encode()
    numbers, run = count(), time.time_ns()

    def ask() -> bytes:
        body = next(bodies)
        return b"%sIdempotency-Key: bench-%d-%d\r\nContent-Length: %d\r\n\r\n%s" % (
            head, run, next(numbers), len(body), body,
        )  # fmt: skip

    return ask
