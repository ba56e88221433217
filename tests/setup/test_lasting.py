"""What a process keeps for good is set aside, and the collector goes on with the rest."""

import gc
from collections.abc import Iterator

import pytest

from compensation.core.lasting import lasting


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_made_within_is_passed_over_and_what_comes_later_is_not() -> None:
    with lasting():
        assert not gc.isenabled()
        kept = [[number] for number in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)
    later: list[object] = []
    later.append(later)
    seen = gc.get_objects()
    assert any(each is later for each in seen)
    assert not any(each is kept for each in seen)


def test_a_start_that_fails_leaves_the_collector_at_work() -> None:
    with pytest.raises(RuntimeError), lasting():
        raise RuntimeError
    assert gc.isenabled()
