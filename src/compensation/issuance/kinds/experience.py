"""An experience voucher: a ticket, a webinar, a consultation, chosen by whoever holds the code."""

from datetime import datetime

from compensation.core.dates import add_months
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import ExperienceTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = True
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, ExperienceTerms)
    return sized(line, currency, expires_at=add_months(at, line.terms.valid_months))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
