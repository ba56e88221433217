"""The folder where a run on this machine keeps its data, its keys and the word that it is running."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

import msgspec

from compensation.core.vault import Vault
from compensation.db.embedded import CannotStart

_DATA = ("demo.toml", "evidence", "keys", "log", "mailbox", "payments.sqlite", "supplier.sqlite", "valkey")
"""All but PostgreSQL's, which has more to it: see Postgres.erase."""


class Running(msgspec.Struct, frozen=True):
    """What one `up` tells others on this machine. ``environment`` holds passwords: the file is for its owner only."""

    pid: int
    base_url: str
    environment: dict[str, str]


class Place:
    """A folder that at most one `up` uses at a time. The lock is the kernel's, so it goes with the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._said = self.folder / "running.json"
        self._lock: IO[bytes] | None = None

    def claim(self) -> None:
        """Take it. Raises CannotStart naming who has it."""
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                # PostgreSQL's account must be able to pass through, whatever our umask says.
                self.folder.chmod(0o755)
            lock = (self.folder / "lock").open("ab")
        except PermissionError:
            raise CannotStart(f"{self.folder} belongs to another user. Run as that user, or remove it.") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CannotStart(self._who()) from None
        self._lock = lock
        self._said.unlink(missing_ok=True)

    def release(self) -> None:
        self._said.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def announce(self, running: Running) -> None:
        """Tell other commands in this folder where everything is."""
        _write(self._said, msgspec.json.encode(running))

    def running(self) -> Running | None:
        """What the `up` that holds this folder has announced; None when none runs or it is not ready yet."""
        try:
            with (self.folder / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._announced()
        except OSError:
            return None
        return None  # Nobody holds the lock: whatever is written there, its writer was killed.

    def keys(self) -> str:
        """Root keys of its own, made at the first run, as ``@path``."""
        path = self.folder / "keys"
        if not path.exists():
            _write(path, f"1:{Vault.new_root()}\n".encode())
        return f"@{path}"

    def erase(self) -> list[str]:
        """Remove the data of earlier runs and return the names of what was there."""
        found = [self.folder / name for name in _DATA if (self.folder / name).exists()]
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        return [str(path) for path in found]

    def _who(self) -> str:
        running = self._announced()
        if running is None:
            return f"compensation is already starting in {self.folder}."
        return f"compensation is already running: {running.base_url} (process {running.pid}). Stop that one first."

    def _announced(self) -> Running | None:
        try:
            return msgspec.json.decode(self._said.read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None


def _write(path: Path, content: bytes) -> None:
    """Write a secret whole or not at all, readable by its owner only."""
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    making.replace(path)
