"""Signing a receipt and finding what was changed in one: a digest of every part, and Ed25519 over the digests."""

import base64
import hashlib
import itertools
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compensation.core.errors import Problem
from compensation.engine.document import canonical
from compensation.engine.receipt import FORMATS, Books, Inputs, Versions, replay, versions
from compensation.engine.tree import differences

MAX_BYTES = 1_000_000
MOST_NAMED = 20


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A receipt as it is kept and handed out. The signature is over the digests, and they cover the whole receipt."""

    receipt: msgspec.Raw
    digests: dict[str, str]
    """SHA-256 by part: each field of the report and of the other inputs, then the rest by its first level."""
    key: str
    signature: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a verification. Paths look like ``inputs.report.order`` or ``decision.offers[1].value.amount``."""

    signed: bool
    """The digests are those that were signed by this key."""
    replayed: bool
    """The decision made again gives the same bytes."""
    changed: tuple[str, ...]
    """Parts that are not as they were signed, or not as the replay gives them."""
    other_books: tuple[str, ...]
    """Documents given for the replay that are not the ones the decision was made by."""

    @property
    def valid(self) -> bool:
        return self.signed and self.replayed and not self.changed and not self.other_books


def sign(receipt: bytes, key: Ed25519PrivateKey) -> bytes:
    """A receipt, as ``write_receipt`` made it, with its digests and signature, as canonical JSON."""
    digests = _digests_as_written(receipt)
    signature = base64.b64encode(key.sign(canonical(digests))).decode()
    signed = Signed(receipt=msgspec.Raw(receipt), digests=digests, key=key_name(key.public_key()), signature=signature)
    return canonical(signed)


def verify(signed: bytes, books: Books, key: Ed25519PublicKey) -> Verdict:
    """Check the signature, then make the decision again and compare. Needs no network and no database.

    Never raises for what stands in the receipt: whatever is wrong with it is in the verdict.
    """
    if len(signed) > MAX_BYTES:
        return _broken("receipt")
    try:
        envelope = msgspec.json.decode(signed, type=Signed)
        body = bytes(envelope.receipt)
        tree = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _broken("receipt")
    if not isinstance(tree, dict) or tree.get("format") not in FORMATS:
        return _broken("format")
    is_signed = _is_signed(envelope, key)
    found = _digests(tree)
    changed = [path for path in sorted(found | envelope.digests) if found.get(path) != envelope.digests.get(path)]
    if not changed and canonical(envelope) != signed:
        changed.append("receipt")
    try:
        inputs = msgspec.convert(tree.get("inputs"), Inputs, strict=True)
        others = tuple(_other_books(tree.get("versions"), versions(books, inputs.report.country, tree["format"])))
        again = replay(inputs, books, tree["format"])
    except (msgspec.MsgspecError, Problem):
        return Verdict(signed=is_signed, replayed=False, changed=tuple(changed or ["inputs"]), other_books=())
    if not is_signed and not changed:
        changed = ["signature"]
    elif not any(path.startswith("inputs") for path in changed):
        # The inputs are as they were signed, so the replay is the truth, and tells the exact place of every change.
        differs = itertools.islice(differences(tree, msgspec.json.decode(again)), MOST_NAMED)
        changed = [difference.path for difference in differs] or changed
    return Verdict(signed=is_signed, replayed=again == body, changed=tuple(changed), other_books=others)


def key_name(key: Ed25519PublicKey) -> str:
    """The name of a key: the first half of the SHA-256 of its 32 bytes, in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]


def _is_signed(envelope: Signed, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(base64.b64decode(envelope.signature, validate=True), canonical(envelope.digests))
    except (InvalidSignature, ValueError):
        return False
    return envelope.key == key_name(key)


def _digests(tree: dict[str, Any]) -> dict[str, str]:
    """A digest of every part by path. Together the parts are the whole tree."""
    parts: dict[str, Any] = {}
    for name, part in tree.items():
        if name != "inputs" or not isinstance(part, dict):
            parts[name] = part
            continue
        for field, value in part.items():
            if field == "report" and isinstance(value, dict):
                parts |= {f"inputs.report.{member}": inner for member, inner in value.items()}
            else:
                parts[f"inputs.{field}"] = value
    return {path: hashlib.sha256(canonical(part)).hexdigest() for path, part in parts.items()}


def _digests_as_written(receipt: bytes) -> dict[str, str]:
    """The same, of canonical JSON: its parts are canonical JSON as they stand there, so none is read and rewritten."""
    parts = _parts(receipt)
    inputs = _parts(parts.pop("inputs"))
    report = _parts(inputs.pop("report"))
    parts |= {f"inputs.report.{member}": inner for member, inner in report.items()}
    parts |= {f"inputs.{field}": value for field, value in inputs.items()}
    return {path: hashlib.sha256(part).hexdigest() for path, part in parts.items()}


_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _other_books(stated: Any, ours: Versions) -> list[str]:
    """The names of the documents whose hash is not the stated one."""
    given = msgspec.to_builtins(ours)
    if not isinstance(stated, dict):
        return sorted(given)
    return [name for name in sorted(given) if stated.get(name) != given[name]]


def _broken(part: str) -> Verdict:
    return Verdict(signed=False, replayed=False, changed=(part,), other_books=())
