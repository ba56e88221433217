"""How a room puts what it keeps under the present key: page by page, beside whoever is using it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from compensation.db.answers import Who
from compensation.db.pool import Tx

AT_ONCE = 500
"""Rows of one page: so few that nobody who waits for one of them notices."""


class Reseal(msgspec.Struct, frozen=True):
    """The page after this id."""

    after: str = ""


class Resealed(msgspec.Struct, frozen=True):
    """``id`` is the last row of the page, empty when there was none. ``left`` rows were in use and are still under an
    old key: another round takes them."""

    id: str
    done: int = 0
    left: int = 0


Act = Callable[[Tx, Who, Reseal, datetime], Awaitable[Resealed]]
"""What each room with sealed rows offers. A row in use is passed over: nobody is waited for."""
