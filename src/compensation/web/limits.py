"""How often a door may be tried: wrong guesses and reveals, counted over all processes together.

The count is kept in Redis by one script. Where Redis is away it is kept in this process, at a share of the limit, so
that all processes together still stay below it: with no shared count we let less through, never more. Only what can be
abused costs a count; a right code or link costs nothing. A count is of a hash, so that Redis holds no link and no code.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from compensation.core.errors import TooMany

LOG = logging.getLogger("compensation.web")
_WAIT = 0.15
"""Seconds Redis may take. A request must not feel that it is away."""
_REST = 5.0
"""Seconds for which we do not ask again after it was away."""
_PROCESSES = 8
"""The most processes that may share one limit; without Redis each allows its part."""
_MOST = 20_000

_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}
"""


class Limit(msgspec.Struct, frozen=True):
    """At most ``times`` in ``seconds`` for one subject, such as an address or a link."""

    name: str
    times: int
    seconds: int


GUESSES = Limit("guess", 60, 600)
"""Wrong links and codes from one address. A person mistypes; nobody mistypes sixty times."""
GUESSES_AT_MERCHANT = Limit("guess-merchant", 3000, 600)
"""Wrong ones at one merchant, whoever sends them. It is counted, never checked: nobody shall shut a merchant's door by
knocking, so a right code passes even then."""
REVEALS = Limit("reveal", 20, 3600)
"""Reveals through one link."""
UPLOADS = Limit("upload", 30, 3600)
"""Files sent through one link."""
LOGINS = Limit("login", 10, 600)
"""Wrong passwords for one e-mail address, and from one address."""


class Limits:
    """The counters. ``url`` empty means a single process, which then counts for itself in full."""

    def __init__(self, url: str) -> None:
        self._redis = (
            Redis.from_url(url, socket_timeout=_WAIT, socket_connect_timeout=_WAIT, max_connections=4) if url else None
        )
        self._share = _PROCESSES if url else 1
        self._away_until = 0.0
        self._own: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._closed: OrderedDict[str, float] = OrderedDict()

    def check(self, limit: Limit, subject: str) -> None:
        """Costs nothing and asks nobody. Raises TooMany when this process knows the limit to be reached."""
        if not self._closed:
            return
        until = self._closed.get(_name(limit, subject), 0.0)
        left = until - time.monotonic()
        if left > 0:
            raise _too_many(left)

    async def count(self, limit: Limit, subject: str) -> None:
        """Count one. Raises TooMany when that is one too many."""
        name = _name(limit, subject)
        times, left, allowed = await self._counted(name, limit)
        if times > allowed:
            self._closed[name] = time.monotonic() + left
            _trim(self._closed)
            raise _too_many(left)

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()

    async def _counted(self, name: str, limit: Limit) -> tuple[int, float, int]:
        """How often so far, for how many seconds still, and how often is allowed."""
        now = time.monotonic()
        if self._redis is not None and now >= self._away_until:
            try:
                async with asyncio.timeout(_WAIT):
                    times, left = await self._redis.eval(_COUNT, 1, name, str(limit.seconds * 1000))
                return int(times), max(int(left), 0) / 1000, limit.times
            except (RedisError, OSError, TimeoutError):
                self._away_until = now + _REST
                LOG.warning("Redis is away: limits are counted in this process, at a share")
        times, until = self._own.get(name, (0, 0.0))
        if now >= until:
            times, until = 0, now + limit.seconds
        self._own[name] = (times + 1, until)
        self._own.move_to_end(name)
        _trim(self._own)
        return times + 1, until - now, max(limit.times // self._share, 1)


def _name(limit: Limit, subject: str) -> str:
    return f"limit:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


def _too_many(left: float) -> TooMany:
    seconds = int(left) + 1
    return TooMany("too_many_attempts", f"Too many attempts. Try again in {seconds} seconds.", retry_after=seconds)


def _trim(kept: OrderedDict[str, object] | OrderedDict[str, tuple[int, float]] | OrderedDict[str, float]) -> None:
    while len(kept) > _MOST:
        kept.popitem(last=False)
