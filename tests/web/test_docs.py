"""The reference: a document that validates, drawn by a page that asks nobody else, and a page for every problem."""

import ast
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate
from playwright.async_api import Browser

import compensation
from compensation.core import errors
from compensation.web.codes import CODES
from compensation.web.problems import STATUS, title_of

# Said on the command line only, by a module or by a code: no HTTP answer ever carries them.
_ONLY_TYPED = {"demo.py", "verify.py"}
_COMMAND_LINE = {
    "bad_migration",
    "edited_migration",
    "invalid_keys",
    "invalid_settings",
    "not_in_production",
    "wrong_key",
}


async def test_the_openapi_document_validates_and_documents_every_problem(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get("/openapi.json")
    assert response.status_code == 200
    document = response.json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["paths"]
    for path, item in document["paths"].items():
        assert path.startswith("/v1/"), path
        for operation in item.values():
            assert operation["security"] == [{"api_key": []}]
            assert {"400", "401", "404", "429", "503"} <= set(operation["responses"]), path
            assert operation["summary"]


async def test_no_request_body_lets_an_unknown_field_pass_in_the_document(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/openapi.json")).json()
    bodies = [op["requestBody"] for item in document["paths"].values() for op in item.values() if "requestBody" in op]
    forms = [body["content"].get("multipart/form-data") for body in bodies]
    assert all(form["schema"]["additionalProperties"] is False for form in forms if form)
    plain = [body["content"]["application/json"] for body in bodies if "application/json" in body["content"]]
    assert len(plain) + sum(form is not None for form in forms) == len(bodies)
    # A file's lines are described as they should be; what is wrong in one is named and not refused.
    files = [one["schema"] for one in plain if "$ref" not in one["schema"]]
    assert all(schema["items"]["anyOf"][0]["additionalProperties"] is False for schema in files)
    wanted = [str(one["schema"]["$ref"]).rpartition("/")[2] for one in plain if "$ref" in one["schema"]]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = document["components"]["schemas"][name]
        if "properties" in shape:
            assert shape.get("additionalProperties") is False, name
        wanted += [ref.rpartition("/")[2] for ref in _references(shape)]
    assert seen


def _references(tree: object) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if isinstance(tree.get("$ref"), str) else []
        return own + [ref for value in tree.values() for ref in _references(value)]
    return [ref for value in tree for ref in _references(value)] if isinstance(tree, list) else []


async def test_the_reference_is_drawn_without_a_request_to_anybody_else(served: str, browser: Browser) -> None:
    page = await browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{served}/docs")
    groups = page.locator(".opblock-tag")
    await groups.get_by_text("Orders").click()
    await page.get_by_text("Issue rewards").wait_for()
    described = (await (await page.request.get(f"{served}/openapi.json")).json())["paths"].values()
    assert await groups.count() == len({tag for path in described for verb in path.values() for tag in verb["tags"]})
    assert all(url.startswith((served, "data:")) for url in asked), asked
    assert complaints == []


def _raised() -> dict[str, str]:
    """Every code that a room raises, and where."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Problem)}
    found = {}
    for path in Path(compensation.__path__[0]).rglob("*.py"):
        if path.name in _ONLY_TYPED:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds
            if named and node.args and isinstance(node.args[0], ast.Constant):
                found[str(node.args[0].value)] = str(path)
    return found


def test_every_code_that_is_raised_has_its_page() -> None:
    missing = {code: where for code, where in _raised().items() if code not in CODES and code not in _COMMAND_LINE}
    assert missing == {}


def test_a_title_never_repeats_the_detail_and_every_status_is_one_we_answer_with() -> None:
    known = {*STATUS.values(), 405, 408, 413, 415, 421, 500}
    for code, each in CODES.items():
        assert each.status in known, code
        assert title_of(code) not in (each.means, each.cure)


async def test_the_type_of_a_problem_is_a_page_that_says_what_to_do(stranger: httpx.AsyncClient) -> None:
    refused = await stranger.get("/v1/orders/x")
    page = await stranger.get(refused.json()["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "Authorization: Bearer" in page.text
    assert (await stranger.get("/problems")).text.count("<tr>") == len(CODES) + 1
    assert (await stranger.get("/problems/of_nobody")).status_code == 404


@pytest.mark.parametrize("address", ["/docs", "/problems", "/problems/wrong_state"])
async def test_reference_pages_carry_a_policy_without_unsafe_scripts(stranger: httpx.AsyncClient, address: str) -> None:
    policy = (await stranger.get(address)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
