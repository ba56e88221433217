"""Policies: write a version, check it, read it and what changed in words, and say where it stands."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody, Parameter

from compensation.catalog.draft import Checked, NewDraft, Toml, check, draft
from compensation.catalog.public import public_route
from compensation.catalog.publish import Move, Signed, publish, retire, roll_back, shadow, unshadow
from compensation.catalog.reading import Readers, Reading, acknowledge, readers
from compensation.catalog.version import (
    MOST,
    PolicyText,
    PolicyVersion,
    policy_text,
    policy_versions,
    version_before,
)
from compensation.core.errors import NotFound
from compensation.core.states import PolicyState
from compensation.db.pool import Tx
from compensation.engine.policy_document import PolicyDocument
from compensation.engine.revision import changes
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key
from compensation.web.console.labels import Labels
from compensation.web.policy_words import PolicyWords
from compensation.web.public_link import PublicLinks, public_links


class PolicyPage(msgspec.Struct, frozen=True):
    """``next`` is the cursor of the page after this one; null on the last."""

    items: list[PolicyVersion]
    next: str | None


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Toml


class Change(msgspec.Struct, frozen=True):
    """``path`` leads to a value by names, such as ``form.store_credit_bonus.bonus.percent``; null is not set."""

    path: str
    was: Any
    now: Any


class Diff(msgspec.Struct, frozen=True):
    """``older`` and ``newer`` are versions by name; ``words`` tells every change in a sentence."""

    older: str
    newer: str
    changes: list[Change]
    words: list[str]


@post("/", summary="Write a version", status_code=201, opt={"example": {"text": 'code = "default"\n…', "note": "Why"}})
async def create(data: JSONBody[NewDraft], door: Door, who: Caller, key: Key) -> Response[PolicyVersion]:
    """Keeps the document (TOML) as a draft, numbered after the last version of its `code`. Every amendment is one.

    A text that is wrong is refused with its `line` and `reason`. GET a version's `text` to begin from it.
    """
    return answered(await door.write(draft, who, data, key), 201, PolicyVersion)


@post("/validate", summary="Check a text", status_code=200)
async def validate(data: JSONBody[Text]) -> Checked:
    """What writing it would say; nothing is kept."""
    return check(data.text)


@get("/", summary="Your policies, the newest version first")
async def index(
    door: Door,
    who: Caller,
    code: Annotated[str | None, Parameter(max_length=64, description="Only versions of this policy.")] = None,
    status: Annotated[PolicyState | None, Parameter(description="Only those that stand so.")] = None,
    cursor: Annotated[str | None, Parameter(max_length=64)] = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST)] = 50,
) -> PolicyPage:
    """Without a published one that fits, a case is decided by the policy that ships."""
    async with door.read(who.merchant_id) as tx:
        found = await policy_versions(tx, code, status, cursor, limit + 1)
    return PolicyPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


@get("/{policy_id:str}", summary="One version with its text")
async def read(policy_id: FromPath[str], door: Door, who: Caller) -> PolicyText:
    async with door.read(who.merchant_id) as tx:
        return await policy_text(tx, policy_id)


@get("/{policy_id:str}/diff", summary="What changed, in words")
async def diff(
    policy_id: FromPath[str],
    request: Request[Any, Any, Any],
    door: Door,
    who: Caller,
    against: Annotated[
        str | None, Parameter(max_length=64, description="The id of the older version; else the one before it.")
    ] = None,
    locale: Annotated[Literal["en", "ar", "bg"], Parameter(description="The language of the words.")] = "en",
) -> Diff:
    async with door.read(who.merchant_id) as tx:
        newer = await policy_text(tx, policy_id)
        older, name = await _older(tx, newer, against)
    writer = request.app.state.post.writer
    document = newer.policy.document
    words = PolicyWords(Labels(writer.words.in_(locale), writer.reasons), older, document)
    told = [Change(one.path, one.was, one.now) for one in changes(older, document)]
    return Diff(name, newer.name, told, words.changes(older, document))


@post("/{policy_id:str}/acknowledge", summary="Say that it was read", status_code=200)
async def acknowledge_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[Reading]:
    """By a member of staff, named in `agent`, of a version that is published. Said again, the first time stands."""
    return answered(await door.write(acknowledge, who, _move(policy_id, data), key), 200, Reading)


@get("/{policy_id:str}/readers", summary="Who has read it, and who has not")
async def read_by(policy_id: FromPath[str], door: Door, who: Caller) -> Readers:
    """Everybody who works for you now; whoever has not read it stands first, with `at` null."""
    async with door.read(who.merchant_id) as tx:
        return await readers(tx, policy_id)


@get("/{policy_id:str}/public", summary="Where everybody reads it")
async def public(policy_id: FromPath[str], request: Request[Any, Any, Any], door: Door, who: Caller) -> PublicLinks:
    """The public page of a version that was published and has a `[public]` part, and HTML for your own pages."""
    async with door.read(who.merchant_id) as tx:
        found = await policy_text(tx, policy_id)
        route = await public_route(tx, found)
    state = request.app.state
    return public_links(state.post.writer.words, state.settings, route, found.policy.document)


async def _older(tx: Tx, newer: PolicyText, against: str | None) -> tuple[PolicyDocument, str]:
    older = await (version_before(tx, newer) if against is None else policy_text(tx, against))
    if older is None:
        raise NotFound("no_version_before", "This is the first version; name another with against.")
    return older.policy.document, older.name


@post("/{policy_id:str}/shadow", summary="Let it decide in the shadow", status_code=200)
async def shadow_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[PolicyVersion]:
    """It decides beside the published policy and its differences are recorded; nothing is offered by it."""
    return answered(await door.write(shadow, who, _move(policy_id, data), key), 200, PolicyVersion)


@post("/{policy_id:str}/unshadow", summary="Make it a draft again", status_code=200)
async def unshadow_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[PolicyVersion]:
    """What was recorded in the shadow stays."""
    return answered(await door.write(unshadow, who, _move(policy_id, data), key), 200, PolicyVersion)


@post("/{policy_id:str}/publish", summary="Publish it", status_code=200)
async def publish_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[PolicyVersion]:
    """By a second person: name him in `agent`. It decides new cases from its first day on; decided ones keep theirs."""
    return answered(await door.write(publish, who, _move(policy_id, data), key), 200, PolicyVersion)


@post("/{policy_id:str}/retire", summary="Take it out of use", status_code=200)
async def retire_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[PolicyVersion]:
    """What is published takes a person, named in `agent`."""
    return answered(await door.write(retire, who, _move(policy_id, data), key), 200, PolicyVersion)


@post("/{policy_id:str}/roll-back", summary="Go back to this version", status_code=200)
async def roll_back_policy(
    policy_id: FromPath[str], data: JSONBody[Signed], door: Door, who: Caller, key: Key
) -> Response[PolicyVersion]:
    """Publishes its text anew, as the newest version, from today. By a person who did not write it."""
    return answered(await door.write(roll_back, who, _move(policy_id, data), key), 200, PolicyVersion)


def _move(policy_id: str, data: Signed) -> Move:
    return Move(policy_id=policy_id, agent=data.agent)


router = Router(
    "/policies",
    route_handlers=[
        create, validate, index, read, diff, public, acknowledge_policy, read_by, shadow_policy, unshadow_policy,
        publish_policy, retire_policy, roll_back_policy,
    ],
    tags=["Policies"],
)  # fmt: skip
