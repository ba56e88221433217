"""Store credit: value to spend with the merchant, in parts, principal and bonus apart."""

from datetime import datetime

from compensation.core.dates import valid_until
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import CreditTerms
from compensation.issuance.kinds.draft import Draft, Effect, sized, stored

SECRET = True
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, CreditTerms)
    return sized(line, currency, expires_at=valid_until(at, line.terms.valid_months))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return stored(draft, reward_id, merchant_id)
