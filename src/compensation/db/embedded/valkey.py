"""A private Valkey (or Redis): the doorbell of the worker, on 127.0.0.1 with a password only we know."""

import os
import secrets
import shutil
import socket
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from compensation.db.embedded import binaries
from compensation.db.embedded.child import CannotStart, Child, free_port


class Valkey:
    """One server. ``folder`` keeps its append-only file for the next run; without one it is temporary.

    It runs as whoever we are: unlike PostgreSQL it has no quarrel with root. The port is chosen at the first start and
    stays through ``kill`` and a new ``start``.
    """

    def __init__(self, folder: Path | None = None, *, port: int | None = None) -> None:
        self.temporary = folder is None
        self.folder = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="compensation-"))
        self.port = port or 0
        self._password = secrets.token_hex(24)
        self.child = Child("Valkey", self.folder / "valkey.log")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """A secret: it carries the password, which is new with every object of this class."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        return self.child.pid

    async def start(self) -> None:
        """Start it and wait until it answers. Raises CannotStart."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            await self._listen()
        except PermissionError:
            raise CannotStart(f"{self.folder} belongs to another user. Run as that user, or remove it.") from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ask it to finish; what it held is in its append-only file. Removes the folder if it was temporary."""
        await self.child.stop()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    async def kill(self) -> None:
        """Kill -9, to be started again as after a crash."""
        await self.child.kill()

    async def _listen(self) -> None:
        """Start on our port; while none is chosen, another process may take the free one before we do, so try again."""
        attempts = 1 if self.port else 5
        for attempt in range(1, attempts + 1):
            port = self.port or free_port()
            # The configuration goes in by standard input: on the command line everybody could read the password.
            env = {"PATH": os.defpath, "TZ": "UTC"}
            self.child.start([binaries.valkey(), "-"], env=env, cwd=self.folder, stdin=self._configuration(port))
            try:
                await self.child.ready(partial(_answers, port, self._password), 30.0)
            except CannotStart:
                taken = "in use" in self.child.last_words()
                if taken and attempt < attempts:
                    continue
                if taken:
                    raise CannotStart(f"Port {port} of 127.0.0.1 is in use, so Valkey cannot listen there.") from None
                raise
            self.port = port
            return

    def _configuration(self, port: int) -> bytes:
        lines = (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password}",
            f"dir {self.folder}",
            "appendonly yes",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "loglevel warning",
        )
        return "\n".join(lines).encode()


def _answers(port: int, password: str) -> bool:
    """Whether it answers PING. While it still loads its file it answers LOADING instead."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in line.makefile("rb").read()
    except OSError:
        return False
