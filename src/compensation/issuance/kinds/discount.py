"""A discount on a future purchase, or a small gift: a code that is good once, for a sum off."""

from datetime import datetime, timedelta

from compensation.engine.plan import RemedyLine
from compensation.engine.terms import DiscountTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = True
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, DiscountTerms)
    return sized(line, currency, expires_at=at + timedelta(days=line.terms.valid_days))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
