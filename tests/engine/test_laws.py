"""What holds for every decision, whatever the report, the limits and the history."""

import os
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.core.money import Money, exponent
from compensation.engine.harm import Family, Severity
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Decision, History, Limits, Offer, Part, RemedyLine
from compensation.engine.policy import load_policy
from compensation.engine.receipt import Books
from compensation.engine.report import Harm, Report
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import CardTerms, CreditTerms, Kind, kind_of
from tests.engine.bench import CURRENCIES, HARMS, Bench, matters, reports
from tests.engine.conftest import CATALOG, TODAY

Matter = tuple[Report, Limits, History]

MONEY = {"refund_original", "partial_refund", "cash_compensation", "cost_reimbursement"}
_UNSIZED = (Kind.words, Kind.task)
DEEDS = {"repair_product", "expedited_replacement", "exchange", "redo_service", "free_service", "free_upgrade"}


def lines_for(offer: Offer, source: str) -> list[Any]:
    return [line for line in offer.lines if source in line.settles]


CASES = int(os.environ.get("COMPENSATION_LAW_CASES", "10000"))
"""How many cases the first law is tried on: 10,000 with every change, 100,000 before a release; see CONTRIBUTING."""


@settings(max_examples=CASES, deadline=None)
@given(matter=matters())
def test_nothing_takes_the_place_of_what_is_owed_unless_every_rule_and_the_customer_agree(
    bench: Bench, matter: Matter
) -> None:
    decision = bench.decide(*matter)
    assert decision.offers
    for offer in decision.offers:
        replaced = 0
        for due in decision.assessment.dues:
            [line] = lines_for(offer, due.source)
            assert line.part is Part.owed
            assert not line.removable
            if line.remedy in MONEY:
                continue
            if line.remedy in DEEDS:
                assert due.kind.in_kind
                continue
            if due.kind is DueKind.promise and line.remedy == "store_credit_bonus" and len(line.settles) == 1:
                continue
            replaced += due.amount.amount
            assert offer.consent is not None
            rules = [bench.books.law.rule(code) for code in due.rules]
            for rule in rules:
                assert rule is not None
                assert rule.consent is not ConsentForm.never
                assert not rule.in_kind_first
                assert rule.consent.strictness <= offer.consent.form.strictness
        assert (offer.consent.replaces.amount if offer.consent else 0) == replaced


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_every_offer_holds_at_least_what_is_owed(bench: Bench, matter: Matter) -> None:
    decision = bench.decide(*matter)
    for offer in decision.offers:
        owed = sum(line.amount.amount for line in offer.lines if line.part is Part.owed and line.amount)
        assert owed >= decision.owed.amount
    dues = decision.assessment.dues
    assert decision.owed.amount == sum(due.amount.amount for due in dues if not due.kind.in_kind)
    assert sum(share.owed.amount for share in decision.shares) == decision.owed.amount
    assert sum(share.goodwill.amount for share in decision.shares) == decision.goodwill.amount


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_each_source_is_owed_once_and_each_remedy_settles_it_once(bench: Bench, matter: Matter) -> None:
    decision = bench.decide(*matter)
    sources = [due.source for due in decision.assessment.dues]
    assert len(set(sources)) == len(sources)
    for offer in decision.offers:
        settled = [source for line in offer.lines for source in line.settles]
        assert sorted(settled) == sorted(sources)
        gestures = [line.remedy for line in offer.lines if line.part is Part.goodwill]
        assert len(set(gestures)) == len(gestures)
    assert len({offer.key for offer in decision.offers}) == len(decision.offers)


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_words_of_regret_go_with_every_offer_and_cannot_be_taken_out(bench: Bench, matter: Matter) -> None:
    decision = bench.decide(*matter)
    for offer in decision.offers:
        fixed = {line.remedy for line in offer.lines if not line.removable}
        assert {"apology", "personalised_note"} <= fixed
        if any(harm.family is Family.emotional for harm in decision.assessment.harms):
            assert "exceptional_service" in {line.remedy for line in offer.lines}


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_goodwill_stays_under_every_cap(bench: Bench, matter: Matter) -> None:
    report, limits, history = matter
    decision = bench.decide(*matter)
    policy, currency = bench.books.policy, report.money
    bounds = [
        policy.case_caps.get(currency),
        limits.goodwill_max.amount if limits.goodwill_max else None,
        limits.budget_left.amount if limits.budget_left else None,
    ]
    if currency in policy.customer_caps and history.goodwill:
        bounds.append(max(0, policy.customer_caps[currency] - history.goodwill.amount))
    assert report.order is not None
    share = policy.document.caps.case_percent_of_order
    assert share is not None
    bounds.append(-(-report.order.amount.amount * share // 100))
    assert decision.goodwill.amount <= min(bound for bound in bounds if bound is not None)
    for offer in decision.offers:
        given_away = [line for line in offer.lines if line.part is Part.goodwill and line.amount]
        assert sum(line.amount.amount for line in given_away if line.amount) <= decision.goodwill.amount
        if limits.budget_left is not None:
            added = sum(line.bonus.amount for line in offer.lines if line.bonus)
            added += sum(line.amount.amount for line in given_away if line.amount)
            assert added <= limits.budget_left.amount


@settings(max_examples=1_000, deadline=None)
@given(report=reports(), which=st.integers(0, 3), to=st.sampled_from(list(Severity)))
def test_more_harm_never_earns_less(bench: Bench, report: Report, which: int, to: Severity) -> None:
    at = which % len(report.harms)
    if to.rank <= report.harms[at].severity.rank:
        return
    worse = msgspec.structs.replace(
        report,
        harms=tuple(
            msgspec.structs.replace(harm, severity=to) if number == at else harm
            for number, harm in enumerate(report.harms)
        ),
    )
    before, after = bench.decide(report), bench.decide(worse)
    assert after.owed.amount >= before.owed.amount
    assert after.goodwill.amount >= before.goodwill.amount
    for offer in before.offers:
        same = after.offer(offer.key)
        if same is not None:
            assert same.value.amount >= offer.value.amount
    assert bool(after.offers)


@settings(max_examples=500, deadline=None)
@given(report=reports(), more=st.sampled_from(HARMS))
def test_two_harms_get_the_union_of_what_each_gets(bench: Bench, report: Report, more: str) -> None:
    first = msgspec.structs.replace(report, harms=report.harms[:1])
    second = msgspec.structs.replace(report, harms=(msgspec.structs.replace(report.harms[0], type=more),))
    both = msgspec.structs.replace(report, harms=(*first.harms, *second.harms))
    together, alone = bench.decide(both), everywhere(bench.decide(first)) | everywhere(bench.decide(second))
    # A gesture may be bound to some offers: a longer guarantee goes with every repair, and not with the money that a
    # second harm makes due instead.
    bound = {each.gesture.remedy: each.gesture.offers for each in bench.books.policy.gestures if each.gesture.offers}
    for offer in together.offers:
        given = {line.remedy for line in offer.lines}
        assert {gesture for gesture in alone if gesture not in bound or offer.key in bound[gesture]} <= given
    assert bench.decide(both).goodwill.amount >= max(bench.decide(one).goodwill.amount for one in (first, second))


def everywhere(decision: Decision) -> set[str]:
    """The gestures that go with every offer of a decision."""
    gestures = [
        {line.remedy for line in offer.lines if line.part is Part.goodwill and kind_of(line.terms) in _UNSIZED}
        for offer in decision.offers
    ]
    return set.intersection(*gestures)


@settings(max_examples=1_000, deadline=None)
@given(report=reports())
def test_the_lawful_offer_is_first_and_never_the_worst(bench: Bench, report: Report) -> None:
    """Those that need no consent come first, and none of them carries less goodwill than one that does."""
    decision = bench.decide(report)
    needs = [offer.consent is not None for offer in decision.offers]
    assert needs == sorted(needs)
    with_consent = [offer for offer in decision.offers if offer.consent is not None]
    if with_consent and not decision.offers[0].consent:
        assert goodwill_in(decision.offers[0]) >= max(goodwill_in(offer) for offer in with_consent)


def goodwill_in(offer: Offer) -> int:
    return sum(line.amount.amount for line in offer.lines if line.part is Part.goodwill and line.amount)


@settings(max_examples=500, deadline=None)
@given(report=reports())
def test_no_float_comes_near(bench: Bench, report: Report) -> None:
    def walk(value: Any) -> None:
        assert not isinstance(value, float)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    walk(msgspec.json.decode(msgspec.json.encode(bench.decide(report))))


@settings(max_examples=500, deadline=None)
@given(report=reports())
def test_every_sum_is_in_the_currency_of_the_case(bench: Bench, report: Report) -> None:
    decision = bench.decide(report)
    for offer in decision.offers:
        sums = [offer.value, offer.cost, *(line.amount for line in offer.lines), *(line.bonus for line in offer.lines)]
        assert {money.currency for money in sums if isinstance(money, Money)} == {report.money}


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_every_case_has_an_offer_and_a_choice_wherever_the_law_leaves_one(bench: Bench, matter: Matter) -> None:
    """One offer alone stands only where a rule refuses every other, or where there is nothing to give in two ways."""
    report, _, history = matter
    decision = bench.decide(report, history=history)
    assert decision.offers
    if len(decision.offers) > 1:
        return
    by_law = [refusal for refusal in decision.refused if refusal.rule is not None]
    nothing = not decision.assessment.dues and decision.goodwill.amount == 0
    assert nothing or by_law == list(decision.refused) != []


@settings(max_examples=1_000, deadline=None)
@given(report=reports())
def test_what_replaces_money_is_worth_at_least_as_much(bench: Bench, report: Report) -> None:
    """The offers of a case are equivalent: nobody who gives up money gets less than the money, whatever the form."""
    decision = bench.decide(report)
    for offer in decision.offers:
        owed = sum(face(line) for line in offer.lines if line.part is Part.owed)
        assert owed >= decision.owed.amount
        if offer.consent is not None:
            assert owed >= offer.consent.replaces.amount
        assert offer.cost.amount >= 0
        assert offer.arrives_in_days >= 0


@settings(max_examples=1_000, deadline=None)
@given(report=reports())
def test_the_lawful_offer_binds_the_customer_to_nothing(bench: Bench, report: Report) -> None:
    """What is owed comes free of restrictions where no consent was given to any."""
    decision = bench.decide(report)
    assert any(offer.consent is None for offer in decision.offers)
    for offer in decision.offers:
        if offer.consent is None:
            paid = {line.remedy for line in offer.lines if line.part is Part.owed and line.remedy in MONEY | DEEDS}
            assert not [reason for reason in offer.restrictions if reason.params.get("remedy") in paid]


@settings(max_examples=1_000, deadline=None)
@given(matter=matters())
def test_what_is_owed_is_in_the_offers(bench: Bench, matter: Matter) -> None:
    decision = bench.decide(*matter)
    in_offers = sum(face(line) for offer in decision.offers for line in offer.lines if line.part is Part.owed)
    assert decision.owed.amount <= in_offers


@settings(max_examples=500, deadline=None)
@given(matter=matters(), words=st.text(max_size=40))
def test_two_agents_with_the_same_case_have_the_same_offers(bench: Bench, matter: Matter, words: str) -> None:
    """Neither who asks, nor how he words it, nor what he wishes the outcome to be, changes what is offered."""
    report, limits, history = matter
    told = msgspec.structs.replace(report, words=words, wanted_outcome=words, incident_group=None)
    assert bench.decide(report, limits, history).offers == bench.decide(told, limits, history).offers


@settings(max_examples=500, deadline=None)
@given(report=reports())
def test_a_card_in_the_place_of_money_lasts_as_long_as_the_law_asks(bench: Bench, report: Report) -> None:
    region = report.region or ""
    for offer in bench.decide(report).offers:
        for line in offer.lines:
            least = bench.books.law.least_validity(report.country, bench.today, line.remedy, region)
            if line.part is Part.owed and least is not None:
                assert isinstance(line.terms, CreditTerms | CardTerms)
                months = line.terms.valid_months
                assert months is None or (least.months is not None and months >= least.months)


def face(line: RemedyLine) -> int:
    return (line.amount.amount if line.amount else 0) + (line.bonus.amount if line.bonus else 0)


ANY, OWN, GESTURES = 9, 4, 2
"""In major units: the cap for any harm, and for a delay by name; after so many gestures no sum is added."""


@pytest.fixture(scope="module")
def tight(books: Books) -> Bench:
    """The policy that ships, with a cap for each harm and for gestures besides those that it has."""
    any_harm, own = (", ".join(f"{currency} = {most}" for currency in CURRENCIES) for most in (ANY, OWN))
    caps = (
        f'[caps]\nharm = {{ {any_harm} }}\nharms = {{ "material.delivery_delay" = {{ {own} }} }}\ngestures = {GESTURES}'
    )
    text = (CATALOG / "policies/default.toml").read_text().replace("[caps]", caps, 1)
    policy = load_policy(text, "tight.toml", books.taxonomy, books.shelf)
    return Bench(msgspec.structs.replace(books, policy=policy), TODAY)


@settings(max_examples=300, deadline=None)
@given(matter=matters())
def test_the_caps_of_harms_and_of_gestures_hold(tight: Bench, matter: Matter) -> None:
    report, limits, history = matter
    decision = tight.decide(*matter)
    unit = 10 ** exponent(report.money)
    for share in decision.shares:
        most = OWN if share.type == "material.delivery_delay" else ANY
        assert share.goodwill.amount <= most * unit
    if history.gestures >= GESTURES:
        assert decision.goodwill.amount == 0
    assert decision.offers
    loose = tight.decide(report, limits, msgspec.structs.replace(history, gestures=0))
    assert loose.goodwill.amount >= decision.goodwill.amount
    assert loose.owed == decision.owed, "what is owed is never capped"


@settings(max_examples=300, deadline=None)
@given(report=reports(), more=st.sampled_from(HARMS), severity=st.sampled_from(list(Severity)))
def test_one_more_harm_never_earns_less(bench: Bench, report: Report, more: str, severity: Severity) -> None:
    worse = msgspec.structs.replace(report, harms=(*report.harms, Harm(more, severity)))
    before, after = bench.decide(report), bench.decide(worse)
    now = {due.source: due for due in after.assessment.dues}
    for due in before.assessment.dues:
        assert now[due.source].amount.amount >= due.amount.amount
        # The goods repaired or replaced, which is worth their price, may take the place of a part of it in money.
        assert now[due.source].kind.in_kind <= (due.kind.in_kind or due.kind is DueKind.reduction)
    assert after.goodwill.amount >= before.goodwill.amount
    assert after.offers


@settings(max_examples=300, deadline=None)
@given(report=reports())
def test_a_harm_told_twice_is_one_harm(bench: Bench, report: Report) -> None:
    twice = msgspec.structs.replace(report, harms=report.harms * 2)
    once = bench.decide(report)
    assert bench.decide(twice).offers == once.offers
    assert len({share.type for share in once.shares}) == len(once.shares)
