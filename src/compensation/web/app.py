"""The application: every route, what each may ask for, and what stands in front of them all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

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
    limits, post, files = Limits(settings.redis_url), Post(settings), Objects(settings.evidence_url, settings.data)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with _opened(settings) if door is None else nullcontext(door) as own:
            app.state.door, app.state.api_keys = own, Keys(own)
            yield
            # Writes whose client has gone are still being done; the pool waits for them.
            await own.settle()
        await limits.close()

    only_here = [dev_mailbox()] if settings.development else []
    app = Litestar(
        route_handlers=[api(), docs(), console(), pages(), assets, health, ready, no_icon, *only_here],
        lifespan=[lifespan],
        state=State({"settings": settings, "limits": limits, "post": post, "templates": post.templates}),
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "door": Provide(_door, sync_to_thread=False),
            "limits": Provide(lambda: limits, sync_to_thread=False),
            "store": Provide(lambda: files, sync_to_thread=False),
        },
        request_class=StrictRequest,
        request_max_body_size=MAX_BYTES,
        exception_handlers={Exception: problems.answer},
        before_send=[completing(secure=not settings.development)],
        openapi_config=openapi.config(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = Gate(app.asgi_handler, settings)
    return app


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Doorway]:
    pool, bell = await open_pool(settings), Bell(settings.redis_url)
    try:
        yield Doorway(pool, Vault.parse(settings.keys), ring=bell.ring)
    finally:
        await bell.close()
        await pool.close()


def _door(state: State) -> Doorway:
    door: Doorway = state.door
    return door
