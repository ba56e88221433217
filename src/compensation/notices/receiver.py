"""What notices need of the outside: somebody who posts to an address a merchant named, and all that may come of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec


class Failure(StrEnum):
    """Why a notice was not taken, in a word. The receiver's own words are not kept: they may hold anything."""

    status = "status"
    """It answered, with something other than 2xx; a redirect is not followed."""
    timeout = "timeout"
    """No answer within the deadline."""
    unreachable = "unreachable"
    """Nobody listens there."""
    host_unknown = "host_unknown"
    """The name resolves to nothing."""
    address_refused = "address_refused"
    """Not https, or the name resolves to an address that is not public: nobody was called."""
    tls = "tls"
    """Its certificate is not valid for its name."""
    bad_answer = "bad_answer"
    """The connection broke, or what came back is not HTTP."""
    endpoint_removed = "endpoint_removed"
    """The merchant removed the endpoint while the notice waited."""


class Answer(msgspec.Struct, frozen=True):
    """``status`` is None when there was no answer at all; ``error`` is None when the notice was taken."""

    status: int | None
    error: Failure | None = None


class Receivers(Protocol):
    """The endpoints of all merchants. An implementation decides whom it dares to call."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it once. Whatever the network does is an Answer; nothing is raised for it."""
        ...
