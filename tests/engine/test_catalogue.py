"""The catalogue that ships: complete, in three languages, exact in its costs, and explained to the last reason."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.core.money import Money
from compensation.engine.document import decode
from compensation.engine.explanation import Explanations
from compensation.engine.harm import Wording
from compensation.engine.law import LegalPack
from compensation.engine.plan import History, Limits
from compensation.engine.policy_document import PolicyDocument
from compensation.engine.reason import Reason
from compensation.engine.receipt import Books
from compensation.engine.report import Report
from compensation.engine.sums import share
from tests.engine.bench import HARMS, Bench, matters
from tests.engine.conftest import CATALOG

REMEDIES = {
    "cash_compensation",
    "cost_reimbursement",
    "repair_product",
    "redo_service",
    "free_service",
    "free_upgrade",
    "future_discount",
    "free_gift",
    "surprise_gift",
    "apology",
    "personalised_note",
    "exceptional_service",
    "priority_service",
    "refund_original",
    "partial_refund",
    "store_credit_bonus",
    "digital_gift_card",
    "prepaid_card",
    "experience_reward",
    "loyalty_points",
    "tiered_perk",
    "exchange",
    "expedited_replacement",
    "extended_guarantee",
    "limited_time_offer",
    "corrective_campaign",
    "honest_explanation",
    "prevention_note",
    "printed_card",
    "survey_reward",
    "goodwill_follow_up",
}


def test_every_remedy_is_in_the_book(books: Books) -> None:
    assert {remedy.code for remedy in books.shelf.book.remedy} == REMEDIES


def test_all_nine_subtypes_are_in_the_book(books: Books) -> None:
    assert sorted(kind.code for kind in books.taxonomy.book.harm) == sorted(HARMS)


def test_every_label_is_in_three_scripts(books: Books) -> None:
    documents = [
        books.shelf.book,
        books.taxonomy.book,
        decode((CATALOG / "policies/default.toml").read_bytes(), PolicyDocument, "default.toml"),
        *(decode(path.read_bytes(), LegalPack, path.name) for path in sorted((CATALOG / "legal").glob("*.toml"))),
    ]
    wordings = [wording for document in documents for wording in find(document, Wording)]
    assert len(wordings) > 100
    for wording in wordings:
        assert wording.en
        assert re.search(r"[\u0600-\u06ff]", wording.ar), wording
        assert re.search(r"[\u0400-\u04ff]", wording.bg), wording


@settings(max_examples=500, deadline=None)
@given(matter=matters())
def test_every_reason_can_be_said_with_nothing_left_open(
    bench: Bench, explanations: Explanations, matter: tuple[Report, Limits, History]
) -> None:
    for reason in find(bench.decide(*matter), Reason):
        explanation = explanations.find(reason.code)
        assert explanation is not None, reason.code
        assert explanation.placeholders <= reason.params.keys(), reason


def test_a_sentence_is_said_in_the_language_of_the_reader(explanations: Explanations) -> None:
    reason = Reason("facts.days_late", {"days": 4})
    said = [explanations.say(reason, locale, {"days": "4"}) for locale in ("en-GB", "bg", "ar-EG", "fr")]
    assert said == ["Days late: 4.", "Дни закъснение: 4.", "أيام التأخير: 4.", "Days late: 4."]
    assert explanations.say(Reason("no.such.code"), "en", {}) == "no.such.code"


def test_a_gesture_without_its_own_sentence_takes_that_of_its_family(explanations: Explanations) -> None:
    said = explanations.say(Reason("gesture.free_ride"), "en", {"remedy": "A ride"})
    assert said == "A ride goes with every answer of this kind."


def test_costs_are_exact(books: Books) -> None:
    """A refund of 540.00 and credit of 54.00 that is used at 78 % and costs 60 %: 540 + 54 × 0.468 = 565.272."""
    assert books.shelf.cost([("refund_original", 54_000), ("store_credit_bonus", 5_400)], 54_000) == 56_527
    assert books.shelf.cost([("store_credit_bonus", 59_400), ("store_credit_bonus", 5_400)], 54_000) == 30_326
    assert books.shelf.cost([("repair_product", 0), ("apology", 0)], 1_001) == 200
    assert books.shelf.cost([("repair_product", 0), ("apology", 0)], 1_003) == 201
    assert books.shelf.cost([("prepaid_card", 10_000)], 0) == 10_300


@pytest.mark.parametrize(
    ("amount", "percent", "is_"),
    [(8_450, 5, 423), (8_449, 5, 422), (24_500, 10, 2_450), (1, 50, 1), (1, 49, 0), (0, 10, 0)],
)
def test_a_share_is_rounded_once_and_half_up(amount: int, percent: int, is_: int) -> None:
    assert share(amount, percent, 100) == is_


@given(amount=st.integers(0, 10**14), percent=st.integers(0, 100))
def test_a_share_is_within_half_a_unit_of_the_truth(amount: int, percent: int) -> None:
    assert abs(share(amount, percent, 100) - Fraction(amount * percent, 100)) <= Fraction(1, 2)


def test_points_are_rounded_up(books: Books) -> None:
    assert books.policy.points(Money(10_001, "EUR")) == 10_001
    assert books.policy.points(Money(1, "KWD")) == 1
    assert books.policy.points(Money(26_950, "KWD")) == 8_085
    assert books.policy.points(Money(500, "JPY")) == 500


def test_the_trace_is_told_in_the_order_of_force(bench: Bench) -> None:
    decision = bench.decide(_sample())
    steps = [line.step for line in decision.trace]
    order = ["law", "facts", "policy", "limits", "budget", "proposed"]
    assert list(dict.fromkeys(steps)) == order
    told = {line.reason.code: line.sums for line in decision.trace}
    assert told["goodwill.percent_of_order"] == "540.00 × 10 % = 54.00"
    assert "54.00 × 20 % = 10.80; 54.00 + 10.80 = 64.80" in [line.sums for line in decision.trace]


def _sample() -> Report:
    samples = msgspec.json.decode((CATALOG / "samples/incidents.json").read_bytes())["incidents"]
    return msgspec.convert(next(one for one in samples if one["id"] == "INC-19")["report"], Report)


def find(value: Any, kind: type[Any]) -> Iterator[Any]:
    """Every value of a type, anywhere inside."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from find(getattr(value, name), kind)
    elif isinstance(value, tuple):
        for inner in value:
            yield from find(inner, kind)
