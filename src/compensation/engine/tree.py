"""Two JSON trees compared: every place in which they differ, with what stands there in each."""

from collections.abc import Iterator
from typing import Any

import msgspec


class Difference(msgspec.Struct, frozen=True):
    """A place and its two values; None where a tree has no such place."""

    path: str
    was: Any
    now: Any


def differences(was: Any, now: Any, path: str = "") -> Iterator[Difference]:
    """The leaves that differ, in the order of their names. Lists of unlike length differ as a whole."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted(was.keys() | now.keys()):
            yield from differences(was.get(name), now.get(name), f"{path}.{name}" if path else name)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, pair in enumerate(zip(was, now, strict=True)):
            yield from differences(*pair, f"{path}[{number}]")
    elif was != now or type(was) is not type(now):
        yield Difference(path, was, now)
