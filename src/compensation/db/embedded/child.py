"""A child process that cannot outlive us, that logs to a file, and that can be stopped kindly or killed."""

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compensation.db.embedded.account import Account

_TICK = 0.01
_TAIL = 12


class CannotStart(Exception):
    """One clear sentence for the person at the terminal: what is wrong and what to do."""


class Child:
    """One process in a session of its own, so that a Ctrl-C at the terminal reaches only us and we choose the order.

    ``farewell`` is the signal that asks it to finish. The kernel sends the same one when the thread that called
    ``start`` ends, however it ends (Linux; by setpriv of util-linux). So start children from the main thread, never
    from a pool of threads.
    """

    def __init__(self, name: str, log: Path, farewell: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.log = log
        self._farewell = farewell
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        account: Account | None = None,
        stdin: bytes = b"",
    ) -> None:
        """Start it; the log of the run before is kept as ``….old``. Raises CannotStart when it cannot even begin."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".old"))
        who: dict[str, Any] = account.for_popen() if account else {}
        try:
            with self.log.open("wb") as log:
                process = subprocess.Popen(
                    [*_bound_to_us(self._farewell), *map(str, argv)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(env),
                    cwd=cwd,
                    start_new_session=True,
                    **who,
                )
        except OSError as error:
            raise CannotStart(f"{self.name} cannot be started: {error}.") from None
        self._process = process
        assert process.stdin is not None
        try:
            process.stdin.write(stdin)
            process.stdin.close()
        except BrokenPipeError:
            # It ended at once; whoever waits for it to answer will find that and show its log.
            process.stdin = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise CannotStart(f"{self.name} has not been started.")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """None while it runs; then its exit status, negative for a signal."""
        return self._process.poll() if self._process else 0

    @property
    def running(self) -> bool:
        return self.status is None

    async def ready(self, answers: Callable[[], bool], within: float) -> None:
        """Wait until ``answers()``. Raises CannotStart with the end of its log if it dies first or takes too long."""
        if not await until(lambda: not self.running or answers(), within):
            await self.kill()
            raise CannotStart(f"{self.name} did not answer within {within:g} s. {self.last_words()}")
        if not self.running:
            raise CannotStart(f"{self.name} ended at once (exit status {self.status}). {self.last_words()}")

    async def stop(self, patience: float = 20.0) -> None:
        """Ask it to finish and wait; after ``patience`` seconds, kill it. Stopping a stopped one is nothing."""
        if self._process is None:
            return
        self.send(self._farewell)
        if not await until(lambda: not self.running, patience):
            await self.kill()
        self._process.wait()

    async def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        await until(lambda: not self.running, 10.0)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def last_words(self) -> str:
        """The end of its log, to be shown with an error."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join([f"The end of {self.log}:", *lines[-_TAIL:]])


async def until(holds: Callable[[], bool], within: float, every: float = _TICK) -> bool:
    """Whether ``holds()`` became true within so many seconds. Polled, so that no event loop owns the process."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not holds():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(every)
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _bound_to_us(farewell: signal.Signals) -> list[str]:
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", farewell.name.removeprefix("SIG"), "--"] if setpriv else []
