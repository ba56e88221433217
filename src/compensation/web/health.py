"""Whether this process lives, and whether it can do its work."""

import asyncio

from litestar import Response, get

from compensation.db.faults import away
from compensation.db.pool import ACQUIRE
from compensation.web.asked import Door


@get("/health", include_in_schema=False)
async def health() -> dict[str, str]:
    """Alive: the process answers. Asks nobody, so that a database that is away does not get us restarted."""
    return {"status": "ok"}


@get("/ready", include_in_schema=False)
async def ready(door: Door) -> Response[dict[str, str]]:
    """Ready: the database answers within the time a request would wait for it. Raises Unavailable."""
    try:
        async with asyncio.timeout(ACQUIRE), door.pool.acquire() as connection:
            await connection.fetchval("SELECT 1")
    except TimeoutError:
        raise away() from None
    return Response({"status": "ready"})
