"""A page: one template, one nonce, one policy; nothing of it may be kept, framed or run but what we wrote."""

import secrets
from typing import Any

from jinja2 import Environment
from litestar import Response
from litestar.datastructures import State
from markupsafe import Markup

from compensation.core.vault import Vault
from compensation.web.assets import asset
from compensation.web.headers import page_policy

HTML = "text/html"
CSRF = "csrf"
"""The name of the hidden field of every form."""


def page(state: State, template: str, *, status: int = 200, locale: str = "en", **context: Any) -> Response[str]:
    """The template filled in. ``state.templates`` is the environment of ``delivery.render``."""
    nonce = secrets.token_urlsafe(16)
    templates: Environment = state.templates
    body = templates.get_template(template).render(nonce=nonce, asset=asset, locale=locale, **context)
    headers = {"content-security-policy": page_policy(nonce)}
    return Response(body, status_code=status, media_type=HTML, headers=headers)


def csrf_token(vault: Vault, secret: str, version: int | None = None) -> str:
    """The token of the forms of one session or one link: only who holds that secret was given it."""
    return vault.token("csrf", secret, version)


def csrf_field(vault: Vault, secret: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, csrf_token(vault, secret))
