"""What a handler may ask for by name, as annotations: Litestar wants each to be marked as what it is."""

from litestar.di import NamedDependency

from compensation.core.settings import Settings
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.web.limits import Limits

Door = NamedDependency[Doorway]
"""``door``: for ``door.write(act, who, what, key)`` and ``async with door.read(who.merchant_id)``."""
Caller = NamedDependency[Who]
"""``who``: the holder of the API key, or the agent whose session it is."""
Key = NamedDependency[str]
"""``key``: the Idempotency-Key, which a write must have."""
Told = NamedDependency[Settings]
"""``settings``: what the operator told us."""
Counted = NamedDependency[Limits]
"""``limits``: the counters of wrong guesses."""
