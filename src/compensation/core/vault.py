"""Secrets: sealing what must be read again, fingerprinting what must only be recognised, signing, deriving tokens.

Everything comes from versioned root keys by HKDF-SHA256 (RFC 5869), with a purpose in the ``info``, so one rotated
secret rotates all. Sealing is AES-256-GCM with a 96-bit random nonce under a key of its own per merchant, which keeps
each key far below the 2^32 messages of NIST SP 800-38D; what the text is about is bound in as associated data, so a
sealed value moved to another row does not open. Old versions still open and are still recognised.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from compensation.core.errors import Invalid

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS = bytes(_ALPHABET[byte & 31] for byte in range(256))
_NONCE = 12


class Unreadable(Exception):
    """A sealed value that does not open: tampered with, moved, or sealed by a key we no longer have."""


class Vault:
    """The keys of this process. ``roots`` maps a version (1–255) to 32 secret bytes; the first is current."""

    def __init__(self, roots: dict[int, bytes]) -> None:
        if not roots or any(len(root) != 32 or not 0 < version < 256 for version, root in roots.items()):
            raise Invalid("invalid_keys", "COMPENSATION_KEYS needs one key or more, like 1:<base64 of 32 bytes>.")
        self._roots = dict(roots)
        self.current = next(iter(roots))
        self.versions = tuple(roots)
        self._key = lru_cache(maxsize=4096)(self._derive)
        self._signer = lru_cache(maxsize=256)(self._derive_signer)
        self._cipher = lru_cache(maxsize=4096)(self._derive_cipher)
        # Keyed already, to be copied: making one anew costs twice what it then hashes.
        self._mac = lru_cache(maxsize=256)(self._derive_mac)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``version:base64,…`` or ``@path`` of a file that holds it. Raises Invalid."""
        if text.startswith("@"):
            try:
                text = Path(text[1:]).read_text(encoding="ascii")
            except OSError as error:
                raise Invalid("invalid_keys", f"The key file cannot be read: {error.strerror}.") from None
        roots: dict[int, bytes] = {}
        for part in text.replace("\n", ",").split(","):
            version, _, secret = part.strip().partition(":")
            if not version:
                continue
            try:
                roots[int(version)] = base64.b64decode(secret, validate=True)
            except (ValueError, binascii.Error):
                raise Invalid("invalid_keys", "Each key is written version:base64, for example 1:… .") from None
        return cls(roots)

    @staticmethod
    def new_root() -> str:
        """Base64 of a fresh root key, for a key file."""
        return base64.b64encode(secrets.token_bytes(32)).decode()

    # -- what must be read again -------------------------------------------------------------------------------
    def seal(self, merchant_id: str, about: str, plain: bytes) -> bytes:
        """Encrypt for ``merchant_id``; ``about`` (an id, say) must be given again to open it."""
        nonce = secrets.token_bytes(_NONCE)
        cipher = self._cipher(self.current, merchant_id)
        return bytes([self.current]) + nonce + cipher.encrypt(nonce, plain, _bind(merchant_id, about))

    def open(self, merchant_id: str, about: str, sealed: bytes) -> bytes:
        """The inverse of ``seal``. Raises Unreadable."""
        if len(sealed) <= _NONCE or sealed[0] not in self._roots:
            raise Unreadable(about)
        cipher = self._cipher(sealed[0], merchant_id)
        try:
            return cipher.decrypt(sealed[1 : _NONCE + 1], sealed[_NONCE + 1 :], _bind(merchant_id, about))
        except InvalidTag:
            raise Unreadable(about) from None

    def reseal(self, merchant_id: str, about: str, sealed: bytes) -> bytes:
        """The same under the present key. Raises Unreadable."""
        return self.seal(merchant_id, about, self.open(merchant_id, about, sealed))

    # -- what must only be recognised --------------------------------------------------------------------------
    def fingerprint(self, purpose: str, text: str, version: int | None = None) -> bytes:
        """A keyed hash (HMAC-SHA-256, 32 bytes): equal texts are found, but a stolen table tells nothing."""
        mac = self._mac(version or self.current, f"hash:{purpose}").copy()
        mac.update(text.encode())
        return mac.finalize()

    def fingerprints(self, purpose: str, text: str) -> list[bytes]:
        """The fingerprint under every version we hold, current first: look-ups must find what older keys wrote."""
        return [self.fingerprint(purpose, text, version) for version in self._roots]

    # -- tokens and signatures ---------------------------------------------------------------------------------
    def token(self, purpose: str, subject: str, version: int | None = None) -> str:
        """An unguessable word of 26 characters (130 bits) that we can make again but nobody else can."""
        digest = hmac.digest(self._key(version or self.current, f"token:{purpose}"), subject.encode(), "sha256")
        return digest[:26].translate(_LETTERS).decode()

    def signer(self, version: int | None = None) -> tuple[int, Ed25519PrivateKey]:
        """The Ed25519 key (RFC 8032) that signs decision receipts, and its version."""
        chosen = version or self.current
        return chosen, self._signer(chosen)

    def verifier(self, version: int) -> Ed25519PublicKey:
        return self.signer(version)[1].public_key()

    def _derive_signer(self, version: int) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._key(version, "sign:receipt"))

    def _derive_cipher(self, version: int, merchant_id: str) -> AESGCM:
        return AESGCM(self._key(version, f"seal:{merchant_id}"))

    def _derive_mac(self, version: int, purpose: str) -> HMAC:
        return HMAC(self._key(version, purpose), SHA256())

    def _derive(self, version: int, purpose: str) -> bytes:
        hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"compensation/{purpose}".encode())
        return hkdf.derive(self._roots[version])


def digest(text: str) -> bytes:
    """SHA-256 of a high-entropy secret (token, API key): nothing to guess, so no key is needed to store it."""
    return hashlib.sha256(text.encode()).digest()


def hash_password(password: str) -> str:
    """scrypt (RFC 7914) with N=2^14, r=8, p=1 and a fresh salt, as text that carries its parameters."""
    salt = secrets.token_bytes(16)
    return f"scrypt$14$8$1${salt.hex()}${_scrypt(password, salt).hex()}"


def check_password(password: str, stored: str) -> bool:
    """Whether this is the password; takes the same time for a wrong one."""
    _, _, _, _, salt, expected = stored.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _bind(merchant_id: str, about: str) -> bytes:
    return f"{merchant_id}\x00{about}".encode()
