"""The public keys by which anybody can check a receipt."""

import base64

import msgspec
from litestar import Router, get

from compensation.engine.seal import key_name
from compensation.web.asked import Caller, Door


class ReceiptKey(msgspec.Struct):
    """An Ed25519 public key. ``name`` stands in the receipts it signed; ``public_key`` is base64 of its 32 bytes."""

    version: int
    name: str
    public_key: str


class ReceiptKeys(msgspec.Struct):
    items: list[ReceiptKey]


@get("/", summary="The keys that sign receipts")
async def index(door: Door, who: Caller) -> ReceiptKeys:
    """The current one first. Older ones stay, so that older receipts can be checked."""
    keys = [(version, door.vault.verifier(version)) for version in door.vault.versions]
    return ReceiptKeys(
        [ReceiptKey(version, key_name(key), base64.b64encode(key.public_bytes_raw()).decode()) for version, key in keys]
    )


router = Router("/receipt-keys", route_handlers=[index], tags=["Cases"])
