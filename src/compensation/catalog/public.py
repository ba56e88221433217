"""The policies that everybody may read: every version ever published that has public terms, and the one in force."""

from datetime import date

import msgspec
from msgspec import UNSET

from compensation.catalog import sql
from compensation.catalog.library import library
from compensation.catalog.version import PolicyText, read_text
from compensation.core.errors import Invalid, NotFound, Refused
from compensation.core.states import PolicyState
from compensation.db.pool import Tx
from compensation.engine.policy import Policy
from compensation.engine.policy_document import PolicyDocument
from compensation.engine.public_terms import PublicTerms

PATH = "/p"
"""Where the public pages are; beneath it the merchant's route, and a policy by name."""
Wanting = tuple[str, ...]
"""What a public page lacks, by the name of the field: ``public``, or ``limits``, ``disputes``, ``returns``."""


class Shown(msgspec.Struct, frozen=True):
    """A policy as it is shown to everybody, and whether it decides new cases today."""

    policy: Policy
    terms: PublicTerms
    in_force: bool


async def shown(tx: Tx, code: str, version: int, on: date) -> Shown:
    """One version, the merchant's own before the one that ships. Raises NotFound ``unknown_policy_version``."""
    row = await tx.row(sql.EVER_PUBLISHED, code, version)
    policy = read_text(row).policy if row is not None else library().shipped(code, version)
    if policy is None or policy.document.public is UNSET:
        raise _nothing()
    newest = await _deciding(tx, code, on)
    retired = row is not None and row["state"] != PolicyState.published
    in_force = not retired and newest is not None and newest.name == policy.name
    return Shown(policy, policy.document.public, in_force)


async def in_force(tx: Tx, code: str, on: date) -> Shown:
    """The version of this code that decides today. Raises NotFound ``unknown_policy_version``."""
    policy = await _deciding(tx, code, on)
    if policy is None or policy.document.public is UNSET:
        raise _nothing()
    return Shown(policy, policy.document.public, True)


async def public_path(tx: Tx, name: str, on: date) -> str:
    """Where ``code/version`` is read by everybody, or what decides by ``code`` today; empty where nothing is."""
    code, _, version = name.partition("/")
    try:
        found = await (shown(tx, code, int(version), on) if version else in_force(tx, code, on))
    except NotFound:
        return ""
    return address(str(await tx.value(sql.ROUTE)), found.policy.name)


def address(route: str, name: str) -> str:
    """The path of a version, beneath the base address."""
    return f"{PATH}/{route}/{name}"


async def public_route(tx: Tx, policy: PolicyText) -> str:
    """The merchant's route, for the links of a version that everybody may read.

    Raises Refused ``not_public`` where it was never published, or has no public terms.
    """
    if policy.published_at is None or policy.policy.document.public is UNSET:
        raise Refused("not_public", "Only what was published and has a [public] part is read by everybody.")
    return str(await tx.value(sql.ROUTE))


def wanting(document: PolicyDocument) -> Wanting:
    """What its public page lacks. None of it keeps a policy from deciding; it is said before one is published."""
    terms = document.public
    if terms is UNSET:
        return ("public",)
    return tuple(name for name in ("limits", "disputes", "returns") if getattr(terms, name) is UNSET)


async def _deciding(tx: Tx, code: str, on: date) -> Policy | None:
    row = await tx.row(sql.IN_FORCE, code, on)
    if row is not None:
        return read_text(row).policy
    try:
        return library().books(code, on).policy
    except Invalid:
        return None


def _nothing() -> NotFound:
    return NotFound("unknown_policy_version", "There is no such policy to be read.")
