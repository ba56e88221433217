"""What was typed into a form whose session had ended: sealed into the login form, and put back to whoever typed it."""

import base64
import binascii
from datetime import timedelta

import msgspec

from compensation.core.errors import Forbidden
from compensation.core.vault import Unreadable, Vault
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.credential import session_holder
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

GRACE = timedelta(hours=24)
"""For how long after its end a session is still known by its cookie: long enough for a form that was left overnight."""
MOST = 100_000
"""Bytes that are kept; a form with files is not."""

_ONCE = "once"


class Kept(msgspec.Struct, frozen=True):
    """Where the form was sent, and its fields, the word among them by which it is done once only."""

    path: str
    fields: dict[str, str]


async def keep(request: StrictRequest, door: Doorway, token: str) -> str:
    """The form of this request, sealed for the agent whose session ended in the last hours (``GRACE``); else empty.

    Only a form that proves to be of that session is kept: another site has neither its cookie nor its proof, and so
    puts no words into an agent's mouth.
    """
    if request.method != "POST" or request.content_type[0] != "application/x-www-form-urlencoded":
        return ""
    was = await session_holder(door.pool, token, door.clock() - GRACE)
    if was is None:
        return ""
    try:
        fields = dict(await form_of(request, token, longest=MOST))
    except Forbidden:
        return ""
    plain = msgspec.json.encode(Kept(request.url.path, fields))
    if not fields.keys() - {_ONCE} or len(plain) > MOST:
        return ""
    return base64.urlsafe_b64encode(door.vault.seal(was.merchant_id, _about(was), plain)).decode()


def put_back(vault: Vault, who: Who, sealed: str) -> Kept | None:
    """What this agent typed; None for what somebody else did, or nobody."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return msgspec.json.decode(vault.open(who.merchant_id, _about(who), raw), type=Kept)
    except (binascii.Error, ValueError, Unreadable, msgspec.DecodeError):
        return None


def _about(who: Who) -> str:
    return f"form of {who.actor}"
