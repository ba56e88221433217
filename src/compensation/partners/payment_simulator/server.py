"""The simulated processor on a port of this machine: it answers, or for some payments fails to, as their names say."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import h11

from compensation.core.errors import Invalid
from compensation.core.settings import Settings
from compensation.partners.payment_simulator.api import ADDRESS, Answer, Api, Request, Trouble
from compensation.partners.payment_simulator.book import Book
from compensation.partners.payment_simulator.names import Habit

FILE = "payments.sqlite"
"""The book's name inside ``Settings.data``."""
SLOW = 3.0
"""Seconds a slow answer takes."""
_PATIENCE = 60.0
"""Seconds we wait for a client that gets no answer to hang up."""
_MOST_BYTES = 65_536
_LOOPBACK = "127.0.0.1"
_UNREADABLE = Trouble(400, "The request is too long, broken off, or not a form.").answer


class PaymentSimulator:
    """The server, from ``async with`` to its end. Port 0 is a free one; ``url`` is known inside."""

    def __init__(self, path: Path, port: int = 0, clock: Callable[[], float] = time.time, slow: float = SLOW) -> None:
        self._path = path
        self._port = port
        self._clock = clock
        self._slow = slow
        self._in_flight: set[str] = set()
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when the port is in use."""
        self._server = await asyncio.start_server(self._connected, _LOOPBACK, self._port, start_serving=False)
        self._port = self._server.sockets[0].getsockname()[1]
        self._book = Book(self._path, self._clock)
        self._api = Api(self._book)
        await self._server.start_serving()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._book.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which carries one request."""
        wire = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_BYTES)
        # A client may hang up at any moment, in the middle of his request too, after which h11 lets nothing be said;
        # whoever plays an outside world has nobody to tell.
        gone = (ConnectionError, TimeoutError, h11.LocalProtocolError)
        with contextlib.suppress(*gone), contextlib.closing(writer):
            request = await _read(wire, reader)
            answer = await self._one_at_a_time(request, reader) if request else _UNREADABLE
            if answer is not None:
                writer.write(_written(wire, answer))
                await writer.drain()

    async def _one_at_a_time(self, request: Request, reader: asyncio.StreamReader) -> Answer | None:
        if request.key in self._in_flight:
            same = "A request with this idempotency key is being worked on."
            return Trouble(409, same, code="idempotency_key_in_use").answer
        if not request.key:
            return await self._answer(request, reader)
        self._in_flight.add(request.key)
        try:
            return await self._answer(request, reader)
        finally:
            self._in_flight.discard(request.key)

    async def _answer(self, request: Request, reader: asyncio.StreamReader) -> Answer | None:
        """The answer, or None when the client was kept waiting until it hung up."""
        payment = request.payment if (request.method, request.path) == ("POST", "/v1/refunds") else None
        habit = payment.habit if payment else Habit.prompt
        if habit is Habit.slow:
            await _hung_up(reader, self._slow)
        unwell = habit in (Habit.busy, Habit.lost_before, Habit.lost_after) and self._book.first_time(request.key)
        if unwell and habit is Habit.busy:
            return Trouble(429, "Too many requests.", code="rate_limit").answer
        answer = self._api.answer(request) if not (unwell and habit is Habit.lost_before) else None
        if unwell:
            await _hung_up(reader, _PATIENCE)
            return None
        return answer


def main(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, at ``settings.payments_url`` or ADDRESS.

    Raises Invalid in production, and for an address that is not on this machine.
    """
    if not settings.development:
        raise Invalid("not_in_production", "The payment simulator moves no money; it runs in development only.")
    address = urlsplit(settings.payments_url or ADDRESS)
    if address.scheme != "http" or address.hostname not in (_LOOPBACK, "localhost") or not address.port:
        raise Invalid("invalid_settings", f"COMPENSATION_PAYMENTS_URL must be an address such as {ADDRESS}.")
    asyncio.run(_until_asked(PaymentSimulator(settings.data / FILE, address.port)))
    return 0


async def _until_asked(simulator: PaymentSimulator) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with simulator:
        print(f"payment simulator: {simulator.url}", flush=True)
        await asked.wait()


async def _read(wire: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    """The whole request; None when it is too long, broken off, or holds no form in UTF-8."""
    head: h11.Request | None = None
    body = b""
    try:
        async with asyncio.timeout(_PATIENCE):
            while type(event := wire.next_event()) is not h11.EndOfMessage:
                if event is h11.NEED_DATA:
                    wire.receive_data(await reader.read(_MOST_BYTES))
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                if isinstance(event, h11.ConnectionClosed) or len(body) > _MOST_BYTES:
                    return None
        return _request(head, body) if head else None
    except (h11.RemoteProtocolError, ValueError):
        return None


def _request(head: h11.Request, body: bytes) -> Request:
    """Raises ValueError for what is no form in UTF-8."""
    address = urlsplit(head.target.decode())
    form = parse_qsl(body.decode() or address.query, errors="strict", max_num_fields=200)
    headers = {name.decode(): value.decode() for name, value in head.headers}
    key, authorization = headers.get("idempotency-key", ""), headers.get("authorization", "")
    return Request(head.method.decode(), address.path, dict(form), authorization, key)


def _written(wire: h11.Connection, answer: Answer) -> bytes:
    headers = [("content-type", "application/json"), ("content-length", str(len(answer.body))), ("connection", "close")]
    if answer.replayed:
        headers.append(("idempotent-replayed", "true"))
    events = (h11.Response(status_code=answer.status, headers=headers), h11.Data(data=answer.body), h11.EndOfMessage())
    return b"".join(wire.send(event) or b"" for event in events)


async def _hung_up(reader: asyncio.StreamReader, within: float) -> None:
    """Wait until the client hangs up, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while await reader.read(_MOST_BYTES):
                pass
