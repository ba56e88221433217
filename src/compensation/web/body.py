"""A JSON body, from bytes to a checked Struct: bounded in size and depth, every key once, no number out of reach.

What is refused is refused by name: the problem points at the place in the body and says what to write there.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from compensation.core.errors import Invalid
from compensation.web.allowed import allowed_at

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_DIGITS = 16
"""Whole numbers of up to 16 digits fit a bigint a thousand times over; our largest amount has 15."""

T = TypeVar("T")

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_AT = re.compile(r"^(?P<said>.*?)(?: - at `(?P<key>key in )?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `(?P<wanted>[^`]*)`(?P<bound> .*?)?(?:, got `(?P<got>[^`]*)`)?$", re.DOTALL)


class _Wrong(str):
    """Stands in the tree for what JSON allows and we do not; the text says why."""

    code: str
    at: str = ""
    """The rest of the way to it."""


def decode(body: bytes, kind: type[T]) -> T:
    """The value that ``body`` says. Raises Invalid with a ``pointer`` (RFC 6901) where one place is wrong."""
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise Invalid("body_too_deep", f"The body nests deeper than {MAX_DEPTH} levels. Flatten it.")
    _check(body)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        pointer, sentence = explain(str(error))
        words = allowed_at(kind, pointer) if sentence.startswith("Invalid enum value") else None
        said = f"Write one of {', '.join(words)}." if words else sentence
        raise Invalid("invalid_body", f"{pointer or 'The body'}: {said}", pointer=pointer, allowed=words) from None
    except msgspec.DecodeError as error:
        raise Invalid("malformed_json", f"The body is not JSON: {error}.") from None


def explain(said: str) -> tuple[str, str]:
    """What the decoder says of one value, as a JSON pointer and a sentence that names the cure."""
    found = _AT.match(said)
    text, path = (found["said"], found["path"] or "") if found else (said, "")
    pointer = _pointer(path)
    named = _NAMED.match(text)
    if named:
        pointer = f"{pointer}/{_escape(named['name'])}"
        missing = named["what"].startswith("missing")
        return pointer, ("This field is required: add it." if missing else "There is no such field: remove it.")
    expected = _EXPECTED.match(text)
    if expected:
        wanted = _words(expected["wanted"])
        bound = _bound(expected["bound"] or "")
        got = f", not {_words(expected['got'])}" if expected["got"] else ""
        return pointer, f"Write {wanted}{bound}{got}."
    return pointer, f"{text}."


def _check(body: bytes) -> None:
    """Refuse what the decoder would let pass: a key that stands twice, a number out of reach, a NUL in a text."""
    try:
        _SOUND.decode(body.decode())
    except (ValueError, RecursionError):
        _blame(body)
        return
    if rb"\u0000" in body:
        _blame(body)


def _blame(body: bytes) -> None:
    """Say what is wrong with a body and where. Slower than to see that nothing is."""
    wrong: list[_Wrong] = []

    def note(code: str, why: str) -> _Wrong:
        found = _Wrong(why)
        found.code = code
        wrong.append(found)
        return found

    def once(pairs: list[tuple[str, Any]]) -> Any:
        fields = dict(pairs)
        if len(fields) == len(pairs):
            return fields
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        found = note("duplicate_key", "This key stands twice in one object. Write it once.")
        found.at = f"/{_escape(twice)}"
        return found

    def whole(digits: str) -> Any:
        if len(digits) <= _DIGITS:
            return int(digits)
        return note("number_out_of_range", f"A whole number has at most {_DIGITS} digits; this one has {len(digits)}.")

    def constant(name: str) -> Any:
        return note("malformed_json", f"{name} is not JSON. Write a number.")

    try:
        tree = json.loads(body, object_pairs_hook=once, parse_int=whole, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise Invalid("malformed_json", f"The body is not JSON: {error}.") from None
    if wrong or rb"\u0000" in body:
        for pointer, value in _walk(tree, ""):
            if isinstance(value, _Wrong):
                at = pointer + value.at
                raise Invalid(value.code, f"{at or 'The body'}: {value}", pointer=at)
            if isinstance(value, str) and "\x00" in value:
                why = f"{pointer or 'The body'}: This text holds a NUL character. Remove it."
                raise Invalid("forbidden_character", why, pointer=pointer)


def _sound_pairs(pairs: list[tuple[str, Any]]) -> int:
    if len(pairs) > 1 and len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return 0


def _sound_digits(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("too many digits")
    return 0


def _unsound(name: str) -> None:
    raise ValueError(name)


_SOUND = json.JSONDecoder(object_pairs_hook=_sound_pairs, parse_int=_sound_digits, parse_constant=_unsound)
"""Passes over a body that is as it should be, and keeps nothing of it."""


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield pointer, name
            yield from _walk(inner, f"{pointer}/{_escape(name)}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walk(inner, f"{pointer}/{place}")


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for token in _BRACKETS.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _pointer(path: str) -> str:
    """``$.order.lines[2].amount`` as ``/order/lines/2/amount``; ``[...]`` stands for a key that is not told."""
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", path)
    return "".join(f"/{_escape(name) if name else index.replace('...', '*')}" for name, index in steps)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


_TYPES = {
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "float": "a number with decimals",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "date": "a date such as 2026-11-22",
    "datetime": "a time such as 2026-11-22T09:12:00Z",
}


def _words(types: str) -> str:
    return " or ".join(_TYPES.get(name.strip(), name.strip()) for name in types.split("|"))


def _bound(bound: str) -> str:
    for before, after in ((" of length", " with a length"), (" matching regex", " that matches"), (r"\\Z'", "$'")):
        bound = bound.replace(before, after)
    return bound.replace(">=", "of at least").replace("<=", "of at most")
