"""The API's description, OpenAPI 3.1: Litestar draws the paths, msgspec the shapes that really decode and encode.

Litestar's own shapes lose tags of unions and the refusal of unknown fields, so only its paths and parameters are kept.
Problems are documented on every operation here, once, instead of at every handler.
"""

import inspect
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from compensation.web.problems import MEDIA_TYPE, ProblemDetails

_REF = "#/components/schemas/"
_ALWAYS = {
    "400": "The request itself is wrong; `pointer` or `parameter` says where.",
    "401": "The API key is missing, unknown, revoked or expired.",
    "403": "The holder of this key may not do this.",
    "404": "There is no such thing, or it is not yours.",
    "421": "The request names a host that is not ours.",
    "429": "Too many attempts; `Retry-After` says when to come back.",
    "500": "A fault of ours; `reference` finds it in our log.",
    "503": "Nothing was decided; send the same request with the same key again after `Retry-After`.",
}
_ON_WRITES = {
    "409": "It fights the present state, or the key came back with another body, or is being worked on.",
    "413": "The body is larger than 256 kB, or a file larger than what its operation takes.",
    "422": "Well formed, but law, policy, budget, balance or authority says no.",
}
_ON_FILES = {"415": "A body of this type is not read here."}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` when this key was answered before and this is that answer.",
        "schema": {"type": "string", "const": "true"},
    }
}


def config() -> OpenAPIConfig:
    """What Litestar needs to draw the paths. The document itself is served by ``web.docs``."""
    return OpenAPIConfig(
        title="compensation",
        version=version("compensation"),
        summary="Turns a harm done to a customer into a fair remedy, issued as value that cannot be lost or doubled.",
        description=_INTRODUCTION,
        path="/openapi",
        operation_id_creator=lambda handler, method, path: operation_id(handler),
        components=Components(
            security_schemes={
                "api_key": SecurityScheme(type="http", scheme="bearer", description="An API key, `sk_test_…`.")
            }
        ),
        use_handler_docstrings=True,
    )


def operation_id(handler: HTTPRouteHandler) -> str:
    """Resource and verb: ``orders_create``."""
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.handler_name}"


def document(app: Litestar) -> dict[str, Any]:
    """The whole description as plain data."""
    drawn: dict[str, Any] = app.openapi_schema.to_schema()
    operations = list(_operations(app, drawn))
    types = {kind for handler, _ in operations for kind in (_asked(handler), _given(handler)) if kind}
    kinds = sorted(types | {ProblemDetails}, key=repr)
    schemas, shapes = msgspec.json.schema_components(kinds, ref_template=_REF + "{name}")
    shape_of = dict(zip(kinds, schemas, strict=True))
    for handler, operation in operations:
        _describe(handler, operation, shape_of)
    components = drawn.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **shapes}
    components["responses"] = {
        f"problem_{status}": _problem(status, said, shape_of[ProblemDetails])
        for status, said in (_ALWAYS | _ON_WRITES | _ON_FILES).items()
    }
    components["schemas"] = _reachable(drawn, components["schemas"])
    # Defaults are still Python values, such as tuples and Structs; a reader of JSON sees lists and objects.
    # Our patterns end in Python's \\Z, which is a letter elsewhere; without flags $ means the same in JSON Schema.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(drawn).replace(rb'\\Z"', b'$"'))
    return plain


def _operations(app: Litestar, drawn: dict[str, Any]) -> Iterator[tuple[HTTPRouteHandler, dict[str, Any]]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    operation = drawn.get("paths", {}).get(route.path_format, {}).get(method.lower())
                    if operation is not None:
                        yield handler, operation


def _describe(handler: HTTPRouteHandler, operation: dict[str, Any], shape_of: dict[Any, dict[str, Any]]) -> None:
    said = inspect.cleandoc(handler.fn.__doc__ or "")
    operation["summary"] = handler.summary or said.partition("\n")[0].rstrip(".") or handler.handler_name
    operation["description"] = said or operation["summary"]
    asked, given = _asked(handler), _given(handler)
    if asked:
        content = {"schema": shape_of[asked]}
        if handler.opt.get("example") is not None:
            content["example"] = handler.opt["example"]
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if form := handler.opt.get("form"):
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    bodies = handler.opt.get("bodies")  # of a file, which no Struct describes
    if bodies:
        operation["requestBody"] = {"required": True, "content": bodies}
    writes = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", []))
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "Idempotency-Key":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 255}
    done = {status: told for status, told in operation["responses"].items() if status.startswith("2")}
    for told in done.values():
        if given and given is not str:  # a handler that answers with a text says itself what text it is
            told["content"] = {"application/json": {"schema": shape_of[given]}}
        if handler.opt.get("download"):
            told["content"] = {"*/*": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}
        if handler.opt.get("gives"):
            told["content"] = handler.opt["gives"]
        if writes:
            told["headers"] = _REPLAYED
    problems = _ALWAYS | (_ON_WRITES if asked or writes else {}) | (_ON_FILES if bodies else {})
    operation["responses"] = done | {s: {"$ref": f"#/components/responses/problem_{s}"} for s in sorted(problems)}


def _asked(handler: HTTPRouteHandler) -> Any:
    field = handler.parsed_data_field
    return None if field is None else field.annotation


def _given(handler: HTTPRouteHandler) -> Any:
    field = handler.parsed_return_field
    annotation = field.annotation
    if get_origin(annotation) is Response or (isinstance(annotation, type) and issubclass(annotation, Response)):
        annotation = next(iter(get_args(annotation)), None)
    return None if annotation in (None, type(None), Any, bytes) else annotation


def _problem(status: str, said: str, shape: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": said, "content": {MEDIA_TYPE: {"schema": shape}}}
    if status in ("409", "429", "503"):
        told["headers"] = _RETRY
    return told


def _reachable(drawn: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The shapes that something speaks of; Litestar's own, which we replaced, fall away."""
    wanted = _spoken_of({"paths": drawn["paths"], "responses": drawn["components"]["responses"]})
    found: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = schemas[name]
            wanted |= _spoken_of(schemas[name])
    return dict(sorted(found.items()))


def _spoken_of(tree: Any) -> set[str]:
    return set(re.findall(rf'"{_REF}([^"]+)"', msgspec.json.encode(tree).decode()))


_INTRODUCTION = """\
Report a harm, and get back its assessment and the offers that would resolve it. Choose one, and what it promises is
issued, told to the customer and accounted for.

Every request carries `Authorization: Bearer <API key>`. Every write carries an `Idempotency-Key`: the same key with
the same body gives the same answer for ever, and has one effect. Amounts are whole numbers of minor units:
`{"amount": 22000, "currency": "USD"}` is 220 dollars. Times are RFC 3339 in UTC. A refusal is a problem document
(RFC 9457): its `code` is stable, its `detail` says what to do.
"""
