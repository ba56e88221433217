"""A gift card of another brand. Its cost stands as a promise until the work ``product`` has it from the supplier."""

from datetime import datetime

import msgspec

from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.engine.plan import RemedyLine
from compensation.engine.terms import ProductTerms
from compensation.issuance.kinds.draft import Draft, Effect, promised, sized

SECRET = False
"""No code of ours: it is the supplier's, and sealed once he has given it."""
AFTER = "product"


def draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    """The face value is what the recipient gets; the supplier's fee is drawn from the budget besides."""
    assert isinstance(line.terms, ProductTerms)
    face = sized(line, currency, state=RewardState.pending)
    fee = Money(line.terms.fee, currency)
    return msgspec.structs.replace(face, worth=face.worth + fee, drawn=face.drawn + fee)


def effect(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    return promised(draft, reward_id, merchant_id)
