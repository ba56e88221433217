"""The secrets by which an endpoint knows that it is we who call: made and sealed here, shown if asked for, replaced."""

import secrets
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta
from standardwebhooks import Webhook

from compensation.core.errors import NotFound
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.notices import sql


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For ``overlap_hours`` the secret that was and the new one both sign. 0 for a secret that has leaked."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24


class Rotate(Rotation, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint_id: str


class Rotated(msgspec.Struct, frozen=True):
    """The endpoint ``id`` has a new secret; the one before signs until ``previous_until``."""

    id: str
    previous_until: datetime


class Showing(msgspec.Struct, frozen=True):
    endpoint_id: str


class Shown(msgspec.Struct, frozen=True):
    id: str


class EndpointSecret(msgspec.Struct, frozen=True):
    """The present secret, as the libraries of Standard Webhooks take it. Keep it where you keep passwords."""

    secret: str


async def rotate(tx: Tx, who: Who, what: Rotate, at: datetime) -> Rotated:
    """A new secret. No more than two are live: one that was on its way out ends now. Raises ``unknown_endpoint``."""
    until = at + timedelta(hours=what.overlap_hours)
    if not await tx.run(sql.ROTATE, what.endpoint_id, seal_fresh(tx, what.endpoint_id), until):
        raise NotFound("unknown_endpoint", "There is no such endpoint.")
    return Rotated(what.endpoint_id, until)


async def show_secret(door: Doorway, who: Who, endpoint_id: str) -> EndpointSecret:
    """Write down who looks, then open the seal. The answer is never kept. Raises ``unknown_endpoint``."""
    await door.write(record_showing, who, Showing(endpoint_id))
    async with door.read(who.merchant_id) as tx:
        row = await tx.row(sql.SECRET, endpoint_id)
    assert row is not None, "record_showing has just seen it"
    return EndpointSecret(_open(door.vault, who.merchant_id, endpoint_id, row["secret"]))


async def record_showing(tx: Tx, who: Who, what: Showing, at: datetime) -> Shown:
    """The audit row is the whole effect."""
    if await tx.row(sql.SECRET, what.endpoint_id) is None:
        raise NotFound("unknown_endpoint", "There is no such endpoint.")
    return Shown(what.endpoint_id)


def seal_fresh(tx: Tx, endpoint_id: str) -> bytes:
    """A new secret of 256 random bits, sealed for its endpoint."""
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    return tx.vault.seal(tx.merchant_id, endpoint_id, secret.encode())


def live_secrets(vault: Vault, merchant_id: str, endpoint: Record, at: datetime) -> list[str]:
    """Those that sign at this moment, the present one first."""
    sealed = [endpoint["secret"]]
    if endpoint["previous"] is not None and endpoint["previous_until"] > at:
        sealed.append(endpoint["previous"])
    return [_open(vault, merchant_id, endpoint["id"], each) for each in sealed]


def signed(live: list[str], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: who has any one of the secrets can tell that the message is ours."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body.decode()) for secret in live),
    }


def _open(vault: Vault, merchant_id: str, endpoint_id: str, sealed: bytes) -> str:
    return vault.open(merchant_id, endpoint_id, sealed).decode()
