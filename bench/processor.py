"""Processor time and memory of processes, as the kernel counts them: what a busy machine cannot blur."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_OWN, _DEAD_CHILDREN = slice(11, 13), slice(13, 15)
"""Places in ``stat`` behind the name of the program: user and system ticks."""


def spent(pid: int) -> float:
    """Seconds this process, its living descendants and its dead children have been on a processor."""
    ticks = sum(map(int, _stat(pid)[_DEAD_CHILDREN]))
    ticks += sum(sum(map(int, _stat(each)[_OWN])) for each in _family(pid))
    return ticks / _TICK


def own() -> float:
    """Seconds this very process has been on a processor, without its children."""
    times = os.times()
    return times.user + times.system


def resident(pid: int) -> int:
    """Bytes in memory, of this process alone."""
    return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def highest(pid: int) -> int:
    """The most bytes this process ever had in memory."""
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def private(pid: int) -> Iterator[int]:
    """Bytes that this process, and each of its living descendants, holds of its own: without what they share."""
    for each in _family(pid):
        try:
            lines = (_PROC / str(each) / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended while we looked.
        yield from (int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list((_PROC / str(pid) / "task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return  # It ended while we looked.
    for child in children:
        yield from _family(int(child))


def _stat(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # before we opened it, or before we read it
        return []
