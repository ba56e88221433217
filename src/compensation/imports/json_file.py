"""A JSON file, record by record: one list of objects, or an object a line; never more of it in memory than one."""

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from compensation.core.errors import Invalid
from compensation.core.money import exponent
from compensation.imports.line import COLUMNS, Flaw, Record, shown

_AT_ONCE = 64 * 1024
_LONGEST = 16 * 1024
"""Characters of one object. A line needs a few hundred."""
_SPACE = " \t\r\n"


class _Wrong(ValueError):
    """What JSON's reader lets pass and we do not."""


def records(file: BinaryIO) -> Iterator[Record | Flaw]:
    """The objects in order. Sums are ``{"amount": 2500, "currency": "EUR"}`` in minor units, as everywhere in the API.

    Raises Invalid ``wrong_encoding``, ``unreadable_file``.
    """
    number = 0
    try:
        for found in _objects(file):
            number += 1
            yield _record(number, found)
    except UnicodeDecodeError:
        raise Invalid("wrong_encoding", "The file is not UTF-8. Save it as UTF-8 and upload it again.") from None
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "unreadable_file", f"Object {number + 1} is not JSON: {shown(str(error))}.", line=number + 1
        ) from None


def _objects(file: BinaryIO) -> Iterator[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no, parse_constant=_no, parse_int=_whole)
    text = codecs.getincrementaldecoder("utf-8-sig")()
    buffer, at, ended = "", 0, False
    listed, wanted, count = False, True, 0
    while True:
        while buffer[at : at + 1] in _SPACE and at < len(buffer):
            at += 1
        if not ended and len(buffer) - at < _LONGEST:
            piece = file.read(_AT_ONCE)
            ended = not piece
            buffer, at = buffer[at:] + text.decode(piece, final=ended), 0
            continue
        mark = buffer[at : at + 1]
        if mark == "{" and wanted:
            found, at = decoder.raw_decode(buffer, at)
            count, wanted = count + 1, not listed
            yield found
        elif mark == "[" and not count and not listed:
            listed, at = True, at + 1
        elif mark == "," and listed and not wanted:
            wanted, at = True, at + 1
        elif mark == "]" and listed and (not wanted or not count):
            if buffer[at + 1 :].strip(_SPACE):
                raise _Wrong("something follows the end of the list")
            return
        elif not mark and not listed:
            return
        else:
            raise _Wrong('write objects such as {"key": …}, one a line or in one list')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Wrong("a name stands twice in one object")
    return found


def _no(text: str) -> Any:
    raise _Wrong(f"{text} is not a whole number")


def _whole(digits: str) -> int:
    if len(digits) > 16:
        raise _Wrong("a number has more than 16 digits")
    return int(digits)


def _record(number: int, found: dict[str, Any]) -> Record | Flaw:
    cells: dict[str, str] = {}
    for name, value in found.items():
        if name not in COLUMNS or name == "currency":
            return Flaw(number, shown(name), "unknown_field")
        if value is None:
            continue
        cell = _sum(cells, value) if name in ("amount", "bonus") else _cell(name, value)
        if cell is None:
            return Flaw(number, name, "wrong_type", shown(json.dumps(value, ensure_ascii=False)))
        if cell:
            cells[name] = cell
    return Record(number, cells)


def _cell(name: str, value: Any) -> str | None:
    if name in ("points", "valid_months"):
        return str(value) if type(value) is int else None
    return value if isinstance(value, str) else None


def _sum(cells: dict[str, str], value: Any) -> str | None:
    """The figure of a sum as a CSV has it; its currency goes to the line, which has one."""
    if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
        return None
    amount, currency = value["amount"], value["currency"]
    if type(amount) is not int or not isinstance(currency, str) or cells.setdefault("currency", currency) != currency:
        return None
    try:
        return str(Decimal(amount).scaleb(-exponent(currency)))
    except Invalid:  # it is told of the currency, where it is wrong
        return "1"
