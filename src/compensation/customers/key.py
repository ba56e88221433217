"""A customer's own key. All that is personal is sealed under it, so destroying it is forgetting him.

The key is 32 random bytes, itself sealed by the vault, in the row of ``persons``. What is sealed under it is
AES-256-GCM with a 96-bit random nonce, bound to the customer and to what it is about, so that it opens in its own
place only.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from compensation.core.vault import Unreadable
from compensation.db.pool import Tx

_NONCE = 12


class CustomerKey:
    """Seals and opens what is about one customer. Held for the length of a transaction, never stored as it is."""

    __slots__ = ("_cipher", "customer_id")

    def __init__(self, customer_id: str, key: bytes) -> None:
        self.customer_id = customer_id
        self._cipher = AESGCM(key)

    def seal(self, about: str, plain: bytes) -> bytes:
        """``about`` names the place, such as the id of the case, and must be given again to open it."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, self._bind(about))

    def open(self, about: str, sealed: bytes) -> bytes:
        """The inverse of ``seal``. Raises Unreadable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bind(about))
        except (InvalidTag, ValueError):
            raise Unreadable(about) from None

    def _bind(self, about: str) -> bytes:
        return f"{self.customer_id}\x00{about}".encode()


def new_key(tx: Tx, customer_id: str) -> tuple[CustomerKey, bytes]:
    """A fresh key, and the same sealed for its row."""
    key = secrets.token_bytes(32)
    return CustomerKey(customer_id, key), tx.vault.seal(tx.merchant_id, f"key:{customer_id}", key)


def open_key(tx: Tx, customer_id: str, sealed: bytes) -> CustomerKey:
    """The key from its row. Raises Unreadable."""
    return CustomerKey(customer_id, tx.vault.open(tx.merchant_id, f"key:{customer_id}", sealed))
