"""The development mailbox: every letter that went out on this machine, as its reader sees it and as text."""

import asyncio
import mailbox
import re
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath

from compensation.core.errors import NotFound
from compensation.partners.mailbox import FOLDER
from compensation.web.asked import Told
from compensation.web.page import HTML, page
from compensation.web.request import StrictRequest

_SHOWN = 200
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A letter styles itself inline, as mails must, and may do nothing else but open a link in a new tab."""
_LINK = re.compile(r"https?://[^\s<>\"]+")


class Filed(msgspec.Struct, frozen=True):
    """One letter in the Maildir. ``id`` is its name there."""

    id: str
    subject: str
    sender: str
    to: str
    locale: str
    at: datetime | None
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        return list(dict.fromkeys(_LINK.findall(self.text)))


@get("/")
async def index(request: StrictRequest, settings: Told) -> Response[str]:
    """The newest letters first."""
    letters = await asyncio.to_thread(_read, settings.data / FOLDER)
    return page(request.app.state, "console/mailbox.html", letters=letters)


@get("/{letter_id:str}")
async def letter(request: StrictRequest, letter_id: FromPath[str], settings: Told) -> Response[str]:
    """One letter: its head, its text, and the frame in which it is drawn."""
    found = await _one(settings.data / FOLDER, letter_id)
    return page(request.app.state, "console/letter.html", letter=found)


@get("/{letter_id:str}/html")
async def drawn(letter_id: FromPath[str], settings: Told) -> Response[str]:
    """The letter's own HTML, for the frame alone."""
    found = await _one(settings.data / FOLDER, letter_id)
    # A link that opened inside the frame would be refused there, so each opens a tab.
    body = found.html.replace("<head>", '<head><base target="_blank">', 1)
    return Response(body, media_type=HTML, headers={"content-security-policy": _LETTER_POLICY})


async def _one(folder: Path, letter_id: str) -> Filed:
    for found in await asyncio.to_thread(_read, folder):
        if found.id == letter_id:
            return found
    raise NotFound("not_found", "There is no such letter in the mailbox.")


def _read(folder: Path) -> list[Filed]:
    if not folder.is_dir():
        return []
    maildir = mailbox.Maildir(folder, create=False)
    # The names begin with the second in which they were filed.
    keys = sorted(maildir.keys(), reverse=True)[:_SHOWN]
    letters = [_filed(key, message_from_bytes(maildir.get_bytes(key), policy=default)) for key in keys]
    return sorted(letters, key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)


def _filed(key: str, message: EmailMessage) -> Filed:
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    date = message.get("Date")
    return Filed(
        id=key,
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        locale=str(message.get("Content-Language", "en")),
        at=parsedate_to_datetime(str(date)) if date else None,
        text=str(text.get_content()) if text else "",
        html=str(html.get_content()) if html else "",
    )


def dev_mailbox() -> Router:
    return Router("/dev/mailbox", route_handlers=[index, letter, drawn], include_in_schema=False)
