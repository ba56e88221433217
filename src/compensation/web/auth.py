"""Who asks, on the API: the holder of the key in ``Authorization: Bearer``, looked up once and remembered a while."""

import asyncio
from collections import OrderedDict
from typing import Any

from litestar import Request

from compensation.core.errors import Unauthenticated
from compensation.core.vault import digest
from compensation.db.answers import Who
from compensation.db.pool import ACQUIRE
from compensation.db.unit import Doorway
from compensation.merchants.credential import key_holder
from compensation.web.request import StrictRequest, header

REMEMBERED = 10.0
"""Seconds a key is good for without asking the database: a revoked key may live on for as long."""
_MOST = 4096
_LONGEST = 200


class Keys:
    """The API keys this process has seen lately. Unknown ones are not remembered, so that nobody can fill it."""

    def __init__(self, door: Doorway, remembered: float = REMEMBERED) -> None:
        self._door = door
        self._remembered = remembered
        self._seen: OrderedDict[bytes, tuple[Who, float]] = OrderedDict()

    async def holder(self, key: str) -> Who | None:
        fingerprint, now = digest(key), asyncio.get_running_loop().time()
        who, until = self._seen.get(fingerprint, (None, 0.0))
        if who is not None and now < until:
            return who
        async with asyncio.timeout(ACQUIRE):
            who = await key_holder(self._door.pool, key, self._door.clock())
        if who is None:
            self._seen.pop(fingerprint, None)
            return None
        self._seen[fingerprint] = (who, now + self._remembered)
        self._seen.move_to_end(fingerprint)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return who


async def api_key(request: Request[Any, Any, Any]) -> None:
    """Stands before everything under /v1. It runs before the body is read: a stranger hears 401 and nothing else."""
    scheme, _, key = header(request, b"authorization").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("api_key_needed", "Send your API key in the header Authorization: Bearer sk_…")
    keys: Keys = request.app.state.api_keys
    who = await keys.holder(key) if len(key) <= _LONGEST and key.isascii() else None
    if who is None:
        raise Unauthenticated("wrong_api_key", "This API key is unknown, revoked or expired.")
    request.scope["state"]["who"] = who


def who_asks(request: StrictRequest) -> Who:
    """The dependency ``who``."""
    who: Who = request.scope["state"]["who"]
    return who
