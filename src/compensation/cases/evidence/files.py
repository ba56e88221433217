"""Where the files of evidence lie: the port to an object store, and the names that files have in it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

SMALL = ".small"
"""The ending of the name of a picture's thumbnail, which lies beside the picture."""


class Found(msgspec.Struct, frozen=True):
    """A file in the store, and when it was written."""

    name: str
    at: datetime


class Files(Protocol):
    """An object store. Every call may raise Unavailable ``evidence_store_away``; none belongs in a transaction."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep ``content`` under ``name``, wholly or not at all."""

    async def get(self, name: str) -> bytes | None:
        """The content; None where there is no such file."""

    async def delete(self, names: Sequence[str]) -> None:
        """Remove these files; one that is gone already is no fault."""

    def names(self, prefix: str) -> AsyncIterator[Sequence[Found]]:
        """All files whose name begins with the folder ``prefix``, in portions."""


def file_name(merchant_id: str, customer_id: str, content_hash: bytes, evidence_id: str) -> str:
    """A name that no two uploads share: so whoever clears away what was left behind can never meet a later upload
    of the same content."""
    return f"{folder(merchant_id)}/{customer_id}/{content_hash.hex()}/{evidence_id}"


def folder(merchant_id: str) -> str:
    return f"evidence/{merchant_id}"


def evidence_id_of(name: str) -> str:
    """The id in a file's name, a thumbnail's too."""
    return name.rpartition("/")[2].removesuffix(SMALL)
