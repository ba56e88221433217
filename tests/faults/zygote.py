"""A warm parent: it has imported the product and made its web application, and forks a child for every life.

So a process that is killed is born again in a tenth of a second instead of seconds, and is still a process: it opens
its own connections, and ``kill -9`` leaves nothing of it. The parent itself runs no thread and no event loop.
"""

import asyncio
import ctypes
import gc
import importlib
import itertools
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import msgspec

from compensation.core import crash
from compensation.core.settings import load
from compensation.db.embedded.child import _bound_to_us

_PR_SET_PDEATHSIG = 1
_OF_ONE_LIFE = ("COMPENSATION_PORT", "COMPENSATION_CRASH")
"""What is no part of a web application, so that one made for all lives serves each."""


class Birth(msgspec.Struct, frozen=True):
    """``command`` is ``serve`` or ``work``; ``environment`` is all the child is told; ``log`` is where it writes."""

    life: int
    command: str
    environment: dict[str, str]
    log: str


class Word(msgspec.Struct, frozen=True):
    """Of one life: it was born as ``pid``, or it ended with ``status``, negative for a signal."""

    life: int
    pid: int
    status: int | None = None


class Life:
    """A process of the product, from its birth to its end."""

    def __init__(self, born: "asyncio.Future[int]", ended: "asyncio.Future[int]") -> None:
        self.pid = 0
        self.born, self._ended = born, ended

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send(self, number: signal.Signals) -> None:
        """Nothing, if it has ended. Its parent may have buried it a moment before we hear of it."""
        if self.returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


class Zygote:
    """The parent, as seen from the test. It is started with the first life, and ends with us."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._lives: dict[int, Life] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._numbers = itertools.count(1)
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def bear(self, command: str, environment: dict[str, str]) -> Life:
        async with self._starting:
            if self._process is None:
                with self._log.open("ab") as log:
                    self._process = await asyncio.create_subprocess_exec(
                        *_bound_to_us(signal.SIGKILL), sys.executable, "-m", "tests.faults.zygote",
                        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                        start_new_session=True,
                    )  # fmt: skip
                self._reader = asyncio.create_task(self._read(self._process))
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        self._ends[number] = loop.create_future()
        life = self._lives[number] = Life(loop.create_future(), self._ends[number])
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(Birth(number, command, environment, str(self._log))) + b"\n")
        await self._process.stdin.drain()
        await life.born
        return life

    async def close(self) -> None:
        """Whatever lives still is killed with it."""
        if self._process is not None and self._reader is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._reader
            await self._process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            word = msgspec.json.decode(line, type=Word)
            life = self._lives[word.life]
            if word.status is None:
                life.pid = word.pid
                if not life.born.done():  # whoever waited may have given up
                    life.born.set_result(word.pid)
            else:
                self._ends.pop(word.life).set_result(word.status)
                del self._lives[word.life]
        for life in self._lives.values():
            if not life.born.done():
                life.born.set_exception(RuntimeError(f"the warm parent has died: see {self._log}"))


def main() -> None:
    """The parent's own life: read births from standard input until it is closed, say births and deaths."""
    web, worker = importlib.import_module("compensation.web.serve"), importlib.import_module("compensation.jobs.work")
    apps: dict[tuple[tuple[str, str], ...], Any] = {}
    alive: dict[int, int] = {}
    heard, wake = socket.socketpair()
    heard.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    chooser, rest = selectors.DefaultSelector(), b""
    chooser.register(sys.stdin.fileno(), selectors.EVENT_READ)
    chooser.register(heard, selectors.EVENT_READ)
    gc.freeze()
    while True:
        for key, _ in chooser.select():
            if key.fileobj is heard:
                heard.recv(4096)
                for pid, status in iter(_buried, None):
                    _say(Word(alive.pop(pid), pid, os.waitstatus_to_exitcode(status)))
                continue
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                return _end(list(alive))
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                birth = msgspec.json.decode(line, type=Birth)
                run = worker.main
                if birth.command == "serve":
                    told = {name: told for name, told in birth.environment.items() if name not in _OF_ONE_LIFE}
                    like = tuple(sorted(told.items()))
                    if like not in apps:
                        apps[like] = web.create_app(load(told))
                        gc.freeze()
                    run = _serving(web.serve, apps[like])
                pid = _fork(birth, run)
                alive[pid] = birth.life
                _say(Word(birth.life, pid))


def _serving(serve: Any, app: Any) -> Any:
    return lambda settings: serve(settings, app)


def _fork(birth: Birth, run: Any) -> int:
    assert threading.active_count() == 1, "only a process without threads may be forked"
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _be_born(birth)
        status = run(load())
    except BaseException:  # a child ends here, whatever it dies of, and never goes on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _be_born(birth: Birth) -> None:
    """Nothing of the parent's is left but its memory: no signal handler, no pipe, no environment."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(birth.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(birth.environment)
    # The point of death was read when the parent imported this module, and the functions of it look here.
    importlib.reload(crash)


def _buried() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _say(word: Word) -> None:
    os.write(sys.stdout.fileno(), msgspec.json.encode(word) + b"\n")


def _end(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
