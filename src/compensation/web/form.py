"""What was typed into a form: a flat map of texts without control characters, and the proof that it is our form."""

import hmac
from collections.abc import Mapping

from compensation.core.errors import Forbidden
from compensation.core.text import clean
from compensation.core.vault import Vault
from compensation.web.page import CSRF, csrf_token
from compensation.web.request import StrictRequest

_MOST_FIELDS = 200
_LONGEST = 10_000


async def form_of(request: StrictRequest, secret: str, longest: int = _LONGEST) -> Mapping[str, str]:
    """The fields of a post, the last where one stands twice, each without what cannot be seen.

    Raises Forbidden ``wrong_form`` for a form that is not ours, or not of this session or link.
    """
    fields = dict(list((await request.form()).multi_items())[:_MOST_FIELDS])
    return ours(request.app.state.door.vault, secret, {k: v for k, v in fields.items() if isinstance(v, str)}, longest)


def ours(vault: Vault, secret: str, fields: Mapping[str, str], longest: int = _LONGEST) -> Mapping[str, str]:
    """The same for fields that were read already, as of a form with a file."""
    texts = {name: clean(value)[:longest] for name, value in fields.items()}
    given = texts.pop(CSRF, "").encode()
    # A page that was opened before the keys were rotated is still ours.
    if not any(hmac.compare_digest(given, csrf_token(vault, secret, one).encode()) for one in vault.versions):
        raise Forbidden("wrong_form", "This form has run out. Open the page again and send it from there.")
    return texts
