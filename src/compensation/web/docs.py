"""The reference for developers: the OpenAPI document, a page that draws it, and one page for every problem."""

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath
from markupsafe import Markup, escape

from compensation.core.errors import NotFound
from compensation.web import openapi
from compensation.web.codes import CODES
from compensation.web.page import page
from compensation.web.problems import title_of
from compensation.web.request import StrictRequest

# Groups begin closed: of a description as long as ours swagger-ui draws only what is on the screen, and who looks for a
# word in the page would not find it. Closed, all groups are there at once.
_START = """\
SwaggerUIBundle({url: "/openapi.json", dom_id: "#reference", validatorUrl: null, docExpansion: "none",
  deepLinking: true, supportedSubmitMethods: ["get", "post", "put", "delete"], defaultModelsExpandDepth: 0,
  persistAuthorization: false});
"""


@get("/openapi.json", include_in_schema=False)
async def description(request: StrictRequest) -> Response[bytes]:
    """The OpenAPI 3.1 document, drawn once and kept."""
    state = request.app.state
    if getattr(state, "description", None) is None:
        state.description = msgspec.json.encode(openapi.document(request.app))
    return Response(state.description, media_type="application/json")


@get("/docs", include_in_schema=False)
async def reference(request: StrictRequest) -> Response[str]:
    """The page that draws it, from our own files alone."""
    return page(request.app.state, "console/reference.html")


@get("/docs/start.js", include_in_schema=False)
async def start() -> Response[str]:
    return Response(_START, media_type="text/javascript")


@get("/problems", include_in_schema=False)
async def problems(request: StrictRequest) -> Response[str]:
    """Every code the API may answer with, in one list."""
    listed = [(code, title_of(code), each) for code, each in sorted(CODES.items())]
    return page(request.app.state, "console/problems.html", listed=listed)


@get("/problems/{code:str}", include_in_schema=False)
async def problem(request: StrictRequest, code: FromPath[str]) -> Response[str]:
    """What a problem means and what to do: the page its ``type`` points to."""
    each = CODES.get(code)
    if each is None:
        raise NotFound("not_found", "There is no problem of this name; see /problems.")
    return page(
        request.app.state,
        "console/problem.html",
        code=code,
        title=title_of(code),
        each=each,
        means=_with_code(each.means),
        cure=_with_code(each.cure),
    )


def _with_code(text: str) -> Markup:
    """What stands between backticks as code."""
    plain, *rest = text.split("`")
    parts = [Markup("<code>{}</code>").format(part) if n % 2 == 0 else escape(part) for n, part in enumerate(rest)]
    return escape(plain) + Markup("").join(parts)


def docs() -> Router:
    return Router("/", route_handlers=[description, reference, start, problems, problem])
