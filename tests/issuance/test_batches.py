"""Laws of what is made many at a time: it is what one at a time would be, and no two are alike."""

from hypothesis import given
from hypothesis import strategies as st

from compensation.core.ids import is_id, new_id, new_ids
from compensation.issuance.codes import LENGTH, new_codes, read_code

ROUTES = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=4, max_size=4)


@given(ROUTES, st.integers(1, 300))
def test_every_code_of_a_batch_is_a_code_of_its_merchant(route: str, count: int) -> None:
    codes = new_codes(route, count)
    assert len(set(codes)) == count
    for code in codes:
        assert len(code) == LENGTH
        assert code[:4].lower() == route
        assert read_code(code) == code


@given(ROUTES, st.integers(0, LENGTH - 1), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_wrong_character_in_any_of_them_is_seen(route: str, place: int, wrong: str) -> None:
    for code in new_codes(route, 5):
        typed = code[:place] + wrong + code[place + 1 :]
        assert (read_code(typed) == code) == (typed == code)


@given(st.integers(0, 500))
def test_ids_of_a_batch_are_ids_in_their_order_and_of_this_moment(count: int) -> None:
    before = new_id("rwd")
    ids = new_ids("rwd", count)
    assert len(set(ids)) == count
    assert all(is_id(one, "rwd") for one in ids)
    assert ids == sorted(ids)
    assert all(before[:14] <= one[:14] <= new_id("rwd")[:14] for one in ids)
