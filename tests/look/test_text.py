"""Laws of written sums, dates and names: readable in three languages, inert in all."""

import datetime as dt
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.core.money import POINTS, Money
from compensation.core.text import (
    clean,
    day,
    direction,
    html,
    isolate,
    language,
    line,
    listed,
    ltr,
    moment,
    money,
    money_html,
    money_plain,
    plain,
)

CURRENCIES = ("EUR", "USD", "KWD", "JPY", "SAR", "EGP", "QAR", "CAD", POINTS)
LOCALES = ("en", "en-US", "ar", "ar-KW", "bg")
HOSTILE = st.text(st.sampled_from("a<>&\"'{}\r\n\0\u202e\u2066\u2069\u2068\u2067\u200fع€ \u2028\u0085"), max_size=40)


@pytest.mark.parametrize(
    ("amount", "locale", "written"),
    [
        ("105.00 EUR", "en", "€105.00"),
        ("1850.00 EUR", "bg", "1850,00 €"),
        ("12000.50 EUR", "bg", "12 000,50 €"),
        ("22.00 EUR", "bg", "22,00 €"),
        ("120 JPY", "en", "¥120"),
        ("26.950 KWD", "en", "KWD 26.950"),
        ("-3.00 USD", "en", "-$3.00"),
        ("11500 POINTS", "en", "11,500 points"),
        ("1 POINTS", "en", "1 point"),
        ("1 POINTS", "bg", "1 точка"),
        ("11500 POINTS", "bg", "11 500 точки"),
    ],
)
def test_a_sum_is_written_as_its_language_writes_it(amount: str, locale: str, written: str) -> None:
    figure, currency = amount.split()
    assert money_plain(Money.parse(figure, currency), locale).replace("\u00a0", " ") == written


def test_in_arabic_the_figure_is_isolated_and_the_currency_word_follows() -> None:
    assert money_html(Money.parse("26.950", "KWD"), "ar-KW") == (
        '<span class="money"><bdi dir="ltr">26.950</bdi>\u00a0د.ك</span>'
    )


@pytest.mark.parametrize(
    ("count", "noun"),
    [
        (0, "0 نقطة"),
        (1, "نقطة واحدة"),
        (2, "نقطتان"),
        (3, "3 نقاط"),
        (11, "11 نقطة"),
        (100, "100 نقطة"),
        (103, "103 نقاط"),
    ],
)
def test_arabic_counts_points_in_its_six_forms(count: int, noun: str) -> None:
    bare = re.sub("[\u2066-\u2069]", "", money(Money(count, POINTS), "ar")).replace("\u00a0", " ")
    assert bare == noun


@given(st.integers(-(10**14), 10**14), st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_a_sum_keeps_every_digit_in_0_to_9_and_never_breaks(amount: int, currency: str, locale: str) -> None:
    value = Money(amount, currency)
    written = money(value, locale)
    assert " " not in written
    digits = [letter for letter in written if unicodedata.category(letter) == "Nd"]
    assert all(letter in "0123456789" for letter in digits)
    if digits:
        assert "".join(digits).lstrip("0") == str(abs(amount)).lstrip("0")


def test_dates_are_gregorian_in_the_readers_own_order() -> None:
    when = dt.date(2026, 11, 22)
    assert day(when, "en") == "22\u00a0November 2026"
    assert day(when, "en-US") == "November\u00a022, 2026"
    assert day(when, "ar-SA") == "22\u00a0نوفمبر 2026"
    assert day(when, "bg") == "22\u00a0ноември 2026\u202fг."
    assert html(moment(dt.datetime(2026, 11, 18, 9, 12, tzinfo=dt.UTC), "ar")) == (
        '18\u00a0نوفمبر، <bdi dir="ltr">09:12</bdi>'
    )


def test_a_locale_falls_back_to_its_language_and_then_to_english() -> None:
    assert [language(tag) for tag in ("en_SA", "ar-KW", "bg", "de", "", None, "x")] == [
        *("en", "ar", "bg", "en", "en", "en", "en")
    ]
    assert [direction(tag) for tag in ("ar-KW", "en", "fa")] == ["rtl", "ltr", "ltr"]


def test_a_list_joins_as_the_language_joins() -> None:
    assert listed(["a", "b", "c"], "en") == "a, b and c"
    assert listed(["a", "b"], "bg", "or") == "a или b"
    assert listed(["أ", "ب"], "ar") == "أ وب"


@given(HOSTILE)
def test_peoples_words_lose_what_could_reorder_hide_or_split_them(text: str) -> None:
    for written in (clean(text), line(text)):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\0\r\u2028\u0085]", written)
    assert "\n" not in line(text)
    assert clean(clean(text)) == clean(text)


@given(HOSTILE, HOSTILE)
def test_marked_text_is_balanced_inert_markup(name: str, code: str) -> None:
    written = html(f"{isolate(name)} – {ltr(code)} – {name}")
    stack: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z]+)", written):
        if closing:
            assert stack.pop() == tag
        else:
            stack.append(tag)
    assert stack == []
    assert set(re.findall(r"<[^>]*>", written)) <= {
        *('<bdi dir="ltr">', "</bdi>", "<bdi>", '<span class="money">', "</span>")
    }


def test_plain_text_keeps_isolates_only_beside_right_to_left_letters() -> None:
    assert plain(f"Call {ltr('+353 1 555 0142')}") == "Call +353 1 555 0142"
    assert plain(f"الهاتف: {ltr('+965 2220 5501')}") == "الهاتف: \u2066+965 2220 5501\u2069"


def test_a_currency_in_latin_letters_reads_left_to_right_in_arabic() -> None:
    """US$ between Arabic words would else be shown as $US."""
    assert '<bdi dir="ltr">US$</bdi>' in money_html(Money(24900, "USD"), "ar")
