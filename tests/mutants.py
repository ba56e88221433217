"""One server, and the databases that are lent, for as long as code is broken on purpose. See docs/mutation.md."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from compensation.db.embedded import Postgres
from compensation.db.migrate import migrate
from tests.breaks import BREAKS, ROOT, Break

PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception")


async def main(words: list[str]) -> int:
    async with lending() as told:
        if words[:1] == ["--by-hand"]:
            return by_hand(told, words[1:])
        own = [sys.executable, str(Path(__file__).with_name("mutate.py")), "run", "--max-children", "2"]
        return subprocess.run([*own, *words], env=told, check=False).returncode


@asynccontextmanager
async def lending() -> AsyncIterator[dict[str, str]]:
    """The environment in which tests find the server and are lent its databases."""
    with TemporaryDirectory(prefix="compensation-temporary-mutants-") as folder:
        async with Postgres(Path(folder), settings={"fsync": "off", "full_page_writes": "off"}) as server:
            admin = await asyncpg.connect(server.url)
            await admin.execute("CREATE DATABASE template")
            connection = await asyncpg.connect(server.url_of("template"))
            await migrate(connection)
            await connection.close()
            await admin.close()
            # Which of two mutants lives must not be a matter of luck, so laws are tried on the same cases each time.
            given = {"COMPENSATION_LAWS": "gate", "COMPENSATION_TEST_POSTGRES": f"{server.port}:{server.folder}"}
            yield os.environ | given


def by_hand(told: dict[str, str], files: list[str]) -> int:
    """Make each break of ``breaks.py``, or those in ``files``, and say whether a test saw it."""
    lived = 0
    with TemporaryDirectory() as folder:
        for name in ("catalog", "migrations", "templates", "node_modules"):
            (Path(folder) / name).symlink_to(ROOT / name)
        for one in BREAKS:
            if not files or one.file in files:
                seen = _seen(one, Path(folder) / "src", told)
                lived += not seen
                print(
                    "seen " if seen else "LIVES",
                    one.file,
                    "|",
                    " ".join(one.broken.split()) or "(left out)",
                    flush=True,
                )
    print(f"{lived} of them lived")
    return min(lived, 1)


def _seen(one: Break, source: Path, told: dict[str, str]) -> bool:
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    one.apply(source)
    run = subprocess.run(
        [sys.executable, *PYTEST, one.node],
        cwd=ROOT,
        env=told | {"PYTHONPATH": str(source)},
        capture_output=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {run.returncode}: {run.stdout.decode()[-2000:]}")
    return run.returncode == 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
