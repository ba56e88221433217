"""Loyalty points: a lot of points, and beside it their worth in money as a promise."""

from datetime import datetime

from compensation.core.dates import add_months
from compensation.core.money import POINTS
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import PointsTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized
from compensation.ledger import Lot, Posting, account
from compensation.ledger.account import Role

SECRET = False
AFTER = None


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, PointsTerms)
    expires_at = add_months(at, line.terms.valid_months)
    return sized(line, currency, expires_at=expires_at, count=line.terms.points, asset=POINTS)


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    lot = account(Role.points, reward_id, POINTS, "principal")
    given = Posting(account(Role.points_issued, merchant_id, POINTS), lot, draft.principal.amount)
    money = promised(draft, reward_id, merchant_id)
    return Effect((given, *money.postings), {lot: Lot(draft.part, draft.expires_at)})
