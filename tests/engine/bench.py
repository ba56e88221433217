"""A bench to try decisions on: reports from a few words, or drawn at random from everything a report may say."""

import datetime
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET

from compensation.core.money import Money
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.harm import Severity
from compensation.engine.plan import Decision, History, Limits
from compensation.engine.receipt import Books
from compensation.engine.report import FACTS, CostLine, Facts, Harm, Order, Report, Wants

HARMS = (
    "material.defective_product",
    "material.unsatisfactory_service",
    "material.delivery_delay",
    "emotional.frustration_resentment",
    "emotional.loss_of_trust",
    "financial.additional_costs",
    "financial.direct_financial_loss",
    "reputational.negative_reputation",
    "reputational.brand_damage",
)
COSTS = ("repair", "return_shipping", "property_damage", "travel")
COUNTRIES = ("US", "BG", "DE", "FR", "RO", "IE", "GB", "SA", "AE", "KW", "QA", "JO", "EG", "CA", "AU", "JP")
REGIONS = {"US": ("CA", "NY"), "CA": ("ON", "QC")}
CURRENCIES = ("EUR", "USD", "CAD", "KWD", "JPY", "SAR", "XOF")


class Bench:
    """The engine with its documents laid out, so that a test says only what matters to it."""

    def __init__(self, books: Books, today: datetime.date) -> None:
        self.books = books
        self.today = today

    def decide(
        self,
        report: Report,
        limits: Limits = Limits(),  # noqa: B008 - frozen, so shared safely
        history: History = History(),  # noqa: B008 - frozen, so shared safely
        seed: str = "case",
    ) -> Decision:
        books = self.books
        assessment = assess(report, books.taxonomy, books.law, self.today)
        return decide(assessment, books.policy, books.law, limits, history, books.shelf, seed)


def report(*harms: str, paid: int = 10_000, currency: str = "EUR", country: str = "JP", **more: Any) -> Report:
    """A report from a few words: ``report("material.delivery_delay high", facts={"keeps_goods": True})``.

    The country is by default one without rules of its own. ``facts`` and ``costs`` are plain values.
    """
    facts = msgspec.convert(more.pop("facts", {}), Facts)
    costs = tuple(
        CostLine(type=kind, amount=Money(amount, currency), accepted=True) for kind, amount in more.pop("costs", ())
    )
    told = [harm.split() for harm in harms]
    order = Order(number="SN-1", amount=Money(paid, currency), **more.pop("order", {}))
    return Report(
        harms=tuple(Harm(name, Severity(severity)) for name, severity in told),
        country=country,
        reason_code=more.pop("reason_code", "other"),
        order=order,
        facts=facts,
        cost_lines=costs,
        **more,
    )


_HARMS = st.lists(
    st.sampled_from([Harm(name, severity) for name in HARMS for severity in Severity]), min_size=1, max_size=4
).map(tuple)
_NAMES = sorted(FACTS - {"promised_credit"})
_SO: st.SearchStrategy[dict[str, Any]] = st.integers(0, 2 ** len(_NAMES) - 1).map(
    lambda bits: {name: bool(bits >> at & 1) for at, name in enumerate(_NAMES)}
)
_AMOUNT = st.integers(1, 5_000_000)
_LINES = st.lists(
    st.tuples(st.sampled_from([(kind, ref) for kind in COSTS for ref in (None, "A-1", "A-2")]), _AMOUNT, st.booleans()),
    max_size=3,
)
_PLACE = st.sampled_from(
    [
        (country, region, currency)
        for country in COUNTRIES
        for region in (UNSET, *REGIONS.get(country, ()))
        for currency in CURRENCIES
    ]
)
_WANTS = st.sampled_from([None, *Wants])
_ABOUT = st.sampled_from([(tier, kind) for tier in ("standard", "gold", "platinum") for kind in (None, "flight")])
_LATE = st.sampled_from([None, 1, 15, 16, 60])


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report about an order. Few draws make one, since ten thousand are made."""
    country, region, currency = draw(_PLACE)
    tier, category = draw(_ABOUT)
    promised = draw(st.none() | _AMOUNT)
    return Report(
        harms=draw(_HARMS),
        country=country,
        region=region,
        reason_code="other",
        order=Order(number="SN-1", amount=Money(draw(_AMOUNT), currency), category=category),
        cost_lines=tuple(
            CostLine(type=kind, amount=Money(amount, currency), accepted=accepted, reference=ref)
            for (kind, ref), amount, accepted in draw(_LINES)
        ),
        facts=Facts(
            **draw(_SO),
            days_late=draw(_LATE),
            promised_credit=Money(promised, currency) if promised else None,
            wants=draw(_WANTS),
        ),
        customer_tier=tier,
    )


_BOUND = st.none() | st.integers(0, 20_000)
_PAST = st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 3))


@st.composite
def matters(draw: st.DrawFn) -> tuple[Report, Limits, History]:
    """A report with the bounds and the history it is decided under."""
    drawn = draw(reports())
    budget, most, before = draw(_BOUND), draw(_BOUND), draw(_BOUND)
    cases, apologies, gestures = draw(_PAST)
    limits = Limits(budget_left=_money(budget, drawn.money), goodwill_max=_money(most, drawn.money))
    goodwill = _money(before, drawn.money)
    return drawn, limits, History(cases=cases, apologies=apologies, gestures=gestures, goodwill=goodwill)


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)
