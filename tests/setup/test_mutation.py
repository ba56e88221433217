"""What scripts/mutants breaks is still there to be broken. The run itself takes an hour, and none of it is here."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.breaks import BREAKS, ROOT, Break

MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.file}: {' '.join(one.broken.split()) or 'left out'}")
def test_each_break_by_hand_finds_its_place_and_the_test_to_notice_it(one: Break, tmp_path: Path) -> None:
    copy = tmp_path / "compensation" / one.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "compensation" / one.file, copy)
    one.apply(tmp_path)
    assert one.broken in copy.read_text(encoding="utf-8")
    path, _, name = one.node.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_what_mutmut_is_told_of_exists() -> None:
    assert [pattern for pattern in MUTMUT["only_mutate"] if not list(ROOT.glob(pattern))] == []
    tests = [word.removeprefix("--deselect=") for word in MUTMUT["pytest_add_cli_args"] if "tests/" in word]
    for named in (*MUTMUT["pytest_add_cli_args_test_selection"], *MUTMUT["also_copy"], *tests):
        path, _, function = named.partition("::")
        assert (ROOT / path).exists(), path
        assert not function or f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), function
