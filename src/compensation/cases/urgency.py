"""How soon a case is answered. The worse the harm the sooner; hurt feelings go first, because waiting is their harm."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from compensation.engine.dues import HarmFound
from compensation.engine.harm import Family, Severity

ANSWER_WITHIN = {
    Severity.low: timedelta(hours=72),
    Severity.medium: timedelta(hours=48),
    Severity.high: timedelta(hours=24),
    Severity.critical: timedelta(hours=8),
}


class Urgency(msgspec.Struct, frozen=True):
    severity: Severity
    priority: bool
    answer_due: datetime


def urgency(harms: Iterable[HarmFound], at: datetime, *, prompt: bool = False) -> Urgency:
    """By the worst harm. An emotional harm puts the case at the head of the queue and halves its time; so does a
    perk of the customer's that promises a ``prompt`` answer."""
    found = tuple(harms)
    worst = max((harm.severity for harm in found), key=lambda severity: severity.rank)
    emotional = any(harm.family is Family.emotional for harm in found)
    first = emotional or prompt
    return Urgency(worst, first, at + ANSWER_WITHIN[worst] / (2 if first else 1))
