"""The request as the handlers see it: its body is decoded once, strictly, into the type the handler asks for."""

import asyncio
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.types import Empty

from compensation.web.body import decode

_PATIENCE = 10.0
"""Seconds in which a body must have arrived, so that a slow sender cannot hold on to us."""


def header(connection: ASGIConnection[Any, Any, Any, Any], name: bytes) -> str:
    """The first header of this name, in lower case, or an empty text. The framework would read all of them again for
    whoever asks for one."""
    return next((value for known, value in connection.scope["headers"] if known == name), b"").decode("latin-1")


class StrictRequest(Request[Any, Any, Any]):
    """Litestar would convert leniently ("5" would pass as 5); here the bytes meet the type directly."""

    async def body(self) -> bytes:
        if self._body is not Empty:
            return self._body
        try:
            async with asyncio.timeout(_PATIENCE):
                return await super().body()
        except TimeoutError:
            raise HTTPException(status_code=408) from None

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        return decode(await self.body(), field.annotation if field else object)
