"""Every document that decisions are made by, read from ``catalog/`` and compiled once a process."""

import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from compensation.core.errors import Invalid
from compensation.engine.document import decode
from compensation.engine.law import Law, LegalPack
from compensation.engine.policy import load_policy
from compensation.engine.policy_document import Status
from compensation.engine.receipt import Books
from compensation.engine.remedy import RemedyBook, Shelf
from compensation.engine.taxonomy import HarmBook, Taxonomy

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[3] / "catalog"


class Library:
    """Immutable after they are read. Raises Invalid ``bad_document`` with file, line and reason."""

    def __init__(self, folder: Path) -> None:
        self.taxonomy = Taxonomy(_read(folder / "harms.toml", HarmBook))
        self.shelf = Shelf(_read(folder / "remedies.toml", RemedyBook))
        self.law = Law(tuple(_read(path, LegalPack) for path in sorted((folder / "legal").glob("*.toml"))))
        self._policies = tuple(
            load_policy(path.read_bytes(), path.name, self.taxonomy, self.shelf)
            for path in sorted((folder / "policies").glob("*.toml"))
        )

    def books(self, code: str, on: datetime.date) -> Books:
        """What to decide by under this policy: its published version valid on that day, the newest of several.

        Raises Invalid ``unknown_policy``.
        """
        valid = [
            policy
            for policy in self._policies
            if policy.document.code == code
            and policy.document.status is Status.published
            and policy.document.valid_from <= on
            and (policy.document.valid_until is None or on <= policy.document.valid_until)
        ]
        if not valid:
            raise Invalid("unknown_policy", f"There is no published policy {code!r} for {on}.")
        newest = max(valid, key=lambda policy: (policy.document.valid_from, policy.document.version))
        return Books(taxonomy=self.taxonomy, law=self.law, policy=newest, shelf=self.shelf)


@lru_cache(maxsize=4)
def library(folder: Path | None = None) -> Library:
    """The catalogue of a folder, or the one that ships. It is read once a process: a change takes a restart."""
    return Library(folder or FOLDER)


def _read(path: Path, kind: type[T]) -> T:
    return decode(path.read_bytes(), kind, path.name)
