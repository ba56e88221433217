"""A harm, a subtype, a reason code, a remedy and a rule are added as data: no code knows any of them by name."""

import datetime
import shutil
from pathlib import Path

import msgspec
import pytest

from compensation.catalog.library import FOLDER, Library
from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine import condition, policy_document, shapes
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.plan import Decision, History, Limits
from compensation.web.policy_fields import FIELDS, PARTS
from tests.engine.bench import report

TODAY = datetime.date(2026, 11, 22)
HARM = """
[[harm]]
code = "material.spoiled_food"
family = "material"
label = { en = "Spoiled food", ar = "طعام فاسد", bg = "Развалена храна" }
needs_order = true
"""
REMEDY = """
[[remedy]]
code = "cooking_class"
kind = "task"
label = { en = "A cooking class", ar = "درس طبخ", bg = "Урок по готварство" }
sized = false
arrives_in_days = 14
"""
REASON = """
[went_off]
prevention = "quality"
"""
RULE = """
[[goodwill]]
code = "spoiled"
when = { harms = ["material.spoiled_food"], reason_codes = ["went_off"] }
percent_of_order = { low = 7, medium = 14, high = 21, critical = 28 }

[[gesture]]
remedy = "cooking_class"
shape = { kind = "task", due_in_days = 14 }
when = { harms = ["material.spoiled_food"] }

"""
GESTURES = "# ---------------------------------------------------------------- the offers"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalogue with one of each added."""
    copy = tmp_path / "catalog"
    shutil.copytree(FOLDER, copy)
    for name, more in (("harms.toml", HARM), ("remedies.toml", REMEDY), ("reasons.toml", REASON)):
        path = copy / name
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    policy = copy / "policies/default.toml"
    policy.write_text(policy.read_text(encoding="utf-8").replace(GESTURES, RULE + GESTURES, 1), encoding="utf-8")
    return copy


def decided(library: Library, reason: str) -> Decision:
    books = library.books("default", TODAY)
    told = report("material.spoiled_food high", reason_code=reason)
    assessment = assess(told, books.taxonomy, books.law, TODAY)
    return decide(assessment, books.policy, books.law, Limits(), History(), books.shelf)


def test_one_of_each_is_added_without_code(folder: Path) -> None:
    library = Library(folder)
    decision = decided(library, "went_off")
    assert decision.goodwill == Money(2_100, "EUR")
    assert "cooking_class" in {line.remedy for line in decision.offers[0].lines}
    assert decided(library, "other").goodwill == Money(0, "EUR")


@pytest.mark.parametrize("gone", ["harms.toml", "remedies.toml", "reasons.toml"])
def test_what_is_named_and_is_not_there_is_refused_with_its_line(folder: Path, gone: str) -> None:
    shutil.copy(FOLDER / gone, folder / gone)
    with pytest.raises(Invalid) as refused:
        Library(folder)
    assert refused.value.extra["document"] == "default.toml"
    line = (folder / "policies/default.toml").read_text(encoding="utf-8").splitlines()[refused.value.extra["line"] - 1]
    assert "spoiled" in line or "cooking_class" in line


def test_a_pack_that_names_what_is_not_there_is_refused(folder: Path) -> None:
    pack = folder / "legal/general.toml"
    text = pack.read_text(encoding="utf-8")
    pack.write_text(text.replace("when = {", 'when = { harms = ["material.rain"],', 1), encoding="utf-8")
    with pytest.raises(Invalid, match=r"no harm 'material\.rain'"):
        Library(folder)


SAID_BY_VALUE = {"low", "medium", "high", "critical", "when", "shape", "en", "ar", "bg"}


def test_every_field_of_a_policy_has_its_words() -> None:
    """Whoever adds a field to the document is told here that people will want to read it."""
    fields = {
        name
        for module in (policy_document, condition, shapes)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
        for name in kind.__struct_fields__
    }
    assert fields - set(FIELDS) - set(PARTS) - SAID_BY_VALUE == set()
