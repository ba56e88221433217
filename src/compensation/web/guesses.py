"""What a wrong code costs: it is counted by who asks, from where, and at whose shop; a right one costs nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from compensation.core.errors import NotFound
from compensation.db.answers import Who
from compensation.web.limits import GUESSES, GUESSES_AT_MERCHANT, Limits


@asynccontextmanager
async def guessing(limits: Limits, who: Who, address: str) -> AsyncIterator[None]:
    """Around the look-up of a code. Raises TooMany once this key or this address has guessed too often."""
    subjects = (who.actor, address)
    for subject in subjects:
        limits.check(GUESSES, subject)
    try:
        yield
    except NotFound:
        for subject in subjects:
            await limits.count(GUESSES, subject)
        await limits.count(GUESSES_AT_MERCHANT, who.merchant_id)
        raise
