"""A file on its way in: never whole in memory, bounded in size, and given up on when its sender falls silent."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

import msgspec
from litestar.exceptions import HTTPException

from compensation.web.problems import HttpRefusal
from compensation.web.request import StrictRequest

MOST_BYTES = 32 * 1024 * 1024
"""A hundred thousand lines of more than three hundred bytes."""
_IN_MEMORY = 1024 * 1024
_SILENCE = 10.0
"""Seconds without a byte after which we hang up."""
_ALL = 300.0
"""Seconds in which the whole file must be here."""


class Spooled(msgspec.Struct, frozen=True):
    """The bytes of a file, at their beginning, and what they are known by."""

    file: BinaryIO
    sha256: str


@asynccontextmanager
async def spooled(request: StrictRequest) -> AsyncIterator[Spooled]:
    """The body of the request as a file, gone at the end. Raises HttpRefusal ``file_too_large``, 408."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MOST_BYTES:
        raise too_large()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        digest, size, pieces = hashlib.sha256(), 0, request.stream()
        try:
            async with asyncio.timeout(_ALL):
                while True:
                    async with asyncio.timeout(_SILENCE):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    size += len(piece)
                    if size > MOST_BYTES:
                        raise too_large()
                    digest.update(piece)
                    file.write(piece)
        except TimeoutError:
            raise HTTPException(status_code=408) from None
        finally:
            await pieces.aclose()
        file.seek(0)
        yield Spooled(cast(BinaryIO, file), digest.hexdigest())


def too_large() -> HttpRefusal:
    return HttpRefusal(413, "file_too_large", "A file may have 32 MB. Cut it into several and send each.")
