"""Laws of a brand's colours: whatever colour a merchant brings, everything stays readable."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.core.errors import Invalid
from compensation.merchants.brand import READABLE, TEAL, Brand, checked, contrast, derive
from tests.look.incidents import BRAND

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@pytest.mark.parametrize(
    ("brand", "on_brand", "on_ratio", "act", "ratio", "dark_act", "dark_ratio"),
    [
        ("#5b2a6e", "#ffffff", 10.5, "#5b2a6e", 8.8, "#d3a2e7", 6.9),
        ("#ffd400", "#18201c", 11.6, "#7d6701", 4.6, "#ceb660", 7.1),
        ("#e4002b", "#ffffff", 4.9, "#d2112b", 4.6, "#f69b95", 6.8),
        ("#0077c8", "#ffffff", 4.7, "#046cb5", 4.6, "#7ebdfb", 7.1),
        ("#ffffff", "#18201c", 16.6, "#696969", 4.6, "#b7b7b7", 7.1),
    ],
)
def test_the_table_of_the_look(
    brand: str, on_brand: str, on_ratio: float, act: str, ratio: float, dark_act: str, dark_ratio: float
) -> None:
    found = derive(brand)
    assert (found.brand, found.on_brand, found.light.act, found.dark.act) == (brand, on_brand, act, dark_act)
    lowest = found.lowest()
    assert lowest["on_brand"] == pytest.approx(on_ratio, abs=0.06)
    assert lowest["light"] == pytest.approx(ratio, abs=0.06)
    assert lowest["dark"] == pytest.approx(dark_ratio, abs=0.06)


def test_the_mocks_own_brand_to_the_letter() -> None:
    assert derive("#5b2a6e").css() == (
        ":root{--brand:#5b2a6e;--on-brand:#ffffff;--act:#5b2a6e;--on-act:#ffffff;--tint:#f4eaf9}"
        "@media(prefers-color-scheme:dark){:root{--act:#d3a2e7;--on-act:#1d1022;--tint:#322637}}"
    )


@given(COLOURS)
def test_every_colour_gives_a_readable_set_of_its_own(colour: str) -> None:
    found = derive(colour)
    assert min(found.lowest().values()) >= READABLE
    assert found != TEAL or colour == TEAL.brand


@given(st.one_of(st.none(), st.text(max_size=9).filter(lambda text: not text.strip().startswith("#"))))
def test_what_is_not_a_colour_is_our_own_teal(colour: str | None) -> None:
    assert derive(colour) == TEAL


def test_the_products_own_colours_pass_their_own_law() -> None:
    assert min(TEAL.lowest().values()) >= READABLE
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    "lack",
    [
        {"name": {}},
        {"name": {"en": " "}},
        {"legal_line": {}},
        {"signatory": {}},
        {"site": "https://souqnour.example/"},
        {"site": "javascript:alert(1)"},
        {"sender": "care@souqnour.example\r\nBcc: all@example.org"},
        {"sender": "Care <care@souqnour.example>"},
    ],
)
def test_a_brand_that_lacks_what_a_letter_needs_is_refused(lack: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        checked(msgspec.structs.replace(BRAND, **lack))


def test_a_stored_brand_is_inert_and_derives_its_own_colours() -> None:
    forged = msgspec.structs.replace(
        BRAND, name={"en": "Souq\u202e\nNour"}, site="SouqNour.example", colour="#ffd400", palette=derive("#000000")
    )
    kept = checked(forged)
    assert (kept.name["en"], kept.site) == ("Souq Nour", "souqnour.example")
    assert kept.palette == derive("#ffd400")


def test_a_missing_language_borrows_words() -> None:
    assert BRAND.said({"ar": "سوق"}, "bg") == "سوق"
    assert BRAND.said({"en": "Souq", "ar": "سوق"}, "bg") == "Souq"
    assert BRAND.said({}, "bg") == ""


def test_a_brand_survives_storage() -> None:
    assert msgspec.json.decode(msgspec.json.encode(BRAND), type=Brand) == BRAND
