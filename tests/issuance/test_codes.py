"""Laws of gift codes: what a person mistypes is never taken for a code."""

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from compensation.issuance.codes import grouped, new_code, read_code, route_of

ROUTES = st.text(alphabet="0123456789abcdefghjkmnpqrstvwxyz", min_size=4, max_size=4)
PLACES = st.integers(0, 23)
LETTERS = st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@given(ROUTES)
def test_a_code_reads_as_itself_however_it_is_written(route: str) -> None:
    code = new_code(route)
    assert read_code(code) == code
    assert read_code(" ".join(grouped(code)).lower()) == code
    assert read_code("-".join(grouped(code)).replace("0", "O").replace("1", "l")) == code
    assert route_of(code) == route


@given(ROUTES, PLACES, LETTERS)
def test_every_single_wrong_character_is_caught(route: str, place: int, letter: str) -> None:
    code = new_code(route)
    assume(code[place] != letter)
    assert read_code(code[:place] + letter + code[place + 1 :]) is None


@given(ROUTES, PLACES, PLACES)
def test_every_swap_of_two_characters_is_caught_however_far_apart(route: str, one: int, other: int) -> None:
    code = list(new_code(route))
    assume(code[one] != code[other])
    code[one], code[other] = code[other], code[one]
    assert read_code("".join(code)) is None


@given(st.text(alphabet=string.printable + "ابج", max_size=40))
def test_other_text_is_not_a_code_and_does_not_break_the_reader(text: str) -> None:
    read = read_code(text)
    assert read is None or len(read) == 24


def test_codes_do_not_repeat() -> None:
    assert len({new_code("0000") for _ in range(10_000)}) == 10_000
