"""The development mailbox: an SMTP server on loopback that files every message in a Maildir and sends nothing on."""

import asyncio
import mailbox
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

FOLDER = "mailbox"
"""The Maildir's name inside ``Settings.data``; /dev/mailbox reads it there."""
_LOOPBACK = "127.0.0.1"


class Mailbox:
    """Files what it is given, and the envelope with it, as ``Return-Path`` and ``Delivered-To``."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"smtp://{_LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen, on a free port unless one was given. Raises OSError when that one is in use."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(self.folder, create=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, hostname="mailbox.localhost", loop=loop), _LOOPBACK, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    # aiosmtpd looks for its handler by this name.
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """File one message and say so to its sender."""
        content = envelope.original_content or b""
        lines = [f"Return-Path: <{envelope.mail_from or ''}>", *(f"Delivered-To: {to}" for to in envelope.rcpt_tos)]
        self._maildir.add("\r\n".join(lines).encode() + b"\r\n" + content)
        return "250 Filed"
