"""Every document that decisions are made by, read from ``catalog/`` and compiled once a process."""

import datetime
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from compensation.catalog.legal import flaws
from compensation.catalog.products import ProductBook, Products
from compensation.core.errors import Invalid
from compensation.core.states import PolicyState
from compensation.engine.checklist import InspectionBook
from compensation.engine.document import decode, fingerprint, refusal
from compensation.engine.law import Law, LegalPack
from compensation.engine.names import unknown_names
from compensation.engine.policy import Policy, load_policy
from compensation.engine.policy_document import PolicyDocument
from compensation.engine.receipt import Books, Versions
from compensation.engine.remedy import RemedyBook, Shelf
from compensation.engine.taxonomy import HarmBook, Taxonomy

T = TypeVar("T")
SHIPPED = "default"
"""The code of the policy that ships."""
FOLDER = Path(__file__).resolve().parents[3] / "catalog"


class Library:
    """Immutable after they are read. Raises Invalid ``bad_document`` with file, line and reason."""

    def __init__(self, folder: Path) -> None:
        self.taxonomy = Taxonomy(_read(folder / "harms.toml", HarmBook))
        self.inspection = _read(folder / "inspection.toml", InspectionBook)
        self.shelf = Shelf(_read(folder / "remedies.toml", RemedyBook))
        self.products = Products(_read(folder / "products.toml", ProductBook))
        self.reasons = frozenset(tomllib.loads((folder / "reasons.toml").read_text(encoding="utf-8")))
        self.law = Law(tuple(self._pack(path) for path in sorted((folder / "legal").glob("*.toml"))))
        once = [_read(path, LegalPack) for path in sorted((folder / "legal" / "superseded").glob("*.toml"))]
        self._packs = {fingerprint(pack): pack for pack in (*once, *self.law.packs)}
        self._check(folder / "harms.toml", self.taxonomy.book)
        self._policies = tuple(
            self.policy(path.read_bytes(), path.name) for path in sorted((folder / "policies").glob("*.toml"))
        )
        before = (folder / "policies" / "superseded").glob("*.toml")
        earlier = [self.policy(path.read_bytes(), path.name) for path in sorted(before)]
        self._hashed = {policy.hash: policy for policy in (*earlier, *self._policies)}

    def policy(self, text: str | bytes, name: str) -> Policy:
        """A policy that need not be one of ours, checked against this catalogue. Raises Invalid ``bad_document``."""
        return load_policy(text, name, self.taxonomy, self.shelf, self.reasons)

    def books_of(self, policy: Policy) -> Books:
        """What to decide by under a policy that need not be one of ours."""
        return Books(taxonomy=self.taxonomy, law=self.law, policy=policy, shelf=self.shelf)

    def version(self, code: str) -> int:
        """The highest version of this code that ships; 0 where none does."""
        return max((one.document.version for one in self._policies if one.document.code == code), default=0)

    def shipped(self, code: str, version: int) -> Policy | None:
        """A version that ships, or once did."""
        named = f"{code}/{version}"
        return next((one for one in self._hashed.values() if one.name == named), None)

    def books_named(self, named: Versions, on: datetime.date, policy: Policy | None = None) -> Books:
        """The documents that a receipt names by their hashes, policies and packs that are superseded among them.

        ``policy`` is given where the receipt's is not one of ours.

        Where one is not here, the one in force now stands for it, so that a verification can name the difference.
        Raises Invalid ``unknown_policy``.
        """
        ours = {pack.code: pack for pack in self.law.packs}
        packs = [self._packs.get(digest) or ours.get(code) for code, digest in named.law.items()]
        return Books(
            taxonomy=self.taxonomy,
            law=Law(tuple(pack for pack in packs if pack is not None)),
            policy=policy or self.policy_named(named, on),
            shelf=self.shelf,
        )

    def policy_named(self, named: Versions, on: datetime.date) -> Policy:
        """The shipped policy that a receipt names, superseded or not; else the one in force that day under its code.

        Raises Invalid ``unknown_policy``.
        """
        return self._hashed.get(named.policy) or self.books(named.policy_name.partition("/")[0], on).policy

    def _pack(self, path: Path) -> LegalPack:
        """A pack in force. Raises Invalid ``bad_document`` where it names what the catalogue does not have."""
        pack = _read(path, LegalPack)
        self._check(path, pack)
        for place, reason in flaws(pack, self.shelf):
            raise refusal(path.read_bytes(), path.name, place, reason)
        return pack

    def books(self, code: str, on: datetime.date) -> Books:
        """What to decide by under this policy: its published version valid on that day, the newest of several.

        Raises Invalid ``unknown_policy``.
        """
        valid = [
            policy
            for policy in self._policies
            if policy.document.code == code
            and policy.document.status is PolicyState.published
            and policy.document.valid_from <= on
            and (policy.document.valid_until is None or on <= policy.document.valid_until)
        ]
        if not valid:
            raise Invalid("unknown_policy", f"There is no published policy {code!r} for {on}.")
        newest = max(valid, key=lambda policy: (policy.document.valid_from, policy.document.version))
        return self.books_of(newest)

    def _check(self, path: Path, document: msgspec.Struct) -> None:
        """A document that names a harm, a remedy or a reason that nothing bears would hold for no case, silently."""
        for place, reason in unknown_names(document, self.taxonomy, self.shelf, self.reasons):
            raise refusal(path.read_bytes(), path.name, place, reason)


def shipped_text(code: str) -> str:
    """The text of the policy that ships under this code, to begin a version from. Raises Invalid ``unknown_policy``."""
    for path in sorted((FOLDER / "policies").glob("*.toml")):
        if decode(path.read_bytes(), PolicyDocument, path.name).code == code:
            return path.read_text(encoding="utf-8")
    raise Invalid("unknown_policy", f"There is no published policy {code!r}.")


@lru_cache(maxsize=4)
def library(folder: Path | None = None) -> Library:
    """The catalogue of a folder, or the one that ships. It is read once a process: a change takes a restart."""
    return Library(folder or FOLDER)


def _read(path: Path, kind: type[T]) -> T:
    return decode(path.read_bytes(), kind, path.name)
