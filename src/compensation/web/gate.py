"""The application's outermost skin: it answers only to its own names, and HEAD is answered as GET is."""

from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from compensation.core.settings import Settings
from compensation.web import problems

_ANY_HOST = ("/health", "/ready")
"""Asked by a load balancer, which knows our address only."""


def names_of(settings: Settings) -> frozenset[str]:
    """The hosts we answer to: that of the base address, and in development this machine by any of its names."""
    own = {urlsplit(settings.base_url).hostname or ""}
    return frozenset(own | {"127.0.0.1", "localhost", "::1"} if settings.development else own)


class Gate:
    """Stands before the router. Links are never built from the Host header; a foreign one is refused besides."""

    def __init__(self, inner: ASGIApp, settings: Settings) -> None:
        self._inner = inner
        self._names = names_of(settings)
        refusal = problems.HttpRefusal(*problems.MISDIRECTED)
        self._refusal = msgspec.json.encode(problems.body_of(refusal, settings.base_url))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        if _name_in(host) not in self._names and scope["path"] not in _ANY_HOST:
            await self._refuse(send)
        elif scope["method"] == "HEAD":
            # The server looks into its own scope when it writes, and there drops the body: so ours is a copy.
            copy = scope.copy()
            copy["method"] = "GET"
            await self._inner(copy, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _refuse(self, send: Send) -> None:
        length = str(len(self._refusal)).encode()
        headers = [(b"content-type", problems.MEDIA_TYPE.encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": self._refusal, "more_body": False})


@lru_cache(maxsize=256)
def _name_in(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
