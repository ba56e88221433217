"""A decision in figures is the decision; and cases that are alike to a policy come out alike."""

import datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from compensation.core.money import Money
from compensation.engine.likeness import Likeness
from compensation.engine.outcome import UNBOUNDED, outcome
from compensation.engine.plan import History, Limits
from compensation.engine.receipt import Inputs
from compensation.engine.report import Report
from tests.engine.bench import Bench, matters

Matter = tuple[Report, Limits, History]


def inputs(matter: Matter, on: datetime.date, seed: str = "case") -> Inputs:
    report, limits, history = matter
    return Inputs(report=report, on=on, limits=limits, history=history, seed=seed, without=())


@settings(max_examples=500, deadline=None)
@given(matter=matters())
def test_the_figures_are_those_of_the_whole_decision(bench: Bench, matter: Matter) -> None:
    told, bare = bench.decide(*matter), outcome(inputs(matter, bench.today), bench.books)
    assert bare.goodwill == told.goodwill.amount
    assert [(one.key, one.value, one.cost) for one in bare.offers] == [
        (offer.key, offer.value.amount, offer.cost.amount) for offer in told.offers
    ]
    assert bare.reviewed == bool(told.review)
    codes = [line.reason.code for line in told.trace if line.reason.code.startswith("limit.")]
    assert list(bare.limits) == [code for code in codes if code != UNBOUNDED]


_DAY = st.dates(datetime.date(2026, 1, 1), datetime.date(2027, 6, 30))


@settings(max_examples=1_500, deadline=None)
@given(data=st.data(), matter=matters(), on=_DAY, later=st.integers(0, 30))
def test_cases_that_are_alike_come_out_alike(
    bench: Bench, data: st.DataObject, matter: Matter, on: datetime.date, later: int
) -> None:
    """Two cases that differ in what no policy looks at, or only where it does not count, have one key; and then one
    outcome. Whatever has one key has one outcome, also where a budget, a past or a day is another."""
    report, limits, history = matter
    assert report.order is not None
    dated = msgspec.structs.replace(
        report, order=msgspec.structs.replace(report.order, ordered_on=data.draw(st.none() | _DAY), number="A-7")
    )
    budget = data.draw(st.none() | st.integers(0, 40_000_000).map(lambda left: Money(left, report.money)))
    before = data.draw(st.none() | st.integers(0, 30_000).map(lambda given: Money(given, report.money)))
    other = (
        dated,
        msgspec.structs.replace(limits, budget_left=budget),
        msgspec.structs.replace(history, goodwill=before, last_days=data.draw(st.just(UNSET) | st.integers(0, 400))),
    )
    one = inputs(matter, on)
    two = inputs(other, on + datetime.timedelta(days=later), seed=data.draw(st.sampled_from(["case", "a", "b", "c"])))
    likeness = Likeness(bench.books.policy, bench.books.law)
    if likeness.key(one) == likeness.key(two):
        assert outcome(one, bench.books) == outcome(two, bench.books)


@settings(max_examples=100, deadline=None)
@given(matter=matters(), wide=st.integers(30_000_000, 90_000_000))
def test_names_and_ample_budgets_make_no_difference(bench: Bench, matter: Matter, wide: int) -> None:
    report, limits, history = matter
    assert report.order is not None
    other = msgspec.structs.replace(
        report, locale="bg", order=msgspec.structs.replace(report.order, number="B-1", item="Kettle", sku="K")
    )
    likeness = Likeness(bench.books.policy, bench.books.law)
    ample = [Limits(budget_left=Money(left, report.money)) for left in (wide, wide + 1)]
    keys = {likeness.key(inputs((each, limits, history), bench.today)) for each in (report, other)}
    assert len(keys) == 1
    if report.money in bench.books.policy.case_caps:
        assert len({likeness.key(inputs((report, each, history), bench.today)) for each in ample}) == 1
