"""The receipt of a decision, signed: what it was made from and came to, as anyone can check and make again."""

import zlib

import msgspec

from compensation.cases.weigh import Weighed
from compensation.core.ids import new_id
from compensation.db.pool import Tx
from compensation.engine import seal
from compensation.engine.receipt import write_receipt


class Signed(msgspec.Struct, frozen=True):
    """``document`` is the receipt with its signature, packed; by the vault's key of ``key_version``."""

    id: str
    document: bytes
    key_version: int


def sign(tx: Tx, weighed: Weighed) -> Signed:
    version, key = tx.vault.signer()
    receipt = write_receipt(weighed.decision, weighed.limits, weighed.history, weighed.books)
    # A receipt says much the same in many places: the quickest setting already leaves a sixth of it.
    return Signed(new_id("rcpt"), zlib.compress(seal.sign(receipt, key), level=1), version)


def unpacked(document: bytes) -> bytes:
    """The receipt as it was signed, byte for byte."""
    return zlib.decompress(document)
