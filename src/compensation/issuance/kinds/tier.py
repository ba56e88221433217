"""A premium tier for a time, with its perks. It ends by itself at the moment it names."""

from datetime import datetime, timedelta

from compensation.engine.plan import RemedyLine
from compensation.engine.terms import TierTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = False
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, TierTerms)
    return sized(line, currency, expires_at=at + timedelta(days=line.terms.days))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
