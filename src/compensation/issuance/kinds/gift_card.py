"""The house gift card: like store credit, but anybody who holds the code may spend it."""

from datetime import datetime

from compensation.core.dates import valid_until
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import CardTerms
from compensation.issuance.kinds.draft import Draft, Effect, sized, stored

SECRET = True
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, CardTerms)
    return sized(line, currency, expires_at=valid_until(at, line.terms.valid_months))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return stored(draft, reward_id, merchant_id)
