"""Laws of the words: every text exists in three languages, with the same slots, and none says what we never say."""

import datetime as dt
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.text import isolate
from compensation.delivery.words import TEMPLATES, Words, read_reasons
from tests.look.incidents import CATALOG, incidents
from tests.look.msgids import said

REASONS = read_reasons()
SIX = {"size_fit", "defect", "expectation_mismatch", "missing_features", "hard_to_use", "quality"}
NEVER = {
    "en": r"!|\bunfortunately\b|inconvenience|\bhurry up\b|act now|\bvalued customer\b|\breview(s|ing)? us\b",
    "ar": r"!|للأسف|إزعاج|لسوء الحظ",
    "bg": r"!|за съжаление|неудобств|причинен",
}


def slots(text: str) -> set[str]:
    return set(re.findall(r"\{([a-z_]+)\}", text))


def catalogue(tongue: str) -> dict[str, tuple[str, ...]]:
    """Every text and its forms in a language: one, or as many as the language has plurals."""
    found: dict[str, tuple[str, ...]] = {}
    for path in [TEMPLATES / "words" / f"{tongue}.po", *(TEMPLATES / "words").glob(f"*.{tongue}.po")]:
        with path.open("rb") as text:
            for message in read_po(text, locale=tongue):
                texts = (message.id,) if isinstance(message.id, str) else tuple(message.id)
                forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                for each in filter(None, texts):
                    assert all(forms), f"{path.name}: {each!r} lacks a form"
                    # The later file would take the earlier one's place without a word.
                    assert each not in found, f"{path.name}: {each!r} is translated elsewhere too"
                    found[each] = forms
    return found


@pytest.mark.parametrize("tongue", ["ar", "bg"])
def test_every_text_that_is_said_is_translated_with_the_same_slots(tongue: str) -> None:
    translated = catalogue(tongue)
    missing = {text: place for text, place in said().items() if text not in translated}
    assert not missing
    for text, forms in translated.items():
        if len(forms) == 1:
            assert slots(forms[0]) == slots(text)
        else:
            # A form for one or two may write the number as a word.
            assert all(slots(form) | {"n"} == slots(text) | {"n"} for form in forms), text
            assert "n" in slots(forms[-1]), text
    assert set(translated) - set(said()) == set(), "translated and said nowhere"


@pytest.mark.parametrize("tongue", ["ar", "bg"])
def test_no_translation_is_left_in_english(tongue: str) -> None:
    script = {"ar": "[\u0600-\u06ff]", "bg": "[\u0400-\u04ff]"}[tongue]
    for text, forms in catalogue(tongue).items():
        if re.search("[A-Za-z]", re.sub(r"\{[a-z_]+\}", "", text)):
            assert all(re.search(script, form) for form in forms), f"{text!r} is {forms!r}"


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_nothing_we_say_blames_begs_or_shouts(tongue: str) -> None:
    texts = list(said()) if tongue == "en" else [form for forms in catalogue(tongue).values() for form in forms]
    for code, entry in REASONS.items():
        words = entry.in_(tongue)
        texts += [words.label, words.heading, words.heading_item, words.ours, words.done]
        apology = f"{words.heading} {words.heading_item} {words.ours}"
        assert not re.search(r"\bif\b|\bако\b|\bإذا\b|\bإن كان\b", apology, re.IGNORECASE), code
    assert [text for text in texts if re.search(NEVER[tongue], text, re.IGNORECASE)] == []


def test_every_reason_of_a_case_has_its_words() -> None:
    used = {each["report"]["reason_code"] for each in incidents().values()}
    assert used | SIX | {"other"} <= set(REASONS)


@pytest.mark.parametrize("code", sorted(REASONS))
@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_a_reason_names_the_harm_with_and_without_the_item(code: str, tongue: str) -> None:
    words = REASONS[code].in_(tongue)
    assert slots(words.heading) == set()
    assert slots(words.heading_item) == {"item"}
    assert slots(words.done) == {"reported"}
    assert slots(words.ours) == slots(words.label) == set()
    sorry = {"en": "We are sorry", "ar": "نعتذر", "bg": "Извиняваме се"}[tongue]
    assert words.heading.startswith(sorry)
    assert words.heading_item.startswith(sorry)
    assert not words.heading.endswith(".")
    ours = {"en": r"fault|are ours", "ar": r"خطأ منا|خطؤنا|علينا", "bg": r"вина|са наши"}[tongue]
    assert re.search(ours, words.ours, re.IGNORECASE), "nobody takes it upon himself"


def test_every_reason_has_a_prevention_we_can_word() -> None:
    assert {entry.prevention for entry in REASONS.values()} <= {"descriptions", "quality", "training", "communication"}


def test_no_compiled_words_are_kept() -> None:
    assert list(TEMPLATES.rglob("*.mo")) == []


def test_plural_forms_follow_the_language(tmp_path: Path) -> None:
    (tmp_path / "ar.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : '
        'n%100>=11 && n%100<=99 ? 4 : 5);\\n"\n\n'
        'msgid "{n} case"\nmsgid_plural "{n} cases"\n'
        + "".join(f'msgstr[{form}] "{{n}} f{form}"\n' for form in range(6))
    )
    say = Words(tmp_path).in_("ar")
    assert [say.many("{n} case", "{n} cases", n) for n in (0, 1, 2, 3, 11, 100)] == [
        *("0 f0", "1 f1", "2 f2", "3 f3", "11 f4", "100 f5")
    ]


def test_a_text_with_an_unfilled_slot_is_not_said() -> None:
    say = Words().in_("en")
    with pytest.raises(Refused) as refusal:
        say("Order {order}", order="")
    assert (refusal.value.code, refusal.value.extra) == ("letter_incomplete", {"field": "order"})
    with pytest.raises(Refused):
        say("Order {order}")


def test_a_value_is_never_looked_into_for_more_slots() -> None:
    say = Words().in_("en")
    assert say("Order {order}, {item}", order="{item}", item="{order}") == "Order {item}, {order}"


def test_a_bulgarian_date_at_the_end_of_a_sentence_has_one_stop() -> None:
    say = Words().in_("bg")
    assert say("This holds until {date}.", date=dt.date(2026, 11, 22)).endswith("2026\u202fг.")
    assert ".." not in say("It is done by {date}. You need do nothing.", date=dt.date(2026, 11, 22))


def test_money_in_a_text_is_written_the_readers_way() -> None:
    assert "26.950" in Words().in_("ar")("{amount} is on its way to you", amount=Money(26950, "KWD"))


def test_the_reasons_are_where_cx_reviews_them() -> None:
    assert (CATALOG / "reasons.toml").is_file()


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_a_sentence_that_ends_with_a_sum_or_a_day_has_one_stop(tongue: str) -> None:
    """The Bulgarian dollar and year end with a stop of their own."""
    say = Words().in_(tongue)
    for value in (Money(60_00, "USD"), dt.date(2026, 11, 23), "1,5 г.", isolate("щ.д.")):
        said = say.fill("{value}. {value}, {value}.", value=value)
        assert ".." not in re.sub("[\u2066-\u2069\u200e\u200f]", "", said)
        assert said.rstrip("\u2069\u200f").endswith(".")
