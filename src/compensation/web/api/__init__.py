"""The API under /v1: one module a resource. A module in this folder exports ``router``, and is thereby hung.

A handler of a resource names what it needs and gets it:

    door    Doorway, for ``door.write(act, who, what, key)`` and ``async with door.read(who.merchant_id)``
    who     Who, the holder of the API key
    key     str, the Idempotency-Key, which a write must have
    data    the body, decoded strictly into the Struct that the annotation names
    settings, limits

A write is answered by ``answered(written, 201, Case)`` of ``web.answer``, with ``-> Response[Case]`` as annotation.
"""

import pkgutil
from importlib import import_module

from litestar import Router
from litestar.di import Provide

from compensation.web.answer import idempotency_key
from compensation.web.auth import api_key, who_asks


def api() -> Router:
    """Everything under /v1. Whoever has no API key gets no further than the guard."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return Router(
        path="/v1",
        route_handlers=[import_module(f"{__name__}.{name}").router for name in names],
        guards=[api_key],
        dependencies={
            "who": Provide(who_asks, sync_to_thread=False),
            "key": Provide(idempotency_key, sync_to_thread=False),
        },
        security=[{"api_key": []}],
    )
