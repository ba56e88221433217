"""A merchant's server on this machine: it keeps what it is told, and answers as it is bidden."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Self

import msgspec
from standardwebhooks import Webhook


class Message(msgspec.Struct):
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded

    def is_signed_by(self, secret: str) -> bool:
        """By the library a merchant would use; raises when no signature is right or the time is wrong."""
        Webhook(secret).verify(self.body, self.headers)
        return True


class Receiver:
    """``answer`` says the status, or the whole answer as bytes; ``open`` cleared makes every answer wait."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self.told: list[Message] = []
        self.answer: Callable[[Message], int | bytes] = lambda message: 204
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()
        self._trust = trust
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def numbers(self) -> list[int]:
        return [message.event["number"] for message in self.told]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        await self.stop()

    async def start(self) -> None:
        """Again at the same port, if it was open before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._trust)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            # The library compares signatures, whose case matters.
            headers |= {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in head[1:] if line}
            body = await reader.readexactly(int(headers["content-length"]))
            message = Message(head[0].split(" ")[1], headers, body)
            self.told.append(message)
            self.arrived.set()
            await self.open.wait()
            said = self.answer(message)
            writer.write(said if isinstance(said, bytes) else b"HTTP/1.1 %d Said\r\ncontent-length: 0\r\n\r\n" % said)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller hung up, as a caller whose deadline is over does
        finally:
            writer.close()
