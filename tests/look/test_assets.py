"""Laws of what a browser loads: named files only, kept as long as their address says which content they have."""

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient

from compensation.core.settings import Settings
from compensation.web import problems
from compensation.web.assets import asset, assets, find

APP = Litestar(
    [assets],
    exception_handlers={Exception: problems.answer},
    state=State({"settings": Settings(database_url="postgresql://nowhere.example/none")}),
    openapi_config=None,
)
OWN = Path(__file__).parents[2] / "src" / "compensation" / "web" / "assets"


def test_a_named_version_may_be_kept_for_a_year_and_another_is_asked_for_again() -> None:
    with TestClient(APP) as browser:
        named = browser.get(asset("tokens.css"))
        assert named.headers["content-type"].startswith("text/css")
        assert "immutable" in named.headers["cache-control"]
        assert named.content == (OWN / "tokens.css").read_bytes()
        stale = browser.get("/assets/tokens.css?v=000000000000")
        assert "immutable" not in stale.headers["cache-control"]
        again = browser.get("/assets/tokens.css", headers={"if-none-match": named.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/assets/../assets.py", "/assets/%2e%2e/assets.py", "/assets//etc/passwd", "/assets/fonts/", "/assets/x.css"],
)
def test_what_is_not_named_does_not_exist(path: str) -> None:
    with TestClient(APP) as browser:
        assert browser.get(path).status_code == 404


def test_every_font_a_sheet_names_is_served() -> None:
    fonts = find("fonts.css")
    assert fonts is not None
    named = [part.split('"')[0] for part in fonts.body.decode().split('url("')[1:]]
    assert len(named) == 12
    for name in named:
        found = find(name)
        assert found is not None, f"{name}: run scripts/install"
        assert found.body.startswith(b"wOF2")


def test_the_packages_files_are_there() -> None:
    for name in ("htmx.js", "swagger-ui.css", "swagger-ui-bundle.js"):
        assert find(name) is not None, f"{name}: run scripts/install"


def test_an_unknown_file_still_has_an_address_that_answers_404() -> None:
    assert asset("nowhere.css") == "/assets/nowhere.css"
