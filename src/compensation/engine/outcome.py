"""What a policy would give for one case, without the telling: the sums of its offers, and the limits that bit."""

import msgspec

from compensation.engine.assess import assess
from compensation.engine.decide import review
from compensation.engine.goodwill import weigh
from compensation.engine.matter import Matter
from compensation.engine.offers import make_offers
from compensation.engine.plan import Offer
from compensation.engine.receipt import Books, Inputs


class Given(msgspec.Struct, frozen=True, gc=False):
    """One offer: its key, what it is worth to the customer and what it is expected to cost, in minor units."""

    key: str
    value: int
    cost: int


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """A decision in figures. ``limits`` are the codes of the bounds that cut the goodwill."""

    goodwill: int
    offers: tuple[Given, ...]
    reviewed: bool
    limits: tuple[str, ...]

    def taken(self, key: str | None) -> Given:
        """The offer of this key; the first where there is none of it."""
        return next((offer for offer in self.offers if offer.key == key), self.offers[0])


UNBOUNDED = "limit.none"


def outcome(inputs: Inputs, books: Books) -> Outcome:
    """The figures of the decision that ``replay`` would tell in full. Raises Invalid as ``assess`` does."""
    shelf = books.shelf.without_also(frozenset(inputs.without))
    assessment = assess(inputs.report, books.taxonomy, books.law, inputs.on)
    case, history = assessment.circumstances, inputs.history
    if history.cases or history.apologies or history.gestures:
        case = msgspec.structs.replace(
            case, cases=history.cases, apologies=history.apologies, gestures=history.gestures
        )
    grant = weigh(assessment, case, books.policy, inputs.limits, history, [])
    matter = Matter.of(assessment, case, books.policy, books.law, shelf, inputs.limits, history, grant, inputs.seed)
    offers, _ = make_offers(matter, [])
    bounds = [line.reason.code for line in grant.trace if line.reason.code.startswith("limit.")]
    return Outcome(
        goodwill=grant.amount.amount,
        offers=tuple(map(given, offers)),
        reviewed=bool(review(assessment, books.policy, history)),
        limits=tuple(code for code in bounds if code != UNBOUNDED),
    )


def given(offer: Offer) -> Given:
    return Given(offer.key, offer.value.amount, offer.cost.amount)
