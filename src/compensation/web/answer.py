"""An answer of the doorway as an HTTP response: the kept bytes go out as they are, replays are marked."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response
from litestar.params import HeaderParameter
from litestar.response.base import ASGIResponse
from litestar.types import HTTPResponseStartEvent, Receive, Scope, Send

from compensation.core.errors import Invalid
from compensation.db.answers import Who, Written
from compensation.db.unit import Doorway
from compensation.web.address import address_of
from compensation.web.auth import who_asks
from compensation.web.limits import Limits
from compensation.web.request import StrictRequest

T = TypeVar("T")

KeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A name of your choosing for this one request, 1 to 255 printable characters. Sending the same "
        "request with the same key again gives the same answer and has no second effect, for ever.",
    ),
]


def idempotency_key(given: KeyHeader = None) -> str:
    """The dependency ``key``: the Idempotency-Key of a write. Raises Invalid ``idempotency_key_needed``."""
    if given is None:
        raise Invalid(
            "idempotency_key_needed",
            "Send an Idempotency-Key header, such as a random UUID, and the same one when you send this again.",
            parameter="Idempotency-Key",
        )
    return given


class Asked(msgspec.Struct, frozen=True):
    """All that a write needs besides its body, in one: the framework starts a task for each of several dependencies,
    and for one alone it does not. That is a quarter of what a request costs; the busiest handlers spare it."""

    door: Doorway
    who: Who
    key: str
    limits: Limits
    request: StrictRequest

    @property
    def address(self) -> str:
        """Where it comes from, as ``web.address`` tells it; most never need to know."""
        return address_of(self.request)

    async def together(self, act: Callable[..., Any], what: Any) -> Written:
        return await self.door.write_together(act, self.who, what, self.key)


def asked(request: StrictRequest, given: KeyHeader = None) -> Asked:
    """The dependency ``asked``. Raises Invalid ``idempotency_key_needed``."""
    state = request.app.state
    return Asked(state.door, who_asks(request), idempotency_key(given), state.limits, request)


class Kept(Response[Any]):
    """Bytes that were kept, on their way out: what the framework would do to make them bytes is done already."""

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return _Sent(self.status_code or 200, self.content, self.headers)


class _Sent(ASGIResponse):
    __slots__ = ("_start",)

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        lines = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        lines += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._start: HTTPResponseStartEvent = {"type": "http.response.start", "status": status, "headers": lines}
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(self._start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def answered(written: Written, status: int = 200, kind: type[T] | None = None) -> Response[T]:
    """The response to a write. ``kind`` is what the handler documents; the body is the answer that was kept."""
    headers = {"Idempotency-Replayed": "true"} if written.replayed else {}
    response: Response[Any] = Kept(written.answer, status_code=status, headers=headers)
    return response
