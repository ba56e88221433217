"""A reduction in per cent for a limited time; refused one second after its end."""

from datetime import datetime, timedelta

from compensation.engine.plan import RemedyLine
from compensation.engine.terms import LimitedOfferTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = True
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, LimitedOfferTerms)
    return sized(line, currency, expires_at=at + timedelta(days=line.terms.valid_days))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
