"""The folder of one cluster: where it may lie, who holds it, who still works in it, and how it goes."""

import fcntl
import hashlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import IO

from compensation.db.embedded.account import Account
from compensation.db.embedded.child import CannotStart, until

_REFUGE = Path("/var/lib/compensation")
_TEMPORARY = "compensation-temporary-postgres-"
"""How the name of a folder begins that may be cleared away: nobody gives his own data such a name."""
_YOUNG = 60.0


class Folder:
    """``data`` is the cluster; beside it lie the password, the log and the lock. Held by one process at a time."""

    def __init__(self, asked: Path | None, account: Account | None) -> None:
        self.temporary = asked is None
        self.path = _within_reach(asked.absolute(), account) if asked else _temporary()
        self.data = self.path / "data"
        self._account = account
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Take it for this process alone; the lock goes with the process, however it ends. Raises CannotStart."""
        if self._lock is not None:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._lock = _locked(self.path / "lock", "a+")
        if self._lock is None:
            raise CannotStart(f"Another process uses the PostgreSQL in {self.path}.")
        if self._account:
            self._account.own(self.path)

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Delete it with all that is in it, and the place of refuge with the last one there."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.parent == _REFUGE and not any(_REFUGE.iterdir()):
            _REFUGE.rmdir()

    async def settle(self) -> None:
        """Wait for what a killed run left behind. We hold the lock, so whoever still works in the data is an orphan.

        The file postmaster.pid is left to PostgreSQL, which finds leftover shared memory by it; but a number in it that
        now belongs to a stranger would keep PostgreSQL from starting for ever, so that one is removed.
        """
        for number, patience in ((signal.SIGINT, 0.5), (signal.SIGKILL, 10.0)):
            if await until(lambda: not _inhabitants(self.data), patience):
                break
            for pid in _inhabitants(self.data):
                os.kill(pid, number)
        if not await until(lambda: not _inhabitants(self.data), 10.0):
            raise CannotStart(f"Processes of an earlier run still work in {self.data}: {_inhabitants(self.data)}.")
        pidfile = self.data / "postmaster.pid"
        if pidfile.exists() and _names_a_process(pidfile):
            pidfile.unlink()

    def version(self) -> int | None:
        """The major version of PostgreSQL that made the data; None when there are none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def keep_secret(self, name: str, secret: str) -> Path:
        """Write a file that only the server's account, and root, can read."""
        path = self.path / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret)
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)
        return path


def _within_reach(folder: Path, account: Account | None) -> Path:
    """The folder itself; a refuge of its own if the folder is closed to the server's account, as under /root."""
    nearest = next(parent for parent in (folder.parent, *folder.parents) if parent.is_dir())
    if account is None or account.reaches(nearest):
        return folder
    return _REFUGE / hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _temporary() -> Path:
    """A new folder of the system's temporary place, after clearing away those whose users were killed.

    Young ones are left alone: their user may be about to take the lock.
    """
    for lock in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*/lock"):
        try:
            held = _locked(lock, "r+") if lock.stat().st_mtime < time.time() - _YOUNG else None
        except OSError:
            continue  # It belongs to another user, or has gone meanwhile.
        if held is not None:
            with held:
                if not _inhabitants(lock.parent / "data"):
                    shutil.rmtree(lock.parent, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY))


def _locked(path: Path, mode: str) -> IO[str] | None:
    """The file, open and locked; None while another process holds it."""
    file = path.open(mode)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


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


def _names_a_process(pidfile: Path) -> bool:
    try:
        os.kill(int(pidfile.read_text(encoding="utf-8").split()[0]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True
