"""What a condition may look at: the facts of one case, flat, with the history where it is known."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from compensation.engine.harm import Family
from compensation.engine.inspection import FOUND
from compensation.engine.report import FACTS


class HarmSeen(msgspec.Struct, frozen=True, gc=False):
    """A harm as a condition looks at it. ``words`` is how a receipt names it, such as ``material.x high``."""

    type: str
    family: Family
    rank: int
    words: str


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything a condition may look at. ``facts`` are the names of the facts that are so, in alphabetical order."""

    harms: tuple[HarmSeen, ...]
    rank: int
    """The severity of the worst harm, 0 for low up to 3 for critical."""
    country: str
    tier: str
    reason_code: str
    category: str
    wants: str
    facts: tuple[str, ...]
    days_late: int
    currency: str
    order_amount: int
    costs: int
    cases: int = 0
    apologies: int = 0
    gestures: int = 0
    grade: str | UnsetType = UNSET
    """That of goods that somebody inspected."""

    def only(self, harm: str) -> "Circumstances":
        """The same case seen through one of its harms."""
        if len(self.harms) == 1:
            return self
        one = next(seen for seen in self.harms if seen.type == harm)
        return msgspec.structs.replace(self, harms=(one,), rank=one.rank)

    def variable(self, name: str) -> Any:
        """What a CEL predicate sees by one of the names of ``VARIABLES``. Sums are whole minor units.

        Nothing here may rise with severity: see ``condition``.
        """
        if name in _FACTS:
            return name in self.facts
        if name == "harms":
            return [harm.type for harm in self.harms]
        if name == "families":
            return sorted({str(harm.family) for harm in self.harms})
        return getattr(self, name) or "" if name == "grade" else getattr(self, name)


_FACTS = FACTS | FOUND
_PLAIN = (
    "country",
    "tier",
    "reason_code",
    "category",
    "wants",
    "days_late",
    "currency",
    "order_amount",
    "costs",
    "cases",
    "apologies",
    "gestures",
)
VARIABLES = (*sorted(_FACTS), *_PLAIN, "grade", "harms", "families")
"""Every name that a predicate may speak of."""
