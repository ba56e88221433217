"""A dry run: what reporting a harm would lead to. Nothing is written, and nothing is remembered."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases.case import Assessed, assessed
from compensation.cases.said import inert
from compensation.cases.weigh import history, setting, weigh
from compensation.core.money import Money
from compensation.customers.customer import customer
from compensation.db.pool import Tx
from compensation.engine.plan import History, Offer
from compensation.engine.report import Report


class Preview(Report, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report without its customer; with ``customer_id`` what he received before counts, as it would."""

    customer_id: Annotated[str, Meta(max_length=64)] | None = None


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """What would be found and offered at this moment. Budget and history may be others when the case is reported,
    and a surprise gift is drawn only then.
    """

    owed: Money
    goodwill: Money
    assessment: Assessed
    offers: tuple[Offer, ...]


async def preview(tx: Tx, what: Preview, at: datetime) -> Previewed:
    """Raises what ``report`` raises about the report itself, and NotFound ``unknown_customer``."""
    said = inert(what)
    under = await setting(tx, said, at)
    before = History()
    if what.customer_id is not None:
        known = await customer(tx, what.customer_id)
        before = await history(tx, known.id, under, at)
    decision = weigh(said, under, before, "", at).decision
    return Previewed(
        owed=decision.owed, goodwill=decision.goodwill, assessment=assessed(decision), offers=decision.offers
    )
