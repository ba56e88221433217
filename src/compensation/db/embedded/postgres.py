"""A private PostgreSQL: made once in its folder, reachable on 127.0.0.1 with a password only we know."""

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import asyncpg

from compensation.db.embedded import binaries
from compensation.db.embedded.account import Account
from compensation.db.embedded.child import CannotStart, Child, free_port, until

_OWNER = "postgres"
_REFUGE = Path("/var/lib/compensation")
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
        self.temporary = folder is None
        self.database = database
        self.port = port or 0
        self._settings = dict(settings or {})
        self._account = _account()
        self.folder = _home(
            folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="compensation-")), self._account
        )
        self._data = self.folder / "data"
        self.child = Child("PostgreSQL", self.folder / "postgres.log", signal.SIGINT)
        self._lock: IO[str] | None = None

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
            self._claim()
            await self._settle()
            programs = binaries.postgres(binaries.installed(), self._account, self.folder, self._version())
            if not self._data.exists():
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
        self._release()
        if self.temporary:
            self._remove()

    async def kill(self) -> None:
        """Kill -9 the postmaster and wait until its last session is gone; ``start`` then recovers as after a crash."""
        await self.child.kill()
        await self._settle()

    async def erase(self) -> None:
        """Delete the cluster with its data, once a killed run has let go of them. Raises CannotStart while in use."""
        self._claim()
        await self._settle()
        self._remove()
        self._release()

    # -- one after the other ------------------------------------------------------------------------------------
    def _claim(self) -> None:
        """Take the folder for this process alone; the lock goes with the process, however it ends."""
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CannotStart(f"Another process uses the PostgreSQL in {self.folder}.") from None
        self._lock = lock
        if self._account:
            self._account.own(self.folder)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent == _REFUGE and not any(_REFUGE.iterdir()):
            _REFUGE.rmdir()

    async def _settle(self) -> None:
        """Wait for what a killed run left behind. We hold the lock, so whoever still works in the data is an orphan.

        The file postmaster.pid is left to PostgreSQL, which finds leftover shared memory by it; but a number in it that
        now belongs to a stranger would keep PostgreSQL from starting for ever, so that one is removed.
        """
        pidfile = self._data / "postmaster.pid"
        for number in (signal.SIGINT, signal.SIGKILL):
            if await until(lambda: not _inhabitants(self._data), 0.5 if number is signal.SIGINT else 10.0):
                break
            for pid in _inhabitants(self._data):
                os.kill(pid, number)
        if not await until(lambda: not _inhabitants(self._data), 10.0):
            raise CannotStart(f"Processes of an earlier run still work in {self._data}: {_inhabitants(self._data)}.")
        if pidfile.exists() and _alive(pidfile):
            pidfile.unlink()

    def _version(self) -> int | None:
        try:
            return int((self._data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def _initialise(self, programs: binaries.Binaries) -> None:
        """Make the cluster beside its place and move it there whole, so that a run cut short leaves no half of one."""
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        self._write("password", secrets.token_hex(24))
        locale = ["--locale-provider=builtin"] if programs.major >= 17 else []
        argv: list[str | Path] = [
            *(programs.folder / "initdb", "-D", making, "-U", _OWNER, "-A", "scram-sha-256"),
            *(f"--pwfile={self.folder / 'password'}", "-E", "UTF8", "--data-checksums", *locale, "--locale=C.UTF-8"),
            *(["--no-sync"] if self.temporary else []),
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
            raise CannotStart(f"PostgreSQL could not make its data folder {self._data}: {made.stderr.strip()}")
        making.replace(self._data)

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
            argv: list[str | Path] = [programs.folder / "postgres", "-D", self._data, *flags]
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
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
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

    def _write(self, name: str, secret: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret)
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)


def _account() -> Account | None:
    try:
        return Account.unprivileged()
    except LookupError as error:
        raise CannotStart(str(error)) from None


def _home(folder: Path, account: Account | None) -> Path:
    """The folder itself; a refuge of its own if the folder is closed to the server's account, as under /root."""
    nearest = next(parent for parent in (folder.parent, *folder.parents) if parent.is_dir())
    if account is None or account.reaches(nearest):
        return folder
    return _REFUGE / hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _flags(options: Mapping[str, str | int]) -> Iterator[str]:
    for name, value in options.items():
        yield from ("-c", f"{name}={value}")


def _inhabitants(data: Path) -> list[int]:
    """Processes that work in the folder. Every PostgreSQL process has its data folder as working directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == data:
                found.append(int(entry.parent.name))
        except OSError:
            continue  # It ended meanwhile, or belongs to somebody else and so cannot be ours.
    return found


def _alive(pidfile: Path) -> bool:
    try:
        os.kill(int(pidfile.read_text(encoding="utf-8").split()[0]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True
