"""What a simulated partner remembers, in one SQLite file that outlives his process."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar


class Memory:
    """One file, used by one process. ``clock`` is in seconds since 1970."""

    SCHEMA: ClassVar[str]
    """The tables of this partner."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        # Each statement stands by itself; what belongs together opens and closes a transaction of its own.
        self._file = sqlite3.connect(path, isolation_level=None)
        # It need not outlive a power cut, only this process.
        self._file.executescript(f"PRAGMA synchronous = OFF; {_SEEN} {self.SCHEMA}")

    def close(self) -> None:
        self._file.close()

    def first_time(self, key: str) -> bool:
        """Whether this key was never seen before; from now on it was."""
        return self._file.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1


_SEEN = "CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY);"
