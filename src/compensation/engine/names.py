"""Whether a document names only what exists: harms, remedies and reason codes, wherever in it they stand."""

from collections.abc import Iterator

import msgspec

from compensation.engine.condition import When
from compensation.engine.remedy import Shelf
from compensation.engine.taxonomy import Taxonomy

Found = Iterator[tuple[str, str]]
"""Paths into the document, each with what is wrong there."""

_REMEDIES = frozenset({"remedy", "remedies", "refuses", "methods_off"})
"""The fields, of any document, that hold the code of a remedy or several."""


def unknown_names(document: msgspec.Struct, taxonomy: Taxonomy, shelf: Shelf, reasons: frozenset[str] | None) -> Found:
    """Every name that nothing in the catalogue bears. ``reasons`` None leaves the reason codes unasked."""
    for path, name, value in _walk(document, "$"):
        if isinstance(value, When):
            for code in value.harms:
                if not taxonomy.knows(code):
                    yield f"{path}.harms", f"There is no harm {code!r}."
            for code in value.reason_codes if reasons is not None else ():
                if code not in (reasons or ()):
                    yield f"{path}.reason_codes", f"There is no reason {code!r}."
        elif name in _REMEDIES:
            for code in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
                if isinstance(code, str) and shelf.known(code) is None:
                    yield path, f"There is no remedy {code!r}."


def _walk(value: object, path: str, name: str = "") -> Iterator[tuple[str, str, object]]:
    """Every value below, with its path and the name of its field."""
    yield path, name, value
    if isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _walk(getattr(value, field), f"{path}.{field}", field)
    elif isinstance(value, tuple):
        for at, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{at}]")
