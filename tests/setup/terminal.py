"""A person at a terminal who starts `up`, reads what it says, and stops it; by default with a double of the product."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from compensation.db.embedded.child import free_port
from tests.setup.processes import descendants, gone

STARTER = (
    "import sys; from compensation.up.run import up; sys.exit(up(fresh='fresh' in sys.argv, program=sys.argv[1:4]))"
)
PRODUCT = (sys.executable, "-m", "compensation")
DOUBLE = (sys.executable, "-u", str(Path(__file__).with_name("double.py")))


class Session:
    """One `up` at a terminal, with its own data folder and port."""

    def __init__(self, program: Sequence[str], place: Path, *words: str, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        mine = {"COMPENSATION_DATA": str(place), "COMPENSATION_PORT": str(free_port())}
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTER, *program, *words],
            env=kept | mine | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def until_ready(self) -> str:
        """All it says up to the last line of its greeting."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                return said
        raise AssertionError(f"it ended instead of becoming ready:\n{said}")

    def ends(self) -> tuple[int, str]:
        """Wait for its end: exit status and what it said last."""
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def started(place: Path, *words: str, program: Sequence[str] = DOUBLE, **environment: str) -> Iterator[Session]:
    """A session that is ended, whatever the test makes of it."""
    session = Session(program, place, *words, **environment)
    try:
        yield session
    finally:
        if session.process.poll() is None:
            children = descendants(session.process.pid)
            session.process.kill()
            session.process.wait()
            assert asyncio.run(gone(children))
        assert session.process.stdout is not None
        session.process.stdout.close()
