"""Clearing away files that nobody speaks of: uploads that were never written down, and those of erased customers."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg

from compensation.cases.evidence import sql
from compensation.cases.evidence.files import SMALL, Files, evidence_id_of, file_name, folder
from compensation.cases.evidence.piece import PICTURES
from compensation.db.unit import Doorway

GRACE = timedelta(hours=24)
"""An upload is written down within a minute or never; until then its file is left alone."""


async def sweep_files(door: Doorway, files: Files, merchant_id: str, at: datetime) -> int:
    """Remove the files of this merchant that belong to no evidence, and say how many there were.

    A file's name is used by one upload only, so a row that is missing GRACE after the file was written never comes.
    """
    removed = 0
    async for portion in files.names(folder(merchant_id)):
        old = {found.name: evidence_id_of(found.name) for found in portion if found.at < at - GRACE}
        async with door.read(merchant_id) as tx:
            wanted = {row["id"] for row in await tx.rows(sql.WANTED, sorted(set(old.values())))}
        nobodys = [name for name, evidence_id in old.items() if evidence_id not in wanted]
        if nobodys:
            await files.delete(nobodys)
            removed += len(nobodys)
    return removed


async def missing(connection: asyncpg.Connection, files: Files) -> AsyncIterator[str]:
    """The names of files that evidence speaks of and the store does not have, as the owner who sees every merchant."""
    wanted: dict[str, set[str]] = {}
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(sql.ALL):
            name = file_name(row["merchant_id"], row["customer_id"], row["content_hash"], row["id"])
            names = {name, name + SMALL} if row["media_type"] in PICTURES else {name}
            wanted.setdefault(row["merchant_id"], set()).update(names)
    for merchant_id, names in wanted.items():
        async for portion in files.names(folder(merchant_id)):
            names.difference_update(found.name for found in portion)
        for name in sorted(names):
            yield name
