"""Checking a receipt away from the database: was it signed by us, and does the decision come out the same again?"""

import base64
import binascii
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compensation.catalog.library import library
from compensation.core.errors import Invalid
from compensation.engine.receipt import Books, Versions
from compensation.engine.seal import MAX_BYTES, Verdict, key_name, verify


class _On(msgspec.Struct):
    on: date


class _Receipt(msgspec.Struct):
    versions: Versions
    inputs: _On


class _Envelope(msgspec.Struct):
    """As much of a receipt as tells which documents and which key it asks for."""

    receipt: _Receipt
    key: str


def main(file: Path, keys: Sequence[Ed25519PublicKey], policy: Path | None = None) -> int:
    """The command. Prints what holds and what does not; exit status 1 when the receipt is not as it was signed.

    ``policy`` is the text of a merchant's own policy.
    """
    with file.open("rb") as opened:
        signed = opened.read(MAX_BYTES + 1)
    verdict = judge(signed, keys, policy)
    print("its digests are signed by this key" if verdict.signed else "its digests are NOT signed by this key")
    print("decided again to the same bytes" if verdict.replayed else "NOT the same when decided again")
    for path in verdict.changed:
        print(f"changed: {path}")
    for name in verdict.other_books:
        print(f"another version here: {name}")
    return 0 if verdict.valid else 1


def judge(signed: bytes, keys: Sequence[Ed25519PublicKey], policy: Path | None = None) -> Verdict:
    """Verify with the key and by the documents that the receipt names. Raises Invalid when it is no receipt.

    A policy that does not ship is given as the file that GET /v1/policies/{id} had as its text.
    """
    try:
        envelope = msgspec.json.decode(signed, type=_Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Invalid("not_a_receipt", "This is not a receipt. Save the answer of …/receipt as it comes.") from None
    named = [key for key in keys if key_name(key) == envelope.key]
    return verify(signed, _books(envelope.receipt, policy), (named or list(keys))[0])


def public_key(text: str) -> Ed25519PublicKey:
    """A public key as GET /v1/receipt-keys gives it: base64 of 32 bytes. Raises Invalid."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise Invalid("invalid_key", "A public key is base64 of 32 bytes, as GET /v1/receipt-keys gives it.") from None


def _books(receipt: _Receipt, policy: Path | None) -> Books:
    shelf = library()
    own = shelf.policy(policy.read_bytes(), policy.name) if policy else None
    return shelf.books_named(receipt.versions, receipt.inputs.on, own)
