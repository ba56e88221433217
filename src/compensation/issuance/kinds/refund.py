"""Money back. Written down as due; the work ``refund`` sends it through the payment processor."""

from datetime import datetime, timedelta

from compensation.core.states import RewardState
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import RefundTerms
from compensation.issuance.kinds.draft import Draft, Effect, cost, sized
from compensation.ledger import account
from compensation.ledger.account import Role

SECRET = False
AFTER = "refund"


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    assert isinstance(line.terms, RefundTerms)
    return sized(line, currency, state=RewardState.pending, due_at=at + timedelta(days=line.terms.due_in_days))


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return Effect(tuple(cost(draft, merchant_id, account(Role.refund_due, reward_id, draft.worth.currency))))
