"""What machines ask: whether this process lives, whether it can do its work, and for an icon that we do not have."""

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


@get("/favicon.ico", status_code=204, include_in_schema=False)
async def no_icon() -> Response[None]:
    """Browsers ask for one by themselves; a brand's mark is in its pages."""
    return Response(None, status_code=204, headers={"cache-control": "public, max-age=86400"})
