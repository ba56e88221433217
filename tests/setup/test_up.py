"""`up` as a person meets it: it says where everything is, says why it cannot start, and leaves nothing running."""

import asyncio
import json
import os
import signal
import smtplib
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compensation.up.place import Place
from compensation.up.run import PATIENCE
from tests.setup.conftest import open_folder
from tests.setup.processes import descendants, gone
from tests.setup.terminal import started


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A folder in which `up` has run before, so that a test need not wait for a new cluster."""
    with open_folder() as place:
        with started(place) as session:
            session.until_ready()
            session.process.send_signal(signal.SIGINT)
            session.ends()
        yield place


@pytest.mark.parametrize("farewell", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_everything_is_and_stops_without_a_trace(used: Path, farewell: signal.Signals) -> None:
    with started(used) as session:
        said = session.until_ready()
        assert "/console" in said
        assert "test API key: key-of-the-double" in said
        children = descendants(session.process.pid)
        assert len(children) > 4
        # A terminal sends Ctrl-C to a whole group; the order of stopping must stay ours.
        assert {os.getpgid(pid) for pid in children}.isdisjoint({session.process.pid})
        session.process.send_signal(farewell)
        status, last = session.ends()
    assert status == 0
    assert "the data stay" in last
    assert "the database is there" in (used / "log" / "serve.log").read_text(encoding="utf-8")
    assert asyncio.run(gone(children))
    assert Place(used).running() is None


def test_a_second_one_says_that_one_runs_and_other_commands_find_it(used: Path) -> None:
    with started(used) as first:
        first.until_ready()
        with started(used) as second:
            status, said = second.ends()
        assert status == 1
        running = Place(used).running()
        assert running is not None
        assert f"already running: {running.base_url} (process {first.process.pid})" in said
        assert running.environment["DATABASE_URL"].startswith("postgresql://")
        assert stat.S_IMODE((used / "running.json").stat().st_mode) == 0o600
        assert stat.S_IMODE((used / "keys").stat().st_mode) == 0o600


def test_no_part_outlives_kill_9_and_the_next_start_is_not_confused(used: Path) -> None:
    with started(used) as session:
        session.until_ready()
        children = descendants(session.process.pid)
        session.process.send_signal(signal.SIGKILL)
        session.ends()
    assert asyncio.run(gone(children))
    assert (used / "running.json").exists()
    assert Place(used).running() is None
    with started(used) as session:
        session.until_ready()


def test_a_port_in_use_is_said_with_a_way_out(used: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(used, COMPENSATION_PORT=str(port)) as session:
            status, said = session.ends()
    assert status == 1
    assert said.startswith(f"Port {port} of 127.0.0.1 cannot be used")
    assert f"--port {port + 1}" in said


def test_a_step_that_fails_is_named_with_its_words(used: Path) -> None:
    with started(used, DOUBLE_FAILS="seed-demo") as session:
        status, said = session.ends()
    assert status == 1
    assert "compensation seed-demo failed (exit status 1)" in said
    assert "seed-demo cannot do that" in said


def test_what_runs_only_in_part_is_not_greeted(used: Path) -> None:
    with started(used, DOUBLE_FAILS="work") as session:
        status, said = session.ends()
    assert status == 1
    assert "compensation is running" not in said
    assert "work cannot do that" in said


def test_a_part_that_dies_is_named_and_takes_all_with_it(used: Path) -> None:
    with started(used) as session:
        session.until_ready()
        children = descendants(session.process.pid)
        work = next(pid for pid in children if b"work" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
        os.kill(work, signal.SIGKILL)
        status, said = session.ends()
    assert status == 1
    assert "work ended by itself (exit status -9)" in said
    assert asyncio.run(gone(children))


def test_asking_twice_does_not_wait_for_the_deaf(used: Path) -> None:
    with started(used, DOUBLE_IGNORES="SIGTERM") as session:
        session.until_ready()
        children = descendants(session.process.pid)
        session.process.send_signal(signal.SIGINT)
        assert session.process.stdout is not None
        assert session.process.stdout.readline() == "stopping …\n"
        began = time.monotonic()
        session.process.send_signal(signal.SIGINT)
        status, _ = session.ends()
        assert time.monotonic() - began < PATIENCE / 2
    assert status == 0
    assert asyncio.run(gone(children, within=2.0))


def test_fresh_forgets_the_data_and_the_mail_and_says_so(place: Path) -> None:
    with started(place) as session:
        session.until_ready()
        running = Place(place).running()
        assert running is not None
        host, _, port = running.environment["COMPENSATION_SMTP_URL"].removeprefix("smtp://").partition(":")
        with smtplib.SMTP(host, int(port)) as post:
            post.sendmail("shop@example.com", ["customer@example.com"], "Subject: Sorry\r\n\r\nWe are.")
        session.process.send_signal(signal.SIGINT)
        session.ends()
    (letter,) = (place / "mailbox" / "new").iterdir()
    assert "Delivered-To: customer@example.com\nSubject: Sorry" in letter.read_text(encoding="utf-8")
    password = (place / "postgres" / "password").read_text(encoding="ascii")
    with started(place, "fresh") as session:
        said = session.until_ready()
    assert f"removed {place}/postgres" in said
    assert not list((place / "mailbox" / "new").iterdir())
    assert (place / "postgres" / "password").read_text(encoding="ascii") != password


def test_own_servers_are_used_and_never_made_anew(place: Path) -> None:
    given = {"DATABASE_URL": "postgresql://you@db.example/yours", "REDIS_URL": "redis://cache.example"}
    with started(place, "fresh", **given) as session:
        said = session.until_ready()
        running = Place(place).running()
    assert "a server of yours" in said
    assert running is not None
    assert json.loads(json.dumps(running.environment)) | given == running.environment
    assert not (place / "postgres").exists()


def test_a_wrong_python_is_a_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\n[ "$1" != -c ]\n', encoding="ascii")
    old.chmod(0o755)
    root = Path(__file__).parents[2]
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "scripts").symlink_to(root / "scripts")
    for name in ("pyproject.toml", "constraints.txt", "package.json", "package-lock.json"):
        (clone / name).symlink_to(root / name)
    ran = subprocess.run(
        ["/bin/bash", str(clone / "scripts" / "install")],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "needs Python 3.11 or newer" in ran.stderr
    assert "is Python 3.9.2" in ran.stderr
