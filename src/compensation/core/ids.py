"""Identifiers: a prefix that says what the thing is, then 26 characters that sort by time.

The body is a 48-bit millisecond clock and 80 random bits in Crockford base 32, lower case (the layout of
ULID). A wrong id is therefore visible to the eye, and an index on ids grows at one end.
"""

import os
import re
import time
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""Any byte as a character of 5 bits: 16 of them hold the 80 that are random."""
_SHAPE = re.compile(r"[a-z]{2,6}_[0-7][0-9a-hjkmnp-tv-z]{25}")


def new_id(prefix: str) -> str:
    """A fresh id such as ``case_01kb3w8q2v…``. Needs no coordination between processes."""
    return f"{prefix}_{_moment(time.time_ns() // 1_000_000)}{os.urandom(16).translate(_LETTERS).decode()}"


def new_ids(prefix: str, count: int) -> list[str]:
    """Many fresh ids of this moment at a fraction of the price, in their own order, as an index likes them best."""
    head = f"{prefix}_{_moment(time.time_ns() // 1_000_000)}"
    tail = os.urandom(16 * count).translate(_LETTERS).decode()
    return sorted([head + tail[start : start + 16] for start in range(0, 16 * count, 16)])


def is_id(text: str, prefix: str) -> bool:
    """Whether ``text`` has the shape of an id of this kind; says nothing of whether the thing exists."""
    return text.startswith(prefix + "_") and _SHAPE.fullmatch(text) is not None


@lru_cache(maxsize=8)
def _moment(milliseconds: int) -> str:
    """The first ten characters, 48 bits at the end of 50. Many ids are made within one millisecond."""
    return "".join([_ALPHABET[milliseconds >> shift & 31] for shift in range(45, -1, -5)])
