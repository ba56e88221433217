"""Opening a customer's link: whose it is, in which language it is read, and what a wrong one costs."""

import re
from typing import Any

from litestar import Request

from compensation.core.errors import NotFound
from compensation.core.text import LANGUAGES, language
from compensation.db.unit import Doorway
from compensation.delivery.letter import Tongue
from compensation.delivery.links import LinkKind, Opened, open_link
from compensation.web.address import address_of
from compensation.web.limits import GUESSES, GUESSES_AT_MERCHANT, Limits
from compensation.web.request import StrictRequest

_SHAPE = re.compile(r"[0-9A-Za-z]{30}")
_NO_LINK = "0" * 30
"""Looked up in the place of what cannot be a link, so that every wrong one costs the same."""


async def opened(request: StrictRequest, door: Doorway, limits: Limits, kind: LinkKind, token: str) -> Opened:
    """Where the link leads. Raises NotFound, the same for every wrong one, and TooMany for a guesser."""
    address = address_of(request)
    limits.check(GUESSES, address)
    try:
        return await open_link(door, kind, token if _SHAPE.fullmatch(token) else _NO_LINK)
    except NotFound:
        await limits.count(GUESSES, address)
        await limits.count(GUESSES_AT_MERCHANT, token[:4].lower())
        raise


def of_case(request: StrictRequest) -> LinkKind:
    """Which link of a case it is, for pages that its offers and its status both lead to."""
    return "offers" if request.url.path.startswith("/o/") else "status"


def read_in(request: StrictRequest, written: str) -> str:
    """The locale of the page: the language asked for by ``?lang=``, else the one the letter is written in.

    A reader who asks for the letter's own language keeps its region, so that dates are written his way.
    """
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES and asked != language(written) else written


def asked_for(request: Request[Any, Any, Any]) -> str:
    """The language of a page that belongs to no letter."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    preferred = re.split(r"[-_,;]", request.headers.get("accept-language", ""), maxsplit=1)[0].strip().lower()
    return preferred if preferred in LANGUAGES else "en"


def tongues(path: str) -> tuple[Tongue, ...]:
    """The same page in every language."""
    return tuple(Tongue(tag, f"{path}?lang={tag}") for tag in LANGUAGES)
