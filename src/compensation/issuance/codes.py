"""Gift codes: 24 characters in groups of four, made to be read aloud and typed without a mistake going unseen.

    route (4, says which merchant) · random (19 × 5 = 95 bits) · check (1)

The alphabet is Crockford's base 32, without I, L, O and U. The check character makes the weighted sum of all
characters, as elements of GF(2^5) with weights that are different powers of a primitive element, zero. Every single
wrong character changes the sum because no weight is zero; every swap of two different characters changes it because
no two weights are equal (a Reed–Solomon code over GF(32) with one check symbol).
"""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
LENGTH = 24
_RANDOM = 19


def _powers() -> list[int]:  # pragma: no mutate block
    """x^0 … x^30 modulo x^5 + x^2 + 1, which is primitive over GF(2)."""
    powers = [1]
    while len(powers) < 31:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 0b100000 else doubled)
    return powers


_EXP = _powers()
_LOG = {value: power for power, value in enumerate(_EXP)}

_FIVE_BITS = bytes(byte & 31 for byte in range(256))
_LETTERS = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
_WEIGHTED = [
    bytes(_EXP[(_LOG[byte & 31] + place) % 31] if byte & 31 else 0 for byte in range(256)) for place in range(LENGTH)
]
"""For each place counted from the end, what each value adds to the sum."""


def new_codes(route: str, count: int) -> list[str]:
    """Fresh codes of the merchant whose route this is. Secret: seal them at once.

    Written column by column: every place of all codes at a time, so that many cost little more than one.
    """
    columns = [bytes([_VALUES[letter]]) * count for letter in route.upper()]
    columns += [secrets.token_bytes(count).translate(_FIVE_BITS) for _ in range(_RANDOM)]
    # The check stands last, at weight x^0 = 1, so it is the sum of all that stand before it; addition is XOR.
    check = 0
    for place, column in enumerate(reversed(columns), start=1):
        check ^= int.from_bytes(column.translate(_WEIGHTED[place]), "big")
    columns.append(check.to_bytes(count, "big"))
    letters = [column.translate(_LETTERS) for column in columns]
    return [bytes(code).decode() for code in zip(*letters, strict=True)]


def new_code(route: str) -> str:
    return new_codes(route, 1)[0]


def read_code(typed: str) -> str | None:
    """What a person typed, as a code, or None when it cannot be one: wrong length, character or check.

    Case, spaces and hyphens do not matter; O is read as 0, I and L as 1.
    """
    values = [_VALUES.get(letter) for letter in typed.upper() if letter not in " -\t\u00a0\u2011"]
    if len(values) != LENGTH or None in values:
        return None
    known = [value for value in values if value is not None]
    return "".join(_ALPHABET[value] for value in known) if _syndrome(known) == 0 else None


def grouped(code: str) -> list[str]:
    """The six groups of four in which a code is shown."""
    return [code[start : start + 4] for start in range(0, LENGTH, 4)]


def route_of(code: str) -> str:
    return code[:4].lower()


def _syndrome(values: list[int]) -> int:
    total = 0
    for place, value in enumerate(reversed(values)):
        if value:
            total ^= _EXP[(_LOG[value] + place) % 31]
    return total
