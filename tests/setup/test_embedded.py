"""Private servers: what is acknowledged survives a kill, nothing outlives us, and every failure is a sentence."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from compensation.db.embedded import CannotStart, Postgres, Valkey, binaries
from compensation.db.embedded.account import Account
from compensation.db.embedded.child import free_port
from tests.setup.processes import gone

OWN_FOLDER_HOLDER = """
import asyncio, sys
from pathlib import Path
from compensation.db.embedded import Postgres, Valkey
async def hold():
    async with Postgres(Path(sys.argv[1], "postgres")) as postgres, Valkey(Path(sys.argv[1], "valkey")) as valkey:
        print(postgres.pid, valkey.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""

TEMPORARY_HOLDER = (
    sys.executable,
    "-c",
    """
import asyncio
from compensation.db.embedded import Postgres
async def hold():
    async with Postgres() as postgres:
        print(postgres.folder, postgres.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
""",
)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_what_is_acknowledged_survives_kill_9_on_the_same_address() -> None:
    async with Postgres() as server:
        url = server.url
        await ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
        await server.kill()
        with pytest.raises(OSError, match="Connect call failed"):
            await ask(url, "SELECT 1")
        await server.start()
        assert await ask(url, "SELECT number FROM kept") == 7
    assert not server.folder.exists()


async def test_a_cluster_is_made_once_and_kept_closed(place: Path) -> None:
    """The data of the first run are there in the second; nobody comes in without the password."""
    folder = place / "postgres"
    (folder / "making").mkdir(parents=True)
    (folder / "making" / "PG_VERSION").touch()  # as a run leaves it that is killed while it makes a cluster
    async with Postgres(folder, settings={"max_connections": 7}) as first:
        assert await ask(first.url, "SHOW max_connections") == "7"
        assert await ask(first.url, "SHOW data_checksums") == "on"
        await ask(first.url, "CREATE TABLE kept AS SELECT 7 AS number")
        password = (first.folder / "password").read_text(encoding="ascii")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(first.url.replace(password, "wrong"), "SELECT 1")
        assert password not in Path(f"/proc/{first.pid}/cmdline").read_text(encoding="utf-8")
    async with Postgres(folder) as second:
        assert await ask(second.url, "SELECT number FROM kept") == 7


async def test_a_number_that_now_belongs_to_a_stranger_does_not_bar_the_door(place: Path) -> None:
    """After a crash and a restart of the machine, the number in postmaster.pid may be anybody's."""
    folder = place / "postgres"
    async with Postgres(folder) as server:
        pidfile = server.folder / "data" / "postmaster.pid"
        account = Account.unprivileged()
        stranger = subprocess.Popen(["/bin/sleep", "60"], **(account.for_popen() if account else {}))
        try:
            lines = pidfile.read_text(encoding="utf-8").splitlines()
            await server.kill()
            pidfile.write_text("\n".join([str(stranger.pid), *lines[1:]]), encoding="utf-8")
            await server.start()
            assert await ask(server.url, "SELECT 1") == 1
        finally:
            stranger.kill()
            stranger.wait()


async def test_one_folder_serves_one_process(place: Path) -> None:
    async with Postgres(place / "postgres"):
        with pytest.raises(CannotStart, match="Another process uses the PostgreSQL in"):
            await Postgres(place / "postgres").start()


def test_the_temporary_folder_of_a_killed_run_is_cleared_away_and_no_other(place: Path) -> None:
    """A test run that is killed cannot clean up; the next one does, and leaves those in use alone."""
    ours = {**os.environ, "TMPDIR": str(place)}
    with (
        subprocess.Popen(TEMPORARY_HOLDER, stdout=subprocess.PIPE, env=ours, text=True) as killed,
        subprocess.Popen(TEMPORARY_HOLDER, stdout=subprocess.PIPE, env=ours, text=True) as alive,
    ):
        assert killed.stdout is not None
        assert alive.stdout is not None
        dead, dead_pid = killed.stdout.readline().split()
        living, living_pid = alive.stdout.readline().split()
        killed.kill()
        assert asyncio.run(gone([int(dead_pid)]))
        for folder in (dead, living):
            os.utime(Path(folder, "lock"), (0, 0))
        subprocess.run(
            [sys.executable, "-c", "from compensation.db.embedded import Postgres; Postgres()"], env=ours, check=True
        )
        assert not Path(dead).exists()
        assert Path(living, "data", "PG_VERSION").exists()
        alive.kill()
    assert asyncio.run(gone([int(living_pid)]))


async def test_a_port_in_use_is_said() -> None:
    async with Valkey() as taken:
        with pytest.raises(CannotStart, match=rf"Port {taken.port} of 127\.0\.0\.1 is in use, so PostgreSQL"):
            await Postgres(port=taken.port).start()
        with pytest.raises(CannotStart, match=rf"Port {taken.port} of 127\.0\.0\.1 is in use, so Valkey"):
            await Valkey(port=taken.port).start()


def test_no_postgresql_anywhere_names_three_ways(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"scripts/install.*package postgresql.*DATABASE_URL"):
        binaries.postgres([tmp_path], None, tmp_path)


def test_data_of_another_version_are_not_touched(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="The data were made by PostgreSQL 99; here is only"):
        binaries.postgres(binaries.installed(), Account.unprivileged(), tmp_path, wanted=99)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
async def test_root_may_keep_its_clone_where_nobody_else_can_look(tmp_path: Path) -> None:
    """Under a closed folder (a root's home) the data find a refuge, and the wheel's programs are copied there."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(closed / "postgres")
    try:
        assert closed not in server.folder.parents
        async with server:
            assert await ask(server.url, "SELECT 1") == 1
        account = Account.unprivileged()
        wheel = next(binaries.installed()).parents[1]
        for name in (wheel.name, f"{wheel.name}.libs"):
            (closed / name).symlink_to(wheel.with_name(name))
        assert account is not None
        hidden = binaries.postgres([closed / wheel.name / "pginstall18" / "bin"], account, server.folder)
        assert hidden.folder.is_relative_to(server.folder)
        assert hidden.major == 18
    finally:
        await server.erase()


async def test_valkey_answers_on_the_same_address_after_kill_9_and_only_to_the_password(place: Path) -> None:
    async with Valkey(place / "valkey") as server:
        async with Redis.from_url(server.url) as client:
            await client.set("kept", "7")
        async with Redis(port=server.port, password="wrong") as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.ping()
        await server.kill()
        await server.start()
        async with Redis.from_url(server.url) as client:
            assert await client.get("kept") == b"7"


def test_a_server_may_be_stopped_under_another_event_loop_than_started_it() -> None:
    server = Valkey(port=free_port())
    asyncio.run(server.start())
    asyncio.run(server.kill())
    asyncio.run(server.start())
    asyncio.run(server.stop())
    assert not server.folder.exists()


def test_no_server_outlives_kill_9_of_its_starter(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWN_FOLDER_HOLDER, place], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        pids = [int(pid) for pid in holder.stdout.readline().split()]
        holder.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    assert asyncio.run(gone(pids))
