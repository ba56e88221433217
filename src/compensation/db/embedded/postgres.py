"""A private PostgreSQL: made once in its folder, reachable on 127.0.0.1 with a password only we know."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from compensation.db.embedded import binaries
from compensation.db.embedded.account import Account
from compensation.db.embedded.child import CannotStart, Child, free_port
from compensation.db.embedded.folder import Folder

_OWNER = "postgres"
_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
"""All that a server is told of ours: no PGDATA, no PGPORT, no library path of the caller may mislead it."""


class Postgres:
    """One cluster. ``folder`` keeps it for the next run; without one it is temporary and removed at the end.

    ``settings`` are PostgreSQL's own (``{"max_connections": 20, "synchronous_commit": "off"}``). The port is chosen at
    the first start and stays through ``kill`` and a new ``start``, as a server in the world would keep it.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        settings: Mapping[str, str | int] | None = None,
        database: str = "compensation",
        port: int | None = None,
    ) -> None:
        self.database = database
        self.port = port or 0
        self._settings = dict(settings or {})
        self._account = _account()
        self._folder = Folder(folder, self._account)
        self.folder = self._folder.path
        self.child = Child("PostgreSQL", self.folder / "postgres.log", signal.SIGINT)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The database, as the owner of everything in this cluster. A secret: it carries the password."""
        return self.url_of(self.database)

    @property
    def pid(self) -> int:
        """The postmaster, for tests that freeze or kill it."""
        return self.child.pid

    def url_of(self, database: str) -> str:
        """Another database of the same cluster."""
        password = (self.folder / "password").read_text(encoding="ascii")
        return f"postgresql://{_OWNER}:{password}@127.0.0.1:{self.port}/{database}"

    async def start(self) -> None:
        """Make the cluster if there is none, start it and wait until it answers. Raises CannotStart."""
        try:
            self._folder.claim()
            await self._folder.settle()
            programs = binaries.postgres(binaries.installed(), self._account, self.folder, self._folder.version())
            if not self._folder.data.exists():
                self._initialise(programs)
            await self._listen(programs)
            await self._create_database()
        except PermissionError as error:
            await self.stop()
            raise CannotStart(f"{error.filename} belongs to another user. Run as that user, or remove it.") from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """A fast shutdown: sessions are ended, all is on disk. Frees the folder; removes it if it was temporary."""
        await self.child.stop()
        self._folder.release()
        if self._folder.temporary:
            self._folder.remove()

    async def kill(self) -> None:
        """Kill -9 the postmaster and wait until its last session is gone; ``start`` then recovers as after a crash."""
        await self.child.kill()
        await self._folder.settle()

    async def erase(self) -> None:
        """Delete the cluster with its data, once a killed run has let go of them. Raises CannotStart while in use."""
        self._folder.claim()
        await self._folder.settle()
        self._folder.remove()
        self._folder.release()

    # -- one after the other ------------------------------------------------------------------------------------
    def _initialise(self, programs: binaries.Binaries) -> None:
        """Make the cluster beside its place and move it there whole, so that a run cut short leaves no half of one."""
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        password = self._folder.keep_secret("password", secrets.token_hex(24))
        locale = ["--locale-provider=builtin"] if programs.major >= 17 else []
        argv: list[str | Path] = [
            *(programs.folder / "initdb", "-D", making, "-U", _OWNER, "-A", "scram-sha-256"),
            *(f"--pwfile={password}", "-E", "UTF8", "--data-checksums", *locale, "--locale=C.UTF-8"),
            *(["--no-sync"] if self._folder.temporary else []),
        ]
        made = subprocess.run(
            argv,
            env=_ENVIRONMENT,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            **(self._account.for_popen() if self._account else {}),
        )
        if made.returncode:
            raise CannotStart(f"PostgreSQL could not make its data folder {self._folder.data}: {made.stderr.strip()}")
        making.replace(self._folder.data)

    async def _listen(self, programs: binaries.Binaries) -> None:
        """Start on our port; while none is chosen, another process may take the free one before we do, so try again."""
        attempts = 1 if self.port else 5
        for attempt in range(1, attempts + 1):
            port = self.port or free_port()
            options: dict[str, str | int] = {
                "listen_addresses": "127.0.0.1",
                "port": port,
                "unix_socket_directories": "",
            }
            options |= {"timezone": "UTC", "log_timezone": "UTC", "log_min_messages": "warning"}
            flags = _flags(options | self._settings)
            argv: list[str | Path] = [programs.folder / "postgres", "-D", self._folder.data, *flags]
            self.child.start(argv, env=_ENVIRONMENT, cwd=self.folder, account=self._account)
            try:
                await self.child.ready(self._answers, 60.0)
            except CannotStart:
                taken = "could not bind" in self.child.last_words()
                if taken and attempt < attempts:
                    continue
                if taken:
                    raise CannotStart(
                        f"Port {port} of 127.0.0.1 is in use, so PostgreSQL cannot listen there."
                    ) from None
                raise
            self.port = port
            return

    def _answers(self) -> bool:
        """Whether the postmaster, this one, says in its pid file that it takes connections."""
        try:
            lines = (self._folder.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.url_of("postgres"), timeout=10, command_timeout=30)
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", self.database):
                await connection.execute(f'CREATE DATABASE "{self.database}"')
        finally:
            await connection.close()


def _account() -> Account | None:
    try:
        return Account.unprivileged()
    except LookupError as error:
        raise CannotStart(str(error)) from None


def _flags(options: Mapping[str, str | int]) -> Iterator[str]:
    for name, value in options.items():
        yield from ("-c", f"{name}={value}")
