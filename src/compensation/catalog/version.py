"""A merchant's own policies as they are kept: each version with where it stands, and the ones that decide, compiled."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from compensation.catalog import sql
from compensation.catalog.library import library
from compensation.core.errors import NotFound
from compensation.core.states import PolicyState
from compensation.db.pool import Tx
from compensation.engine.policy import Policy

MOST = 200
_KEPT = 256
_compiled: OrderedDict[str, Policy] = OrderedDict()
"""Policies by their hash, the last used last. A text never changes, so neither does what it compiles to."""


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one policy. ``name`` is how receipts call it, ``hash`` what they prove it by."""

    id: str
    code: str
    version: int
    family: str
    """The code that a program names to be decided by it."""
    state: PolicyState
    hash: str
    valid_from: date
    valid_until: date | None
    note: str
    anew_of: str | None
    """The older version that this one publishes anew."""
    written_by: str
    written_at: datetime
    published_by: str | None
    published_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None

    @property
    def name(self) -> str:
        return f"{self.code}/{self.version}"


class PolicyText(PolicyVersion, frozen=True, kw_only=True):
    """A version with its document, TOML, exactly as it decides."""

    text: str

    @property
    def policy(self) -> Policy:
        """Compiled. Raises Invalid ``bad_document`` where the catalogue no longer has what the text names."""
        return _ready(self.hash, self.text, self.name)


def read_version(row: Any) -> PolicyVersion:
    return PolicyVersion(**dict(row) | {"state": PolicyState(row["state"])})


def read_text(row: Any) -> PolicyText:
    return PolicyText(**dict(row) | {"state": PolicyState(row["state"])})


async def policy_version(tx: Tx, policy_id: str) -> PolicyVersion:
    """Raises NotFound ``unknown_policy_version``."""
    row = await tx.row(sql.VERSION, policy_id)
    if row is None:
        raise unknown()
    return read_version(row)


async def policy_text(tx: Tx, policy_id: str) -> PolicyText:
    """Raises NotFound ``unknown_policy_version``."""
    row = await tx.row(sql.WITH_TEXT, policy_id)
    if row is None:
        raise unknown()
    return read_text(row)


async def policy_versions(
    tx: Tx,
    code: str | None = None,
    state: PolicyState | None = None,
    cursor: str | None = None,
    limit: int = MOST,
) -> list[PolicyVersion]:
    """The newest first. ``cursor`` is the id after which to go on."""
    return [read_version(row) for row in await tx.rows(sql.VERSIONS, code, state, cursor, limit)]


async def version_before(tx: Tx, version: PolicyVersion) -> PolicyText | None:
    """The version of the same policy that was written before it."""
    row = await tx.row(sql.BEFORE, version.code, version.version)
    return None if row is None else read_text(row)


async def standing(tx: Tx, state: PolicyState) -> dict[str, Policy]:
    """Every policy in this state by its id, compiled."""
    rows = await tx.rows(sql.STANDING, state)
    ready = {policy.hash: policy for policy in await compiled(tx, [row["hash"] for row in rows])}
    return {row["id"]: ready[row["hash"]] for row in rows}


async def compiled(tx: Tx, hashes: Sequence[str]) -> list[Policy]:
    """The policies of these hashes, read and compiled once a process. One nobody has is left out."""
    missing = [one for one in hashes if one not in _compiled]
    if missing:
        for row in await tx.rows(sql.TEXTS, missing):
            _ready(row["hash"], row["text"], "policy")
    for one in hashes:
        if one in _compiled:
            _compiled.move_to_end(one)
    return [_compiled[one] for one in hashes if one in _compiled]


def unknown() -> NotFound:
    return NotFound("unknown_policy_version", "There is no such policy; GET /v1/policies lists yours.")


def _ready(hashed: str, text: str, name: str) -> Policy:
    if hashed not in _compiled:
        _compiled[hashed] = library().policy(text, name)
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return _compiled[hashed]
