"""Every refusal as an RFC 9457 problem: one table from kinds to status codes, and nothing internal in any answer."""

import logging
import secrets
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from compensation.core.errors import Invalid, NotFound, Problem, TooMany, Unavailable
from compensation.db.faults import RETRY_AFTER, as_problem
from compensation.web.body import explain

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "refused": 422,
    "too_many": 429,
    "unavailable": 503,
}
LOG = logging.getLogger("compensation.web")
_OURS = frozenset({"type", "title", "status", "detail", "code"})


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """What a refusal looks like. ``code`` is stable; ``detail`` says what to do; further members are facts."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None = None
    """Where in the body the fault is (RFC 6901)."""
    parameter: str | None = None
    """Which parameter of the path, the query or the headers it is."""
    retry_after: int | None = None
    """Seconds after which the same request may be sent again."""


class Internal(Problem):
    """A bug of ours. The reference finds it in the log; nothing else about it is told."""

    kind = "internal"


class HttpRefusal(Problem):
    """What HTTP itself refuses before a room is asked: a method, a length, a type."""

    kind = "http"

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code, detail)
        self.status = status
        self.headers = headers or {}


def status_of(problem: Problem) -> int:
    if isinstance(problem, HttpRefusal):
        return problem.status
    return STATUS.get(problem.kind, 500)


def title_of(code: str) -> str:
    """A short human name, always the same for a code: ``insufficient_balance`` is “Insufficient balance”."""
    return code.replace("_", " ").capitalize()


def body_of(problem: Problem, base_url: str) -> dict[str, Any]:
    """The members of the answer. Extra facts stand beside the standard members and never in their place."""
    facts = {name: value for name, value in problem.extra.items() if name not in _OURS and value not in (None, "")}
    return {
        "type": f"{base_url}/problems/{problem.code}",
        "title": title_of(problem.code),
        "status": status_of(problem),
        "code": problem.code,
        "detail": problem.detail,
        **facts,
    }


def headers_of(problem: Problem) -> dict[str, str]:
    headers = dict(problem.headers) if isinstance(problem, HttpRefusal) else {}
    wait = problem.extra.get("retry_after")
    if wait is None and isinstance(problem, (TooMany, Unavailable)):
        wait = RETRY_AFTER
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if problem.kind == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="compensation"'
    if problem.replayed:
        headers["Idempotency-Replayed"] = "true"
    return headers


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of the API: any error as a problem document."""
    problem = problem_of(error, request)
    base_url: str = request.app.state.settings.base_url
    return Response(
        msgspec.json.encode(body_of(problem, base_url)),
        status_code=status_of(problem),
        headers=headers_of(problem),
        media_type=MEDIA_TYPE,
    )


def problem_of(error: Exception, request: Request[Any, Any, Any]) -> Problem:
    """What the caller is told of ``error``. A bug is logged here, with its reference and without the address asked
    for: an address may hold a customer's token."""
    known = as_problem(error)
    if known is not None:
        return known
    if isinstance(error, ValidationException):
        return _wrong_parameter(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _of_http(error)
    reference = f"err_{secrets.token_hex(6)}"
    LOG.error("unhandled error %s in %s", reference, request.scope.get("path_template", "?"), exc_info=error)
    return Internal(
        "internal", "This is a fault of ours. Tell us the reference and we can find it.", reference=reference
    )


def _wrong_parameter(error: ValidationException) -> Problem:
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    where, _, inner = str(first.get("key", "")).partition(".")
    pointer, sentence = explain(str(first.get("message", "This value is wrong")))
    if first.get("source") == "body" or where == "data":
        return Invalid("invalid_body", f"{pointer or 'The body'}: {sentence}", pointer=pointer)
    name = where or inner or "?"
    return Invalid("invalid_parameter", f"{name}: {sentence}", parameter=name)


def _of_http(error: HTTPException) -> Problem:
    if error.status_code == 404:
        return NotFound("not_found", "There is nothing at this address. The API begins at /v1; see /docs.")
    code, detail = _HTTP.get(error.status_code, ("bad_request", f"{error.detail.rstrip('.')}."))
    return HttpRefusal(error.status_code, code, detail, error.headers)


_HTTP = {
    405: ("method_not_allowed", "This address does not take this method. The Allow header names those it takes."),
    408: ("request_timeout", "The request took too long to arrive. Send it again with the same Idempotency-Key."),
    413: ("body_too_large", "The body may have 256 kB, and a file 10 MB. Send less, or send it in parts."),
}
MISDIRECTED = (421, "misdirected_request", "We do not answer under this name. Use the address you were given.")
