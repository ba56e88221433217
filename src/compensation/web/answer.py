"""An answer of the doorway as an HTTP response: the kept bytes go out as they are, replays are marked."""

from typing import Annotated, Any, TypeVar

from litestar import Response
from litestar.params import HeaderParameter

from compensation.core.errors import Invalid
from compensation.db.answers import Written

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


def answered(written: Written, status: int = 200, kind: type[T] | None = None) -> Response[T]:
    """The response to a write. ``kind`` is what the handler documents; the body is the answer that was kept."""
    headers = {"Idempotency-Replayed": "true"} if written.replayed else {}
    response: Response[Any] = Response(
        written.answer, status_code=status, headers=headers, media_type="application/json"
    )
    return response
