"""Laws of the console's words: none is missing in a language, and no state of the business is without its own."""

import pytest

from compensation.cases.queue import Counts
from compensation.core.states import CaseState, DeliveryState, RewardState
from compensation.delivery.words import Words, read_reasons
from compensation.engine.law import ConsentForm, Verification
from compensation.engine.reason import Step
from compensation.redemption.correction import TOLD
from compensation.web.codes import CODES
from compensation.web.console import explain, history, labels, queue, rules, view
from compensation.web.console.labels import Labels, countries
from tests.look.msgids import said
from tests.look.test_words import catalogue

WORDS, REASONS = Words(), read_reasons()


@pytest.mark.parametrize("tongue", ["ar", "bg"])
def test_every_text_of_the_console_is_translated(tongue: str) -> None:
    translated = catalogue(tongue)
    assert {text: place for text, place in said().items() if "/console" in place and text not in translated} == {}


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_every_state_has_a_shape_and_a_word(tongue: str) -> None:
    known = Labels(WORDS.in_(tongue), REASONS)
    badges = [known.state(state) for state in CaseState] + [known.delivery(state) for state in DeliveryState]
    badges += [known.reward(state, kind) for state in RewardState for kind in ("task", "refund", "points")]
    assert all(badge.label for badge in badges)
    assert {badge.look for badge in badges} == {"", "moving", "good", "warn", "bad"}
    for channel in ("phone", "email", "chat", "self_service", "api", "import"):
        assert known.channel(channel) != known.channel("nonsense")


def test_a_code_that_nobody_knows_is_shown_as_it_is() -> None:
    known = Labels(WORDS.in_("en"), REASONS)
    for name in (known.harm, known.remedy, known.cost, known.tier, known.channel, known.reason):
        assert "gone_by" in name("gone_by")


def test_every_step_rule_and_view_has_its_words() -> None:
    assert set(explain._TITLES) == set(explain._FIGURES) == set(Step)
    assert set(rules._CHECKED) == set(Verification)
    assert set(rules._CONSENTS) == set(ConsentForm)
    assert set(queue.VIEWS) == set(queue.NOTHING)
    assert set(Counts.__struct_fields__) < set(queue.VIEWS)
    assert set(view.NOT_DONE) <= set(CODES), "a refusal has one code everywhere"
    assert set(view.FOCUS) | {"keys"} == set(view.DONE)
    assert {*labels.CHANNELS} <= {"phone", "email", "chat"}


def test_every_event_a_room_writes_down_is_told_in_words() -> None:
    """The names stand in the acts; a new one without words would be shown as its code."""
    written = {"reported", "assessed", "offered", "chosen", "proposed", "approved", "rejected", "sent_back",
               "cancelled", "issuing", "issued", "closed", "task_done", "refund_done"}  # fmt: skip
    written |= {f"refund_{state}" for state in ("issued", "redeemed", "needs_review", "refused")}
    written |= {f"reward_{happened}" for happened in (*(topic.rpartition(".")[2] for topic in TOLD.values()), "resent")}
    assert written <= set(history._WHAT)


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_the_countries_are_countries_by_name(tongue: str) -> None:
    listed = dict(countries(tongue))
    assert {"IE", "SA", "BG", "KW", "US"} <= set(listed)
    assert not {"EU", "ZZ", "UN"} & set(listed)
    assert len(listed) > 240
    assert all(name and name != code for code, name in listed.items())
