"""Who stands at the door: API keys, passwords and console sessions. Only hashes of them are stored."""

import asyncio
import secrets
from datetime import datetime, timedelta
from functools import cache

import msgspec

from compensation.core.errors import Unauthenticated
from compensation.core.ids import new_id
from compensation.core.vault import check_password, digest, hash_password
from compensation.db.answers import Who
from compensation.db.pool import Pool, Tx
from compensation.db.unit import Doorway
from compensation.merchants import sql
from compensation.merchants.agent import address
from compensation.merchants.merchant import Added, Merchant

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
SESSION = timedelta(hours=12)
"""A working day: an agent logs in once each day."""


class NewKey(msgspec.Struct, frozen=True):
    """An API key to be let in. ``hash`` is ``core.vault.digest`` of it."""

    hash: bytes
    label: str


class NewSession(msgspec.Struct, frozen=True):
    hash: bytes


class Password(msgspec.Struct, frozen=True):
    agent_id: str
    password: str
    """scrypt text of ``core.vault.hash_password``."""


class LoggedIn(msgspec.Struct, frozen=True):
    """``token`` goes into the cookie and is not kept by us."""

    who: Who
    token: str


def random_word(length: int) -> str:
    """An unguessable word; every letter is worth five bits and none is taken for another."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_api_key(merchant: Merchant) -> str:
    """A fresh key such as ``sk_test_<route>…``: 130 random bits after the merchant's route."""
    return f"sk_{merchant.mode}_{merchant.route}{random_word(26)}"


async def add_api_key(tx: Tx, who: Who, what: NewKey, at: datetime) -> Added:
    """From now on whoever holds the key acts as the returned id."""
    key_id = new_id("key")
    await tx.run(sql.ADD_CREDENTIAL, what.hash, "api_key", key_id, what.label, None, at)
    return Added(key_id)


async def key_holder(pool: Pool, key: str, at: datetime) -> Who | None:
    """Who an API key speaks for, or None: unknown, revoked and expired keys look the same."""
    return await _holder(pool, [digest(key)], "api_key", at)


async def session_holder(pool: Pool, token: str, at: datetime) -> Who | None:
    """The agent a console session belongs to, or None."""
    return await _holder(pool, [digest(token)], "session", at)


async def login_holder(door: Doorway, email: str) -> Who | None:
    """The agent who logs in by this address, or None."""
    return await _holder(door.pool, door.vault.fingerprints("login", address(email)), "login", door.clock())


async def log_in(door: Doorway, email: str, password: str) -> LoggedIn:
    """Open a console session. Raises Unauthenticated ``wrong_login``, after one check of a password in any case."""
    who = await login_holder(door, email)
    stored = ""
    if who is not None:
        async with door.read(who.merchant_id) as tx:
            row = await tx.row(sql.LOGIN_CHECK, who.actor)
            stored = "" if row is None else row["password"]
    # scrypt takes a good part of a tenth of a second: in a thread, so that nobody else waits for it.
    right = await asyncio.to_thread(check_password, password, stored or _nobodys_password())
    if who is None or not stored or not right:
        raise Unauthenticated("wrong_login", "The e-mail address or the password is wrong.")
    token = random_word(32)
    await door.write(open_session, who, NewSession(digest(token)))
    return LoggedIn(who, token)


async def open_session(tx: Tx, who: Who, what: NewSession, at: datetime) -> Added:
    session_id = new_id("ses")
    await tx.run(sql.ADD_CREDENTIAL, what.hash, "session", who.actor, session_id, at + SESSION, at)
    return Added(session_id)


async def close_session(tx: Tx, who: Who, what: NewSession, at: datetime) -> Added:
    """Log out. A session that is over already stays so."""
    return Added(await tx.value(sql.REVOKE_CREDENTIAL, what.hash, at) or "")


async def set_password(tx: Tx, who: Who, what: Password, at: datetime) -> Added:
    await tx.run(sql.CHANGE_LOGIN, what.agent_id, what.password)
    return Added(what.agent_id)


async def _holder(pool: Pool, hashes: list[bytes], kind: str, at: datetime) -> Who | None:
    async with pool.acquire() as connection:
        row = await connection.fetchrow(sql.CREDENTIAL, hashes, kind, at)
    return None if row is None else Who(row["merchant_id"], row["subject_id"])


@cache
def _nobodys_password() -> str:
    return hash_password(random_word(32))
