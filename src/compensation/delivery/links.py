"""Gift links, offer links, status links: made again from their id whenever they are needed, stored only as a hash.

A token is the merchant's route (4 characters), so that its tenant is known before anything is looked up, and 130
bits that only our keys can derive from the link's id. Opening a link reads; it never changes anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from compensation.core.errors import NotFound
from compensation.core.ids import new_id, new_ids
from compensation.core.vault import Vault, digest
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery import sql

LinkKind = Literal["offers", "gift", "status"]
PATHS: dict[str, str] = {"offers": "o", "gift": "g", "status": "t"}
VALID = {"offers": timedelta(days=60), "gift": timedelta(days=3660), "status": timedelta(days=730)}
_NOBODY = "mer_00000000000000000000000000"


class Opened(msgspec.Struct, frozen=True):
    """What a link leads to: ``subject_id`` is the case of an offers or status link, the order of a gift link."""

    merchant_id: str
    id: str
    kind: str
    subject_id: str


class Needed(msgspec.Struct, frozen=True):
    """A key that open links were made by. They lie in mailboxes, so they cannot be made anew by another."""

    version: int
    links: int
    until: datetime


async def needed_by_links(tx: Tx, at: datetime) -> list[Needed]:
    """The keys without which a link that is open at ``at`` could not be made again, for a letter or an import."""
    return [Needed(**row) for row in await tx.rows(sql.LINKS_BY_KEY, at)]


async def link(tx: Tx, kind: LinkKind, subject_id: str, at: datetime) -> str:
    """The token of the live link of this kind to this subject; makes the link if there is none."""
    token = await link_of(tx, kind, subject_id)
    if token is not None:
        return token
    link_id, version = new_id("lnk"), tx.vault.current
    token = token_of(tx.vault, str(await tx.value(sql.ROUTE)), link_id, version)
    await tx.run(sql.NEW_LINK, link_id, kind, subject_id, digest(token), version, at + VALID[kind], at)
    return token


async def revoke(tx: Tx, kind: LinkKind, subject_id: str, at: datetime) -> None:
    """The live link of this kind to this subject opens nothing any more; the next ``link`` makes another."""
    await tx.run(sql.REVOKE_LINK, kind, subject_id, at)


async def link_of(tx: Tx, kind: LinkKind, subject_id: str) -> str | None:
    """The token of the live link, or None when there is none. Reads only."""
    row = await tx.row(sql.LIVE_LINK, kind, subject_id)
    if row is None:
        return None
    return token_of(tx.vault, str(await tx.value(sql.ROUTE)), row["id"], row["key_version"])


async def make_links(tx: Tx, kind: LinkKind, subject_ids: Sequence[str], at: datetime) -> None:
    """A link to each of these subjects, none of which has one yet; all by one statement."""
    version, route = tx.vault.current, str(await tx.value(sql.ROUTE))
    ids = new_ids("lnk", len(subject_ids))
    hashes = [digest(token_of(tx.vault, route, link_id, version)) for link_id in ids]
    await tx.run(sql.NEW_LINKS, kind, version, at + VALID[kind], at, ids, list(subject_ids), hashes)


def token_of(vault: Vault, route: str, link_id: str, version: int) -> str:
    """The token of a link, made again from its id: the route of its merchant and what only our keys can derive."""
    return route + vault.token("link", link_id, version)


def address(base_url: str, kind: LinkKind, token: str) -> str:
    """The link as a person sees it, from the configured base address and never from a Host header."""
    return f"{base_url.rstrip('/')}/{PATHS[kind]}/{token}"


async def open_link(door: Doorway, kind: LinkKind, token: str) -> Opened:
    """Where a token leads. Raises NotFound ``link_not_usable``: one answer, after the same work, for every cause."""
    async with door.pool.acquire() as connection:
        merchant_id = await connection.fetchval(sql.BY_ROUTE, token[:4].lower())
    async with door.read(merchant_id or _NOBODY) as tx:
        row = await tx.row(sql.OPEN_LINK, kind, digest(token.lower()), door.clock())
    if row is None:
        raise NotFound("link_not_usable", "This link does not open anything. Ask for a new one.")
    return Opened(merchant_id, row["id"], row["kind"], row["subject_id"])
