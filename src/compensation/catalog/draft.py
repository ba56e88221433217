"""Writing a policy: its text checked, numbered and kept as a draft. Every amendment is a new version."""

import datetime as dt
import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.catalog import sql
from compensation.catalog.library import library
from compensation.catalog.public import Wanting, wanting
from compensation.catalog.version import PolicyVersion, policy_version
from compensation.core.errors import Problem
from compensation.core.ids import new_id
from compensation.core.states import PolicyState
from compensation.core.text import clean
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.document import refusal
from compensation.engine.policy import Policy
from compensation.merchants.acting import Named, acting, editor

NAME = "policy.toml"
"""What a text is called in a refusal: it came without a file name."""
_HEAD = re.compile(r"^[ \t]*(version|status|valid_from)[ \t]*=.*\n?", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)

Toml = Annotated[str, Meta(min_length=1, max_length=200_000)]


class NewDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` is the whole document, TOML. Its ``version`` is given here, whatever it says; ``status`` is not its own.

    ``note`` says why, for those who read it later.
    """

    text: Toml
    note: Annotated[str, Meta(max_length=2000)] = ""
    agent: Named = None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a text could be a policy; if not, where and why."""

    valid: bool
    line: int | None = None
    reason: str | None = None
    wanting: Wanting = ()
    """What its public page would lack; it may be published all the same."""


async def draft(tx: Tx, who: Who, what: NewDraft, at: datetime) -> PolicyVersion:
    """Keep a new version as a draft. Raises Invalid ``bad_document``; Forbidden as ``editor`` and ``acting`` do."""
    actor = acting(who, what.agent)
    await editor(tx, actor)
    said = library().policy(what.text, NAME)
    return await add(tx, what.text, said, actor, at, note=clean(what.note).strip())


def check(text: str) -> Checked:
    """What ``draft`` would say of a text; nothing is kept."""
    try:
        said = library().policy(text, NAME)
    except Problem as problem:
        return Checked(valid=False, line=problem.extra.get("line"), reason=problem.extra.get("reason", problem.detail))
    return Checked(valid=True, wanting=wanting(said.document))


async def add(
    tx: Tx,
    text: str,
    said: Policy,
    written_by: str,
    at: datetime,
    *,
    note: str = "",
    valid_from: dt.date | None = None,
    anew_of: str | None = None,
    published_by: str | None = None,
) -> PolicyVersion:
    """Number a text that was checked and keep it: as a draft, or as published at once by ``published_by``."""
    code = said.document.code
    await tx.value(sql.NUMBERING, code)
    version = 1 + max(await tx.value(sql.LAST, code), library().version(code))
    stamped = numbered(text, version, valid_from or said.document.valid_from)
    policy = library().policy(stamped, NAME)
    begins = valid_from or said.document.valid_from
    wanted = msgspec.structs.replace(said.document, version=version, valid_from=begins, status=PolicyState.published)
    if policy.document != wanted:
        raise refusal(
            text, NAME, "$.version", "Write version, status and valid_from each on a line of its own, at the top."
        )
    policy_id, document = new_id("pol"), policy.document
    state = PolicyState.draft if published_by is None else PolicyState.published
    await tx.run(
        sql.ADD, policy_id, code, version, document.family, state, stamped, policy.hash, document.valid_from,
        document.valid_until, note, anew_of, written_by, at, published_by, at if published_by else None,
    )  # fmt: skip
    return await policy_version(tx, policy_id)


def numbered(text: str, version: int, valid_from: dt.date) -> str:
    """The text with these two written at its top, and without a status: where it stands is kept beside it."""
    table = _TABLE.search(text)
    end = table.start() if table else len(text)
    head, rest = text[:end], text[end:]
    return f"version = {version}\nvalid_from = {valid_from.isoformat()}\n{_HEAD.sub('', head)}{rest}"
