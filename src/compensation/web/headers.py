"""The headers every answer carries: nothing is kept by caches, framed, guessed at or told to the next site."""

from collections.abc import Callable, Coroutine
from typing import Any

from litestar.types import Message, Scope

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The policy of an answer that is not a page."""


def page_policy(nonce: str) -> str:
    """The policy of a page: our own files, one nonced style block for a brand's colours, forms to ourselves."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def completing(*, secure: bool) -> Callable[[Message, Scope], Coroutine[Any, Any, None]]:
    """The hook that adds what an answer does not say itself. ``secure`` adds HSTS, which only https may promise."""
    usual = {
        b"content-security-policy": NOTHING.encode(),
        b"cache-control": b"no-store",
        b"referrer-policy": b"no-referrer",
        b"x-content-type-options": b"nosniff",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=()",
        b"x-robots-tag": b"noindex, nofollow",
    }
    if secure:
        usual[b"strict-transport-security"] = b"max-age=63072000; includeSubDomains"

    async def complete(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            said = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((n, v) for n, v in usual.items() if n not in said)]

    return complete
