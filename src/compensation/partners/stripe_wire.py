"""How the Stripe library reaches the network: by httpx, one attempt a call, with a deadline for each step.

The library brings a client of its own for httpx, but that one hands the body over in a way httpx has deprecated.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import httpx
import stripe


class Wire(stripe.HTTPClient):
    """A connection pool for one processor. Redirects are not followed: they would carry our key elsewhere."""

    name = "httpx"

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._client = httpx.AsyncClient(timeout=deadline)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Body, status and headers. Raises APIConnectionError, whose cause tells whether the request left us."""
        try:
            response = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            unreachable: Any = stripe.APIConnectionError  # The library's errors have no types for being made.
            raise unreachable(f"{type(error).__name__}: {error}") from error
        return response.content, response.status_code, response.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
