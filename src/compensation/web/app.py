"""The application: every route, what each may ask for, and what stands in front of them all."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.jobs.bell import Bell
from compensation.partners.objects import Objects
from compensation.web import openapi, problems
from compensation.web.address import networks
from compensation.web.api import api
from compensation.web.assets import assets
from compensation.web.auth import Keys
from compensation.web.body import MAX_BYTES
from compensation.web.console import console
from compensation.web.docs import docs
from compensation.web.gate import Gate
from compensation.web.headers import completing
from compensation.web.health import health, no_icon, ready
from compensation.web.limits import Limits
from compensation.web.mailbox import dev_mailbox
from compensation.web.pages import pages
from compensation.web.request import StrictRequest


def create_app(settings: Settings, door: Doorway | None = None) -> Litestar:
    """The application. With ``door`` it writes through that one; else it opens its own, and closes it."""
    networks(settings.trusted_proxies)  # what cannot be read is said now, not at the first request
    return furnish(routed(development=settings.development), settings, Post(settings), door)


def routed(*, development: bool) -> Litestar:
    """Every route, for anybody's settings. Reading them takes most of a second, so whoever needs many applications one
    after the other, as tests do, furnishes the same one anew."""
    only_here = [dev_mailbox()] if development else []
    app = Litestar(
        route_handlers=[api(), docs(), console(), pages(), assets, health, ready, no_icon, *only_here],
        lifespan=[_live],
        dependencies={
            name: Provide(_held(name), sync_to_thread=False) for name in ("settings", "door", "limits", "store")
        },
        request_class=StrictRequest,
        request_max_body_size=MAX_BYTES,
        exception_handlers={Exception: problems.answer},
        before_send=[completing(secure=not development)],
        openapi_config=openapi.config(),
        logging_config=None,
        debug=False,
    )
    app.state.routes = app.asgi_handler
    return app


def furnish(app: Litestar, settings: Settings, post: Post, door: Doorway | None = None) -> Litestar:
    """Give the routes what they reach for, in the place of what they had."""
    app.state.update(
        settings=settings,
        limits=Limits(settings.redis_url),
        post=post,
        templates=post.templates,
        store=Objects(settings.evidence_url, settings.data),
        given=door,
    )
    app.asgi_handler = Gate(app.state.routes, settings)
    return app


@asynccontextmanager
async def _live(app: Litestar) -> AsyncIterator[None]:
    state = app.state
    async with _opened(state.settings) if state.given is None else nullcontext(state.given) as own:
        state.door, state.api_keys = own, Keys(own)
        yield
        # Writes whose client has gone are still being done; the pool waits for them.
        await own.settle()
    await state.limits.close()


_HELD = ("settings", "door", "limits", "store")
"""What a handler may ask for by name."""


def _held(name: str) -> Callable[[State], Any]:
    def held(state: State) -> Any:
        return state[name]

    return held


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Doorway]:
    pool, bell = await open_pool(settings), Bell(settings.redis_url)
    try:
        yield Doorway(pool, Vault.parse(settings.keys), ring=bell.ring)
    finally:
        await bell.close()
        await pool.close()
