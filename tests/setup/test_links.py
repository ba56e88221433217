"""What our pages point to is there."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
PAGES = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_there_are_pages() -> None:
    assert HOME / "README.md" in PAGES
    assert len(PAGES) > 8
