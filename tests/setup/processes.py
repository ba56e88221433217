"""What tests of set-up ask about processes: who descends from one, and whether all of some are gone."""

from collections.abc import Iterable
from pathlib import Path

from compensation.db.embedded.child import until


def descendants(pid: int) -> list[int]:
    """Every process that stems from this one, by the parent each names."""
    parents = {int(entry.parent.name): _stat(entry) for entry in Path("/proc").glob("[0-9]*/stat")}
    found = [pid]
    for parent in found:
        found += [child for child, (_, ppid) in parents.items() if ppid == parent]
    return found[1:]


async def gone(pids: Iterable[int], within: float = 10.0) -> bool:
    """Whether none of them runs any more. One that has ended but was not yet collected by its parent does not run."""
    return await until(lambda: not any(_runs(pid) for pid in pids), within)


def _runs(pid: int) -> bool:
    return _stat(Path("/proc", str(pid), "stat"))[0] not in ("", "Z", "X")


def _stat(path: Path) -> tuple[str, int]:
    """State letter and parent; nothing for a process that is no more. The name before them may hold spaces."""
    try:
        state, parent, *_ = path.read_text(encoding="utf-8").rpartition(")")[2].split()
    except (OSError, ValueError):
        return "", 0
    return state, int(parent)
