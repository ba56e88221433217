"""A server on a port of this machine that stands in for a partner: one request a connection, and answers that may fail.

It knows HTTP and nothing of what is asked.
"""

import asyncio
import contextlib
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import h11
import msgspec

from compensation.core.errors import Invalid
from compensation.core.settings import Settings
from compensation.partners.memory import Memory

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0
"""Seconds we wait for a client that gets no answer to hang up, or for one that does not end his request."""
_MOST_BYTES = 65_536


class Heard(msgspec.Struct, frozen=True):
    """A whole request. Names of headers are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Said(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


Client = asyncio.StreamReader


class StandIn(ABC):
    """The server, from ``async with`` to its end. Port 0 is a free one; ``url`` is known inside."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._open: set[asyncio.Task[None]] = set()

    @abstractmethod
    def remember(self) -> Memory:
        """Open what it remembers; closed at the end."""

    @abstractmethod
    async def answer(self, heard: Heard | None, client: Client) -> Said | None:
        """The answer. None is heard when a request is too long or broken off, and returned for a client that waited in
        vain."""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when the port is in use."""
        self._memory = self.remember()
        try:
            self._server = await asyncio.start_server(self._connected, LOOPBACK, self._port)
        except OSError:
            self._memory.close()
            raise
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._memory.close()

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
            said = await self.answer(await _read(wire, reader), reader)
            if said is not None:
                writer.write(_written(wire, said))
                await writer.drain()


async def hung_up(client: Client, within: float = PATIENCE) -> None:
    """Wait until the client hangs up, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while await client.read(_MOST_BYTES):
                pass


def own_port(settings: Settings, told: str, default: str, variable: str) -> int:
    """The port to listen on: that of the address ``told``, or of ``default``.

    Raises Invalid in production, and for an address that is not on this machine.
    """
    if not settings.development:
        raise Invalid("not_in_production", "A simulator stands for nobody real; it runs in development only.")
    address = urlsplit(told or default)
    if address.scheme != "http" or address.hostname not in (LOOPBACK, "localhost") or not address.port:
        raise Invalid("invalid_settings", f"{variable} must be an address such as {default}.")
    return address.port


def serve(what: StandIn, name: str) -> int:
    """The command: serve until SIGINT or SIGTERM."""
    asyncio.run(_until_asked(what, name))
    return 0


async def _until_asked(what: StandIn, name: str) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with what:
        print(f"{name}: {what.url}", flush=True)
        await asked.wait()


async def _read(wire: h11.Connection, reader: asyncio.StreamReader) -> Heard | None:
    """The whole request; None when it is too long or broken off."""
    head: h11.Request | None = None
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while type(event := wire.next_event()) is not h11.EndOfMessage:
                if event is h11.NEED_DATA:
                    wire.receive_data(await reader.read(_MOST_BYTES))
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                if isinstance(event, h11.ConnectionClosed) or len(body) > _MOST_BYTES:
                    return None
        return _heard(head, body) if head else None
    except (h11.RemoteProtocolError, ValueError):
        return None


def _heard(head: h11.Request, body: bytes) -> Heard:
    """Raises ValueError for an address that is not UTF-8."""
    address = urlsplit(head.target.decode())
    headers = {name.decode(): value.decode() for name, value in head.headers}
    return Heard(head.method.decode(), address.path, address.query, headers, body)


def _written(wire: h11.Connection, said: Said) -> bytes:
    headers = [
        ("content-type", "application/json"),
        ("content-length", str(len(said.body))),
        ("connection", "close"),
        *said.headers,
    ]
    events = (h11.Response(status_code=said.status, headers=headers), h11.Data(data=said.body), h11.EndOfMessage())
    return b"".join(wire.send(event) or b"" for event in events)
