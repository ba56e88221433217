"""The order in which everything starts, is watched and stops again."""

import asyncio
import contextlib
import http.client
import math
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from compensation.core.errors import Problem
from compensation.core.settings import Settings, load
from compensation.db.embedded import CannotStart, Child, Postgres, Valkey
from compensation.db.embedded.child import free_port, until
from compensation.partners.mailbox import FOLDER as MAILBOX
from compensation.partners.mailbox import Mailbox
from compensation.up.greeting import greeting
from compensation.up.place import Place, Running

_OURSELVES = (sys.executable, "-m", "compensation")
PATIENCE = 15.0
"""Seconds that a service is given to finish what it has begun."""
_STEP = 120.0
"""Seconds a step may take: a first migration of much data is slow, a hang must still end."""


def up(*, fresh: bool = False, port: int | None = None, program: Sequence[str] = _OURSELVES) -> int:
    """Run until Ctrl-C or SIGTERM, or until a part ends by itself. Returns the exit status; says what happened."""
    place = Place(Path(os.environ.get("COMPENSATION_DATA", "var")))
    try:
        place.claim()
        try:
            asyncio.run(_Up(place, program).run(fresh=fresh, port=port))
        finally:
            place.release()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Problem as problem:
        print(problem.detail, file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print("stopped; the data stay for the next time")
    return 0


class _Up:
    """One run: its servers, its services, and what to do on a signal."""

    def __init__(self, place: Place, program: Sequence[str]) -> None:
        self._place = place
        self._program = program
        self._logs = place.folder / "log"
        self._children: list[Child] = []
        """All that run, servers and the step of the moment included: whom a second signal kills."""
        self._services: list[Child] = []
        self._asked_to_stop = False

    async def run(self, *, fresh: bool, port: int | None) -> None:
        """Start all, tell the person, watch. It ends by CancelledError on a signal, else by CannotStart."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, task)
        async with contextlib.AsyncExitStack() as stack:
            environment = await self._start_servers(stack, fresh=fresh, port=port)
            settings = load(environment)
            await self._step("migrate", environment)
            said = await self._step("seed-demo", environment)
            stack.push_async_callback(self._stop_services)
            serve = self._start("serve", environment)
            self._start("work", environment)
            if "COMPENSATION_PAYMENTS_URL" not in os.environ and not settings.stripe_test_key:
                self._start("simulate-payments", environment)
            if "COMPENSATION_SUPPLIER_SIMULATOR_URL" not in os.environ:
                self._start("simulate-supplier", environment)
            await serve.ready(lambda: not self._all_run() or _is_healthy(settings), 30.0)
            self._check_that_all_run()
            self._place.announce(Running(os.getpid(), settings.base_url, _ours(environment)))
            print(greeting(settings, said, self._logs), flush=True)
            await until(lambda: not self._all_run(), math.inf, every=0.2)
            self._check_that_all_run()

    async def _start_servers(
        self, stack: contextlib.AsyncExitStack, *, fresh: bool, port: int | None
    ) -> dict[str, str]:
        """Start what the environment does not name, and return the environment in which everything else runs."""
        folder = self._place.folder
        postgres = None if os.environ.get("DATABASE_URL") else Postgres(folder / "postgres")
        valkey = None if os.environ.get("REDIS_URL") else Valkey(folder / "valkey")
        environment = _defaults(folder, port) | os.environ | ({"COMPENSATION_PORT": str(port)} if port else {})
        _check_port_is_free(environment["COMPENSATION_HOST"], environment["COMPENSATION_PORT"])
        if fresh:
            await self._erase(postgres)
        environment.setdefault("COMPENSATION_KEYS", self._place.keys())
        self._logs.mkdir(exist_ok=True, mode=0o700)
        for server, variable in ((postgres, "DATABASE_URL"), (valkey, "REDIS_URL")):
            if server is not None:
                self._children.append(server.child)
                await stack.enter_async_context(server)
                environment[variable] = server.url
        if "COMPENSATION_SMTP_URL" not in environment:
            environment["COMPENSATION_SMTP_URL"] = (await stack.enter_async_context(Mailbox(folder / MAILBOX))).url
        # Only looked at where no key of a real processor is set; the simulator listens there.
        environment.setdefault("COMPENSATION_PAYMENTS_URL", f"http://127.0.0.1:{free_port()}")
        # Test merchants order other brands' cards there, and nowhere else.
        environment.setdefault("COMPENSATION_SUPPLIER_SIMULATOR_URL", f"http://127.0.0.1:{free_port()}")
        return environment

    async def _erase(self, postgres: Postgres | None) -> None:
        if postgres is None:
            print("--fresh: DATABASE_URL is a server of yours, so its data are left as they are")
        elif postgres.folder.exists():
            await postgres.erase()
            print(f"--fresh: removed {postgres.folder}")
        for name in self._place.erase():
            print(f"--fresh: removed {name}")

    async def _step(self, name: str, environment: Mapping[str, str]) -> str:
        """Run one command to its end and return what it said. Raises CannotStart when it fails."""
        child = self._spawn(name, environment)
        try:
            if not await until(lambda: not child.running, _STEP):
                raise CannotStart(f"compensation {name} did not end within {_STEP:g} s. {child.last_words()}")
            if child.status:
                raise CannotStart(f"compensation {name} failed (exit status {child.status}). {child.last_words()}")
            return child.log.read_text(encoding="utf-8")
        finally:
            await child.stop(5.0)
            self._children.remove(child)

    def _start(self, name: str, environment: Mapping[str, str]) -> Child:
        self._services.append(child := self._spawn(name, environment))
        return child

    def _spawn(self, name: str, environment: Mapping[str, str]) -> Child:
        child = Child(name, self._logs / f"{name}.log")
        child.start([*self._program, name], env={**environment, "PYTHONUNBUFFERED": "1"}, cwd=Path.cwd())
        self._children.append(child)
        return child

    def _all_run(self) -> bool:
        return all(child.running for child in self._children)

    def _check_that_all_run(self) -> None:
        """Raise CannotStart if one has ended, for the others are of little use without it."""
        for child in self._children:
            if not child.running:
                raise CannotStart(
                    f"{child.name} ended by itself (exit status {child.status}), so everything is stopped."
                    f" {child.last_words()}"
                )

    async def _stop_services(self) -> None:
        await asyncio.gather(*(child.stop(PATIENCE) for child in self._services))

    def _on_signal(self, task: "asyncio.Task[None]") -> None:
        """The first signal stops in order; a person who asks again does not want to wait for that."""
        if self._asked_to_stop:
            for child in self._children:
                child.send(signal.SIGKILL)
            return
        self._asked_to_stop = True
        print("stopping …", flush=True)
        task.cancel()


def _defaults(folder: Path, port: int | None) -> dict[str, str]:
    """What `up` sets unless the person has: a development on this machine, by one address."""
    chosen = str(port or os.environ.get("COMPENSATION_PORT") or 8000)
    return {
        "COMPENSATION_ENVIRONMENT": "development",
        "COMPENSATION_DATA": str(folder),
        "COMPENSATION_HOST": "127.0.0.1",
        "COMPENSATION_PORT": chosen,
        "COMPENSATION_BASE_URL": f"http://127.0.0.1:{chosen}",
    }


def _ours(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that makes another command of ours meet the same servers."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("COMPENSATION_") or name in ("DATABASE_URL", "REDIS_URL")
    }


def _check_port_is_free(host: str, written: str) -> None:
    if not written.isascii() or not written.isdigit():
        raise CannotStart(f"COMPENSATION_PORT is {written!r}; it must be a number such as 8000.")
    port = int(written)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"Port {port} of {host} cannot be used ({error}). Stop what listens there, or choose another:"
                f" scripts/up --port {port + 1}"
            ) from None


def _is_healthy(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
