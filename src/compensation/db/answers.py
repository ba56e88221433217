"""Idempotency keys: which requests we have answered, whether a repeat is the same request, and what is kept.

A key never forgets. The request itself is not kept, only a keyed hash of each of its fields, which is enough to say
what differs when a key comes back with another body.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import asyncpg
import msgspec

from compensation.core.errors import KINDS, Conflict, InFlight, Invalid, Problem
from compensation.core.vault import Vault
from compensation.db import sql
from compensation.db.pool import Tx, columns

_LARGE = 2000
"""Bytes above which an answer is packed: smaller ones stay in their row as they are."""

C = TypeVar("C")
T = TypeVar("T")


class Who(msgspec.Struct, frozen=True):
    """Who acts: an API key, an agent, a customer behind a link, or the system itself; always within one merchant."""

    merchant_id: str
    actor: str


class Ask(msgspec.Struct, Generic[C]):
    """One request for a money act."""

    who: Who
    what: C
    key: str | None = None
    fields: dict[str, str] = {}
    older: tuple[dict[str, str], ...] = ()
    """The same fields as the keys before the present one would have hashed them: a repeat outlives a rotation."""


class Written(msgspec.Struct):
    """The kept answer: JSON of the act's Struct, and whether it had been given before."""

    answer: bytes
    replayed: bool

    def read(self, kind: type[T]) -> T:
        return msgspec.json.decode(self.answer, type=kind)


class KeptProblem(msgspec.Struct):
    code: str
    detail: str
    extra: dict[str, Any]


Outcome = Written | Problem


class LookFirst(Exception):
    """A key that was not looked up, or that another process wrote since, may have its answer already: look."""


async def known(tx: Tx, name: str, asks: Sequence[Ask[Any]], *, look: bool) -> tuple[dict[int, Any], list[int]]:
    """The outcomes kept for keys we have seen, and the places in ``asks`` that are new. Without ``look`` a key counts
    as new unless its neighbour has it: whether it is, ``record`` will find out."""
    keys = [ask.key for ask in asks if ask.key is not None] if look else []
    kept = {row["key"]: row for row in await tx.rows(sql.KNOWN_KEYS, keys)} if keys else {}
    outcomes: dict[int, Any] = {}
    fresh: list[int] = []
    first: dict[str, Ask[Any]] = {}
    for i, ask in enumerate(asks):
        if ask.key is None:
            fresh.append(i)
        elif ask.key in kept:
            row = kept[ask.key]
            answer = _unpacked(row["answer"])
            outcomes[i] = _differs(ask, row["verb"], row["fields"], name) or _kept(row["outcome"], answer)
        elif ask.key in first:
            outcomes[i] = _differs(ask, name, first[ask.key].fields, name)  # None: repeats its neighbour, see repeat
        else:
            first[ask.key] = ask
            fresh.append(i)
    return outcomes, fresh


def _differs(ask: Ask[Any], verb: str, fields: dict[str, str], name: str) -> Problem | None:
    if verb != name:
        return Conflict("idempotency_key_reused", f"This Idempotency-Key was used for {verb}. Use a new key.")
    # By the key it was kept under most is alike: all of a repeat, and what was not changed of another body.
    differing = min((_differing(fields, own) for own in (ask.fields, *ask.older)), key=len)
    if not differing:
        return None
    return Conflict(
        "idempotency_key_reused",
        f"This Idempotency-Key was used with another body; {', '.join(differing)} differs. Use a new key.",
        differing=differing,
    )


def _differing(kept: dict[str, str], own: dict[str, str]) -> list[str]:
    return sorted(field for field in kept.keys() | own.keys() if kept.get(field) != own.get(field))


def _kept(outcome: str, answer: bytes) -> Outcome:
    if outcome == "done":
        return Written(answer, replayed=True)
    kept = msgspec.json.decode(answer, type=KeptProblem)
    problem = KINDS[outcome](kept.code, kept.detail, **kept.extra)
    problem.replayed = True
    return problem


def _packed(answer: bytes) -> bytes:
    """As it is kept. JSON begins with a bracket and zlib never does, so each is known by its first byte."""
    return zlib.compress(answer, level=1) if len(answer) > _LARGE else answer


def _unpacked(kept: bytes) -> bytes:
    return kept if kept.startswith(b"{") else zlib.decompress(kept)


async def record(
    tx: Tx,
    name: str,
    asks: Sequence[Ask[Any]],
    fresh: list[int],
    outcomes: dict[int, Any],
    at: datetime,
    *,
    looked: bool,
) -> None:
    """Write keys, audit and outbox, and turn each result into the answer that the caller gets and that is kept.

    Raises LookFirst where a key turns out to have its answer already.
    """
    keyed: list[tuple[str, dict[str, str], str, bytes]] = []
    audited: list[tuple[str, str, str]] = []
    unsure: list[str] = []
    for i in fresh:
        ask, result = asks[i], outcomes[i]
        if isinstance(result, Problem):
            outcome, subject = result.kind, ""
            answer = msgspec.json.encode(KeptProblem(result.code, result.detail, result.extra))
            kept = not result.transient
        else:
            outcome, subject, answer, kept = "done", result.id, msgspec.json.encode(result), True
            outcomes[i] = Written(answer, replayed=False)
        if ask.key is not None and kept:
            keyed.append((ask.key, ask.fields, outcome, _packed(answer)))
        elif ask.key is not None and not looked:
            unsure.append(ask.key)
        audited.append((ask.who.actor, subject, outcome))
    if unsure and await tx.rows(sql.KNOWN_KEYS, unsure):
        raise LookFirst
    told = [(told.id, told.topic, told.subject_id, told.due_at) for told in tx.told]
    if keyed:
        await tx.write(sql.ANSWERS, name, at, *columns(keyed, 4))
    await tx.write(sql.AUDIT, name, at, *columns(audited, 3))
    if told:
        await tx.write(sql.OUTBOX, at, *columns(told, 4))
    try:
        await tx.flush()
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "idempotency_keys_pkey":
            raise LookFirst from error
        raise
    except asyncpg.LockNotAvailableError as error:
        # Locked is either the key, by the same request in another process, or something else that was written with it.
        if "idempotency_keys" in (error.context or ""):
            raise InFlight(
                "request_in_flight", "The same request is being worked on. Send it again in a second.", retry_after=1
            ) from error
        raise


def repeat(asks: Sequence[Ask[Any]], outcomes: dict[int, Any]) -> list[Outcome]:
    """Give the second of two equal keys in one batch the answer of the first."""
    answers: dict[str, Outcome] = {}
    for i, ask in enumerate(asks):
        if ask.key is not None and outcomes.get(i) is None:
            first = answers[ask.key]
            outcomes[i] = Written(first.answer, replayed=True) if isinstance(first, Written) else first
        elif ask.key is not None:
            answers.setdefault(ask.key, outcomes[i])
    return [outcomes[i] for i in range(len(asks))]


def ask_for(vault: Vault, who: Who, what: C, key: str | None) -> Ask[C]:
    """Put a request together with its key. Raises Invalid for a key that cannot be kept."""
    if key is None:
        return Ask(who, what)
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid("invalid_idempotency_key", "An Idempotency-Key has 1 to 255 printable characters.")
    body = msgspec.to_builtins(what)
    parts = body if isinstance(body, dict) else {"body": body}
    texts = {name: msgspec.json.encode(part, order="sorted").decode() for name, part in parts.items()}
    fields, *older = (
        {name: vault.fingerprint("idempotency", text, version).hex()[:24] for name, text in texts.items()}
        for version in vault.versions
    )
    return Ask(who, what, key, fields, tuple(older))
