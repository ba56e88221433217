"""Laws of repetition: who was harmed before is answered otherwise, in deeds, sums and words; and of the surprise."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.core.money import Money
from compensation.engine.offers import drawn
from compensation.engine.plan import History, Limits, Part, RemedyLine
from compensation.engine.policy import load_policy
from compensation.engine.policy_document import Draw
from compensation.engine.reason import Reason
from compensation.engine.receipt import Books
from compensation.engine.report import Report
from compensation.engine.terms import WordsTerms
from tests.engine.bench import Bench, matters, report
from tests.engine.test_policy import TODAY
from tests.look.incidents import CATALOG
from tests.look.test_letters import WRITER, occasion

WITHIN, MORE = 90, 25
TOLD = report("emotional.loss_of_trust high", paid=10_000)


@pytest.fixture(scope="module")
def once(books: Books) -> Bench:
    """The first version that shipped, which knew no repetition: stored receipts are replayed by it."""
    text = (CATALOG / "policies" / "superseded" / "default-1.toml").read_text()
    return Bench(
        msgspec.structs.replace(books, policy=load_policy(text, "once.toml", books.taxonomy, books.shelf)), TODAY
    )


@pytest.mark.parametrize(("days", "raised"), [(0, True), (WITHIN, True), (WITHIN + 1, False), (None, False)])
def test_a_second_harm_soon_after_the_first_earns_more(bench: Bench, days: int | None, raised: bool) -> None:
    history = History(cases=1) if days is None else History(cases=1, last_days=days)
    first, second = bench.decide(TOLD), bench.decide(TOLD, history=history)
    assert first.goodwill.amount > 0
    assert second.goodwill.amount == first.goodwill.amount * (100 + MORE * raised) // 100
    told = [line for line in second.trace if line.reason.code == "goodwill.again"]
    assert len(told) == raised
    if raised:
        assert told[0].reason.params == {"days": days, "percent": MORE}
        assert told[0].amount == second.goodwill


def test_what_is_raised_stays_under_every_cap(bench: Bench) -> None:
    told = report("emotional.loss_of_trust critical", paid=100_000)
    bounds = Limits(goodwill_max=Money(6_000, "EUR"))
    assert bench.decide(told, bounds, History(cases=1, last_days=1)).goodwill == Money(6_000, "EUR")


@given(drawn_=matters(), days=st.integers(0, 2 * WITHIN))
@settings(max_examples=60, deadline=None)
def test_being_harmed_again_never_earns_less(bench: Bench, drawn_: tuple[Report, Limits, History], days: int) -> None:
    told, limits, history = drawn_
    calm = bench.decide(told, limits, history)
    soon = bench.decide(told, limits, msgspec.structs.replace(history, last_days=days))
    assert soon.goodwill.amount >= calm.goodwill.amount
    assert soon.owed == calm.owed


def test_a_policy_without_the_rule_is_as_it_was(once: Bench) -> None:
    plain, dated = (
        once.decide(TOLD, history=History(cases=1)),
        once.decide(TOLD, history=History(cases=1, last_days=1)),
    )
    assert plain == dated
    assert b"last_days" not in msgspec.json.encode(History()), "receipts of before keep their bytes"


def test_what_goes_with_an_offer_grows_with_every_repetition(bench: Bench) -> None:
    """Words alone are never the whole answer to somebody who has had them: deeds are added, and none is taken away."""
    seen = []
    for earlier in range(4):
        decision = bench.decide(TOLD, history=History(cases=earlier, apologies=earlier))
        seen.append({line.remedy for line in decision.offers[0].lines})
    assert seen[0] < seen[1] < seen[2] == seen[3]
    assert {"priority_service", "goodwill_follow_up"} <= seen[1] - seen[0]
    assert seen[2] - seen[1] == {"honest_explanation"}


def test_no_apology_is_ever_told_in_the_same_words_again() -> None:
    texts = []
    for earlier in range(8):
        line = RemedyLine(
            remedy="apology", part=Part.goodwill, terms=WordsTerms(block="apology", earlier=earlier), reason=Reason("r")
        )
        for tag in ("en", "ar", "bg"):
            about = msgspec.structs.replace(occasion("INC-01"), locale=tag)
            texts.append((tag, " ".join(WRITER.apology(about, [line]).ours)))
    assert len(set(texts)) == len(texts)
    assert not any(re.search(r"\{|None", text) for _, text in texts)


RULE = Draw(one_in=7, dated=TODAY)


@given(st.text(max_size=40))
def test_a_surprise_is_drawn_from_the_case_and_the_dated_rule_and_nothing_else(seed: str) -> None:
    assert drawn(RULE, "future_discount", seed) is drawn(Draw(one_in=7, dated=TODAY), "future_discount", seed)


def test_a_draw_is_fair_and_another_date_draws_anew() -> None:
    seeds = [f"case_{n:026}" for n in range(7_000)]
    won = {seed for seed in seeds if drawn(RULE, "future_discount", seed)}
    assert 850 < len(won) < 1_150, "one in seven, by a draw that never changes"
    later = Draw(one_in=7, dated=TODAY.replace(year=TODAY.year + 1))
    assert won != {seed for seed in seeds if drawn(later, "future_discount", seed)}
    assert won != {seed for seed in seeds if drawn(RULE, "free_gift", seed)}
