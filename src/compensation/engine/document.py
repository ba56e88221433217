"""Catalogue documents: TOML text into typed values, refused with the line and the reason; and their one hash."""

import hashlib
import re
import tomllib
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from compensation.core.errors import Invalid

MAX_BYTES = 1_000_000
T = TypeVar("T")


def decode(text: str | bytes, kind: type[T], name: str) -> T:
    """Read the document called ``name``. Decimals stay exact: a float never comes to be.

    Raises Invalid ``bad_document`` with ``document``, ``line`` and ``reason`` in its extra facts.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise _bad(name, 1, f"a document may have {MAX_BYTES} bytes")
    try:
        source = raw.decode()
    except UnicodeDecodeError as wrong:
        raise _bad(name, 1 + raw[: wrong.start].count(b"\n"), "the text is not UTF-8") from None
    try:
        tree = tomllib.loads(source, parse_float=Decimal)
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"line (\d+)", str(wrong))
        line = int(found.group(1)) if found else source.count("\n") + 1
        raise _bad(name, line, str(wrong)) from None
    except RecursionError:
        raise _bad(name, 1, "tables are nested too deep") from None
    try:
        return msgspec.convert(tree, kind, strict=True)
    except msgspec.ValidationError as wrong:
        reason, _, place = str(wrong).partition(" - at `")
        path = place.rstrip("`")
        if unknown := re.search(r"unknown field `([^`]+)`", reason):
            path = f"{path}.{unknown.group(1)}"
        raise _bad(name, line_of(source, path), reason) from None


def refusal(text: str | bytes, name: str, path: str, reason: str) -> Invalid:
    """The refusal of a document that reads well and says something wrong at ``path``."""
    source = text.decode() if isinstance(text, bytes) else text
    return _bad(name, line_of(source, path), reason)


def line_of(source: str, path: str) -> int:
    """The line of a TOML text that a path such as ``$.offer[2].when.cel`` speaks of; the nearest table if inline."""
    steps: list[str | int] = [int(n) if n else name for name, n in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path)]
    best, depth = 1, 0
    seen: dict[str, int] = {}
    table: list[str | int] = []
    for number, line in enumerate(source.splitlines(), start=1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        key = re.match(r"\s*([A-Za-z0-9_.\"-]+)\s*=", line)
        if header:
            table = _open(header.group(1) == "[[", header.group(2), seen)
            here = table
        elif key:
            here = [*table, *key.group(1).replace('"', "").split(".")]
        else:
            continue
        common = _shared(here, steps)
        if common == len(here) and common > depth:
            best, depth = number, common
    return best


def _open(is_array: bool, dotted: str, seen: dict[str, int]) -> list[str | int]:
    """The path of a table header; the last element of every array of tables so far is the one that is open."""
    if is_array:
        seen[dotted] = seen.get(dotted, -1) + 1
        for inner in [name for name in seen if name.startswith(dotted + ".")]:
            del seen[inner]
    path: list[str | int] = []
    names = dotted.replace('"', "").split(".")
    for at, name in enumerate(names, start=1):
        path.append(name)
        index = seen.get(".".join(names[:at]))
        if index is not None:
            path.append(index)
    return path


def _shared(here: list[str | int], steps: list[str | int]) -> int:
    common = 0
    for mine, wanted in zip(here, steps, strict=False):
        if mine != wanted:
            break
        common += 1
    return common


def canonical(value: Any) -> bytes:
    """The one JSON of a value: keys sorted, no spaces, exact decimals as text. Equal values have equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _bad(name: str, line: int, reason: str) -> Invalid:
    return Invalid("bad_document", f"{name}, line {line}: {reason}", document=name, line=line, reason=reason)
