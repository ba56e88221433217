"""What an operator may set, read once from the environment. Every setting has a default but the database."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from compensation.core.errors import Invalid

_PREFIX = "COMPENSATION_"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one process. Times are in seconds."""

    database_url: str
    """PostgreSQL. The application takes the role ``compensation_app`` on it, which must not own the tables."""
    migrate_url: str = ""
    """PostgreSQL as the owner of the schema, for migrations and the audit; ``database_url`` when empty."""
    redis_url: str = ""
    """Valkey or Redis, the doorbell of the worker. Empty means that the worker finds its work by sweeping."""
    base_url: str = "http://127.0.0.1:8000"
    """The address people reach us by; every link is built from it, never from the Host header."""
    trusted_proxies: str = ""
    """The networks of the proxies in front of us, such as ``10.0.0.0/8``: they are believed who called."""
    host: str = "127.0.0.1"
    port: int = 8000
    keys: str = ""
    """Root keys ``version:base64``, comma-separated, the current one first; or ``@path`` of a file that holds them."""
    smtp_url: str = "smtp://127.0.0.1:2525"
    payments_url: str = ""
    """Where the payment simulator that ships with us listens, for test merchants in development."""
    stripe_key: str = ""
    """Stripe's live key, for live merchants. Without one their refunds wait."""
    stripe_test_key: str = ""
    """Stripe's test key, for test merchants, who never touch the live one."""
    supplier_url: str = ""
    """Where the supplier of other brands' cards is asked, for live merchants. Without one they cannot be ordered."""
    supplier_key: str = ""
    """The supplier's key for us."""
    supplier_simulator_url: str = ""
    """Where the supplier simulator that ships with us listens, for test merchants in development."""
    environment: str = "production"
    """``development`` opens /dev/mailbox and accepts http links; anything else is production."""
    data: Path = Path("var")
    """Where development keeps the mailbox, and evidence files lie until an object store is set."""
    evidence_url: str = ""
    """Where evidence files are kept: ``s3://bucket/prefix``, with the AWS_* variables; ``data`` when empty."""
    pool_size: int = 12
    statement_timeout: float = 5.0
    log_level: str = "info"

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @property
    def owner_url(self) -> str:
        return self.migrate_url or self.database_url


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from ``DATABASE_URL``, ``REDIS_URL`` and ``COMPENSATION_*``. Raises Invalid naming what is wrong."""
    found: dict[str, Any] = {
        name.removeprefix(_PREFIX).lower(): value for name, value in environ.items() if name.startswith(_PREFIX)
    }
    found = {name: value for name, value in found.items() if name in Settings.__struct_fields__}
    for name in ("database_url", "redis_url"):
        if name.upper() in environ:
            found.setdefault(name, environ[name.upper()])
    try:
        return msgspec.convert(found, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise Invalid("invalid_settings", f"{error}. Set DATABASE_URL and the {_PREFIX}* variables.") from None


def _path(kind: type, value: Any) -> Any:
    return kind(value)
