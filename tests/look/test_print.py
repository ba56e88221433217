"""Laws of the card on paper: one page in each language, every letter of it there, Arabic from right to left."""

import unicodedata

import msgspec
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from compensation.core.money import Money
from compensation.delivery.letter import Card, Sum
from compensation.delivery.print import FAMILIES, FONTS, Paper, card_pdf, paper
from compensation.delivery.words import Words
from compensation.issuance.codes import grouped
from compensation.merchants.brand import checked
from compensation.merchants.demo import BRAND

CODE = "demo7k2m9p4r6t8v1x3z5b0c"
FACE = checked(BRAND)
NAMES = {"en": "Gift card", "ar": "بطاقة هدية", "bg": "Карта за подарък"}


class Line(msgspec.Struct, frozen=True):
    """A line as the eye sees it, from left to right and without its spaces, and where it lies: 0 to 1 of the width."""

    text: str
    left: float
    right: float


def lines(pdf: bytes) -> list[Line]:
    """What stands on the one page of a card, from top to bottom."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        (page,) = document
        text, rows = page.get_textpage(), dict[int, list[tuple[float, float, str]]]()
        for place in range(text.count_chars()):
            left, bottom, right, _ = text.get_charbox(place, loose=True)
            if letter := text.get_text_range(place, 1).strip():
                rows.setdefault(round(bottom), []).append((left, right, letter))
        wide = page.get_width()
        return [
            Line("".join(one for _, _, one in sorted(row)), min(row)[0] / wide, max(one for _, one, _ in row) / wide)
            for _, row in sorted(rows.items(), reverse=True)
        ]
    finally:
        document.close()


def words_of(pdf: bytes) -> str:
    return "\n".join(line.text for line in lines(pdf))


def card(tongue: str, **more: str) -> Paper:
    total = Money(26_950, "KWD")
    thing = Card(
        name=more.get("name", NAMES[tongue]),
        total=total,
        made_of=Sum(shares=()),
        valid="2029",
        fees="0",
        giveable=True,
        law=("§ 1",),
    )
    return paper(Words().in_(tongue), FACE, thing, total, grouped(CODE))


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_a_card_is_one_page_with_its_code_from_left_to_right(tongue: str) -> None:
    found = lines(card_pdf(card(tongue), FACE, tongue))
    assert [line.text for line in found if CODE in line.text] == [CODE]
    assert "\ufffd" not in "".join(line.text for line in found)
    # The sum stands where the language begins.
    worth = next(line for line in found if "26.950" in line.text or "26,950" in line.text)
    assert (worth.right > 0.85, worth.left < 0.15) == (tongue == "ar", tongue != "ar")


@pytest.mark.parametrize("tongue", ["en", "ar", "bg"])
def test_every_letter_of_every_language_is_in_the_fonts(tongue: str) -> None:
    """A letter that no font has is drawn as an empty box, under the number 0."""
    text = "".join(msgspec.structs.astuple(card(tongue))[index] for index in (0, 1, 2, 5, 12))
    known = {code for file in FAMILIES.values() for code in TTFont(FONTS / f"{file}-400-normal.woff").getBestCmap()}
    assert {letter for letter in text if ord(letter) not in known and unicodedata.category(letter) != "Cf"} == set()


def test_no_name_is_a_command() -> None:
    nasty = '#include("/etc/passwd") *x* $y$ <z> \\ @a'
    assert nasty.replace(" ", "") in words_of(card_pdf(card("en", name=nasty), FACE, "en"))
