"""What a handler may ask for by name, as annotations: Litestar wants each to be marked as what it is."""

from datetime import datetime
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from compensation.core.errors import Invalid
from compensation.core.settings import Settings
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.partners.objects import Objects
from compensation.web.answer import Asked
from compensation.web.limits import Limits

Door = NamedDependency[Doorway]
"""``door``: for ``door.write(act, who, what, key)`` and ``async with door.read(who.merchant_id)``."""
Caller = NamedDependency[Who]
"""``who``: the holder of the API key, or the agent whose session it is."""
Key = NamedDependency[str]
"""``key``: the Idempotency-Key, which a write must have."""
Told = NamedDependency[Settings]
"""``settings``: what the operator told us."""
Store = NamedDependency[Objects]
"""``store``: where the files of evidence lie."""
Busy = NamedDependency[Asked]
"""``asked``: door, caller, key and limits in one, for the handlers that are called most."""
Counted = NamedDependency[Limits]
"""``limits``: the counters of wrong guesses."""
Cursor = Annotated[int | None, QueryParameter(ge=1, le=2**53, description="`next` of the page before.")]
"""``cursor``: where a page of a statement begins."""
Size = Annotated[int, QueryParameter(ge=1, le=200)]
"""``limit``: how many lines a page has."""
Coin = Annotated[str, QueryParameter(pattern="^[A-Z]{3}$")]
"""``currency``: of a statement."""
Moment = Annotated[datetime | None, QueryParameter(description="RFC 3339 with its zone, such as 2026-06-30T23:59:59Z.")]
"""``at``: a moment that is asked about; see ``moment``."""


def moment(given: datetime | None, parameter: str = "at") -> datetime | None:
    """A moment with its zone. Raises Invalid ``invalid_time``: without a zone it is another moment everywhere."""
    if given is not None and (given.tzinfo is None or not 2000 <= given.year < 2200):
        raise Invalid("invalid_time", "Write the moment like 2026-06-30T23:59:59Z.", parameter=parameter)
    return given
