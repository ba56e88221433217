"""The object store of evidence files: a folder by default, an S3-compatible service where a URL is set; by obstore."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from compensation.cases.evidence.files import Found
from compensation.core.errors import Invalid, Unavailable

_PATIENCE = timedelta(seconds=15)
_AT_ONCE = 1000

Store = LocalStore | MemoryStore | S3Store


class Objects:
    """See ``cases.evidence.files.Files``. Nothing is opened before it is needed.

    ``url`` is ``s3://bucket/prefix``; address and credentials of the service come from the AWS_* variables that every
    client of S3 knows. Empty means ``folder``.
    """

    def __init__(self, url: str, folder: Path) -> None:
        if url and not url.startswith("s3://"):
            raise Invalid("invalid_settings", "COMPENSATION_EVIDENCE_URL is empty, or like s3://bucket/prefix.")
        self._url = url
        self._folder = folder
        self._opened: Store | None = None

    async def put(self, name: str, content: bytes) -> None:
        """See Files. Written elsewhere and moved into its place by either kind of store, so never seen half."""
        try:
            await obstore.put_async(self._store(), name, content, use_multipart=False)
        except (BaseError, OSError) as error:
            raise _away() from error

    async def get(self, name: str) -> bytes | None:
        """See Files."""
        try:
            got = await obstore.get_async(self._store(), name)
            return bytes(await got.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise _away() from error

    async def delete(self, names: Sequence[str]) -> None:
        """See Files."""
        for name in names:
            try:
                await obstore.delete_async(self._store(), name)
            except (NotFoundError, FileNotFoundError):
                continue
            except (BaseError, OSError) as error:
                raise _away() from error

    async def names(self, prefix: str) -> AsyncIterator[Sequence[Found]]:
        """See Files."""
        try:
            async for portion in obstore.list(self._store(), prefix, chunk_size=_AT_ONCE):
                yield [Found(one["path"], one["last_modified"]) for one in portion]
        except (BaseError, OSError) as error:
            raise _away() from error

    def _store(self) -> Store:
        if self._opened is None:
            self._opened = (
                S3Store.from_url(
                    self._url,
                    # An operator who names a service of his own network by http means it; what we send is sealed.
                    client_options={"timeout": _PATIENCE, "connect_timeout": timedelta(seconds=3), "allow_http": True},
                    retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
                )
                if self._url
                else LocalStore(self._folder, mkdir=True)
            )
        return self._opened


def _away() -> Unavailable:
    return Unavailable("evidence_store_away", "The store of files cannot be reached. Send the same request again.")
