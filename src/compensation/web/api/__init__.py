"""The API under /v1: one module a resource. A module in this folder exports ``router``, and is thereby hung.

A handler of a resource names what it needs and marks it with ``web.asked`` and ``litestar.params``:

    @post("/", summary="Report a harm", status_code=201)
    async def create(data: JSONBody[Report], door: Door, who: Caller, key: Key) -> Response[Case]:
        return answered(await door.write_together(report, who, data, key), 201, Case)

    @get("/{case_id:str}", summary="One case")
    async def read(case_id: FromPath[str], door: Door, who: Caller) -> Case: …

    door: Door   who: Caller   key: Key   settings: Told   limits: Counted   limit: Annotated[int, QueryParameter(ge=1)]

The body is decoded strictly into the Struct that the annotation names; ``key`` makes the Idempotency-Key compulsory.
Raise a Problem and it is answered as one. Every problem is documented on every operation by ``web.openapi``.
"""

import pkgutil
from importlib import import_module

from litestar import Router
from litestar.di import Provide

from compensation.web.answer import asked, idempotency_key
from compensation.web.auth import api_key, who_asks


def api() -> Router:
    """Everything under /v1. Whoever has no API key gets no further than ``api_key``."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return Router(
        path="/v1",
        route_handlers=[import_module(f"{__name__}.{name}").router for name in names],
        # Not a guard: for each request the framework hands a guard a copy of its handler.
        before_request=api_key,
        dependencies={
            "who": Provide(who_asks, sync_to_thread=False),
            "asked": Provide(asked, sync_to_thread=False),
            "key": Provide(idempotency_key, sync_to_thread=False),
        },
        security=[{"api_key": []}],
    )
