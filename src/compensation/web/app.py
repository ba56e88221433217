"""The application: every route, what each may ask for, and what stands in front of them all."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.db.pool import Told, open_pool
from compensation.db.unit import Doorway
from compensation.web import problems
from compensation.web.api import api
from compensation.web.auth import Keys
from compensation.web.body import MAX_BYTES
from compensation.web.gate import Gate
from compensation.web.headers import completing
from compensation.web.health import health, ready
from compensation.web.request import StrictRequest

Ring = Callable[[str, list[Told]], None]
"""Tells the worker of committed outbox rows. It must never fail or block: the sweep finds what it misses."""


def create_app(
    settings: Settings, door: Doorway | None = None, ring: Ring = lambda merchant_id, told: None
) -> Litestar:
    """The application. With ``door`` it writes through that one; else it opens its own and closes it at the end."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        if door is not None:
            yield
            return
        pool = await open_pool(settings)
        own = Doorway(pool, Vault.parse(settings.keys), ring=ring)
        app.state.door, app.state.api_keys = own, Keys(own)
        yield
        # Writes whose client has gone are still being done; the pool waits for them.
        await own.settle()
        await pool.close()

    app = Litestar(
        route_handlers=[api(), health, ready],
        lifespan=[lifespan],
        state=State({"settings": settings}),
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "door": Provide(_door, sync_to_thread=False),
        },
        request_class=StrictRequest,
        request_max_body_size=MAX_BYTES,
        exception_handlers={Exception: problems.answer},
        before_send=[completing(secure=not settings.development)],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = Gate(app.asgi_handler, settings)
    if door is not None:
        app.state.door, app.state.api_keys = door, Keys(door)
    return app


def _door(state: State) -> Doorway:
    door: Doorway = state.door
    return door
