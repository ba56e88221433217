"""The sentences for reason codes, as data in three languages."""

import re
from collections.abc import Mapping

import msgspec

from compensation.engine.harm import Wording
from compensation.engine.reason import Reason


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason code and its sentence; the same ``{placeholders}`` in every language."""

    code: str
    en: str
    ar: str
    bg: str

    def __post_init__(self) -> None:
        if not self.placeholders == _placeholders(self.ar) == _placeholders(self.bg):
            raise ValueError(f"{self.code}: the three languages do not name the same placeholders.")

    @property
    def placeholders(self) -> frozenset[str]:
        return _placeholders(self.en)

    @property
    def wording(self) -> Wording:
        return Wording(self.en, self.ar, self.bg)


class ExplanationBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``catalog/explanations.toml``."""

    explanation: tuple[Explanation, ...]

    def __post_init__(self) -> None:
        codes = [explanation.code for explanation in self.explanation]
        for code in codes:
            if codes.count(code) > 1:
                raise ValueError(f"{code!r} is explained twice.")


class Explanations:
    """Reason codes to sentences. A code without its own takes that of its family: ``gesture`` for ``gesture.x``."""

    def __init__(self, book: ExplanationBook) -> None:
        self._by_code = {explanation.code: explanation for explanation in book.explanation}

    def find(self, code: str) -> Explanation | None:
        return self._by_code.get(code) or self._by_code.get(code.partition(".")[0])

    def say(self, reason: Reason, locale: str, words: Mapping[str, str]) -> str:
        """The sentence with its places filled. ``words`` are the reason's values as the reader is to see them.

        A code that nobody worded is said as the code itself: wrong to read, and right to look up.
        """
        found = self.find(reason.code)
        if found is None:
            return reason.code
        return _PLACE.sub(lambda place: words.get(place.group(1), place.group(0)), found.wording.in_(locale))


_PLACE = re.compile(r"\{([a-z_]+)\}")


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(_PLACE.findall(text))
