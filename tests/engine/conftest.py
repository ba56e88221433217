"""The catalogue that ships, read straight from its folder: the engine's tests need no room above the engine."""

import datetime
from pathlib import Path

import pytest

from compensation.engine.document import decode
from compensation.engine.explanation import ExplanationBook, Explanations
from compensation.engine.law import Law, LegalPack
from compensation.engine.policy import load_policy
from compensation.engine.receipt import Books
from compensation.engine.remedy import RemedyBook, Shelf
from compensation.engine.taxonomy import HarmBook, Taxonomy
from tests.engine.bench import Bench

CATALOG = Path(__file__).parents[2] / "catalog"
TODAY = datetime.date(2026, 11, 22)


@pytest.fixture(scope="session")
def books() -> Books:
    taxonomy = Taxonomy(decode((CATALOG / "harms.toml").read_bytes(), HarmBook, "harms.toml"))
    shelf = Shelf(decode((CATALOG / "remedies.toml").read_bytes(), RemedyBook, "remedies.toml"))
    packs = [decode(path.read_bytes(), LegalPack, path.name) for path in sorted((CATALOG / "legal").glob("*.toml"))]
    policy = load_policy((CATALOG / "policies/default.toml").read_bytes(), "default.toml", taxonomy, shelf)
    return Books(taxonomy=taxonomy, law=Law(tuple(packs)), policy=policy, shelf=shelf)


@pytest.fixture(scope="session")
def bench(books: Books) -> Bench:
    return Bench(books, TODAY)


@pytest.fixture(scope="session")
def explanations() -> Explanations:
    source = (CATALOG / "explanations.toml").read_bytes()
    return Explanations(decode(source, ExplanationBook, "explanations.toml"))
