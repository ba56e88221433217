"""What an operator keeps of PostgreSQL: a base backup, and every byte of the log that came after it.

The log is received as a synchronous standby would: a commit is acknowledged once it is written here too. So the loss
of the server with its disk loses nothing that was acknowledged.
"""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import asyncpg

from compensation.db.embedded import Postgres, binaries
from compensation.db.embedded.account import Account
from compensation.db.embedded.child import Child
from tests.faults.house import PATIENCE

_SLOT = "backup"


class Backup:
    """Of one cluster, in a folder of its own that the account of the servers can reach."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._account = Account.unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="compensation-backup-"))
        self.folder.chmod(0o755)
        self._password = (postgres.folder / "password").read_text(encoding="ascii")
        for name in ("base", "log"):
            (self.folder / name).mkdir(mode=0o700)
            if self._account:
                self._account.own(self.folder / name)
        self._programs = binaries.postgres(binaries.installed(), self._account, self.folder).folder
        self._receiver = Child("pg_receivewal", self.folder / "receiver.log", signal.SIGINT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._receiver.stop()
        shutil.rmtree(self.folder)

    async def follow(self) -> None:
        """From here on no commit is acknowledged that is not written in ``log`` as well."""
        await asyncio.to_thread(self._run, "pg_receivewal", "--create-slot", "-S", _SLOT)
        self._receiver.start(
            [self._programs / "pg_receivewal", "-d", self._postgres.url, "-D", "log", "-S", _SLOT, "--synchronous"],
            env={},
            cwd=self.folder,
            account=self._account,
        )
        owner = await asyncpg.connect(self._postgres.url)
        try:
            await owner.execute("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'")
            await owner.execute("SELECT pg_reload_conf()")
            async with asyncio.timeout(PATIENCE):
                while not await owner.fetchval("SELECT bool_or(sync_state = 'sync') FROM pg_stat_replication"):
                    await asyncio.sleep(0.02)
        finally:
            await owner.close()

    async def take(self) -> None:
        """A base backup of the cluster while it works; after ``follow``, so that no log is missing between the two."""
        await asyncio.to_thread(self._run, "pg_basebackup", "-D", "base", "--wal-method=stream", "--checkpoint=fast")

    async def stop(self) -> None:
        await self._receiver.stop()

    @asynccontextmanager
    async def restored(self, *, with_log: bool = True) -> AsyncIterator[Postgres]:
        """A new cluster on another port, from the base backup and, as it should be, the log."""
        folder = self.folder / ("restored" if with_log else "without-log")
        shutil.copytree(self.folder / "base", folder / "data")
        (folder / "password").write_text(self._password, encoding="ascii")
        settings: dict[str, str | int] = {"synchronous_standby_names": ""}
        if with_log:
            (folder / "data" / "recovery.signal").touch()
            # The segment under way when the server was lost is the one named .partial.
            log = self.folder / "log"
            settings["restore_command"] = f'cp {log}/%f "%p" || cp {log}/%f.partial "%p"'
        if self._account:
            self._account.own(folder)
        async with Postgres(folder, settings=settings) as postgres:
            yield postgres

    def _run(self, program: str, *words: str) -> None:
        argv = [self._programs / program, "-d", self._postgres.url, *words]
        who = self._account.for_popen() if self._account else {}
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False, **who)
        assert not done.returncode, done.stderr
