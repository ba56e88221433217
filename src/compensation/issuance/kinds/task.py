"""Something the merchant does: repair, exchange, replace, redo, explain. Told to his systems, due by a date."""

from datetime import datetime, timedelta

from compensation.engine.plan import RemedyLine
from compensation.engine.terms import TaskTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = False
AFTER = "event:task.assigned"


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, TaskTerms)
    lasts = line.terms.lasts_days
    return sized(
        line,
        currency,
        due_at=at + timedelta(days=line.terms.due_in_days),
        expires_at=None if lasts is None else at + timedelta(days=lasts),
    )


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
