"""An invariant as a query that finds what breaks it."""

import msgspec


class Law(msgspec.Struct, frozen=True):
    """``says`` what must hold; ``breaks`` selects the rows for which it does not, tenant first."""

    says: str
    breaks: str
