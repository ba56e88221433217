"""The policies in the console: all versions, one of them in words with what changed, and a new one written."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from compensation.cases.trials.shadow import ShadowSums, shadow_sums
from compensation.cases.trials.simulation import Simulation, simulations
from compensation.catalog.draft import NewDraft, draft
from compensation.catalog.library import SHIPPED, library, shipped_text
from compensation.catalog.public import public_route, wanting
from compensation.catalog.reading import Reading, readers
from compensation.catalog.version import PolicyText, PolicyVersion, policy_text, policy_versions, version_before
from compensation.core.errors import Forbidden, Invalid, Refused
from compensation.core.states import PolicyState, may_move
from compensation.core.text import day, isolate, ltr
from compensation.db.pool import Tx
from compensation.delivery.letter import Badge
from compensation.delivery.words import Say, word
from compensation.engine.policy_document import PolicyDocument
from compensation.merchants.agent import Agent, agents
from compensation.web.asked import Door
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.policy_words import Part, PolicyWords
from compensation.web.public_link import PublicLinks, public_links
from compensation.web.request import StrictRequest
from compensation.web.written import too_long, written

HERE = "/console/policies"
_LONGEST = 200_000

STATES: dict[str, Badge] = {
    PolicyState.draft: Badge("", word("Draft")),
    PolicyState.shadow: Badge("moving", word("In the shadow")),
    PolicyState.published: Badge("good", word("Published")),
    PolicyState.retired: Badge("", word("Retired")),
}
WANTING = {
    "public": word("It has no public page: nobody can read beforehand how you decide."),
    "limits": word("Its public page does not say what you cannot do."),
    "disputes": word("Its public page does not say what happens when somebody does not agree."),
    "returns": word("Its public page does not say how goods come back."),
}
"""What a public page lacks, said before a policy is published."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One version in the list; marked texts are for ``|marked``."""

    id: str
    name: str
    badge: Badge
    days: str
    author: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One version as one agent sees it."""

    found: PolicyText
    line: Line
    publisher: str
    parts: list[Part]
    older: str
    changes: list[str]
    may: frozenset[str]
    """What this agent may do with it now: shadow, unshadow, publish, retire, roll-back, simulate."""
    simulations: list[Simulation]
    shadow: list[ShadowSums]
    readers: list[Reading]
    """Everybody who works here, for those who write policies; empty for a version that is not published."""
    to_read: bool
    """Whether this agent has yet to say that he has read it."""
    public: PublicLinks | None
    """Where everybody reads it, once it is published."""
    wanting: list[str]


@get("/policies")
async def policies(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """Every version, the newest first, and the policy that ships."""
    async with door.read(desk.who.merchant_id) as tx:
        found = await policy_versions(tx)
        people = await agents(tx, [one.written_by for one in found])
    say = words(request, desk.locale)
    labels = Labels(say, request.app.state.post.writer.reasons)
    lines = [_line(labels, one, people) for one in found]
    return view(request, desk, "policies.html", lines=lines, writes=desk.agent.may_approve, room="policies")


@get("/policies/shipped")
async def shipped(request: StrictRequest, desk: AtDesk, door: Door) -> Response[str]:
    """The policy that decides where none of the merchant's own is meant for a case."""
    shipped_one = library().books(SHIPPED, door.clock().date()).policy
    labels = Labels(words(request, desk.locale), request.app.state.post.writer.reasons)
    parts = PolicyWords(labels, shipped_one.document).parts(shipped_one.document)
    return view(request, desk, "policy.html", page=None, parts=parts, name=ltr(shipped_one.name), room="policies")


@get("/policies/{policy_id:str}")
async def policy(request: StrictRequest, policy_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """One version in words, with what changed since the one before it, and what it was tried on."""
    page = await seen(request, door, desk, policy_id)
    happened = ("policy_kept", "policy_moved", "policy_published", "policy_retired", "policy_read")
    return view(
        request, desk, "policy.html", page=page, parts=page.parts, name=page.line.name, room="policies",
        happened=happened,
    )  # fmt: skip


@get("/policies/new")
async def write(
    request: StrictRequest,
    door: Door,
    desk: AtDesk,
    base: Annotated[str, QueryParameter(name="from", max_length=64)] = "",
) -> Response[str]:
    """A new version begins from the text of an older one, or of the one that ships."""
    _must_write(desk)
    text = shipped_text(SHIPPED)
    if base:
        async with door.read(desk.who.merchant_id) as tx:
            text = (await policy_text(tx, base)).text
    return view(request, desk, "policy_new.html", text=text, note="", wrong={}, room="policies")


@post("/policies/new", status_code=303)
async def keep(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """Keep it as a draft; what is wrong is said with its line, and what was typed stays."""
    _must_write(desk)
    typed = await form_of(request, desk.token, longest=_LONGEST)
    text, note = typed.get("text", ""), written(typed, "note")
    if long := too_long(words(request, desk.locale), note):
        wrong = {"note": long}
        return view(request, desk, "policy_new.html", status=422, text=text, note=note, wrong=wrong, room="policies")
    try:
        kept = await door.write(draft, desk.who, NewDraft(text=text, note=note), key_of(typed))
    except Invalid as problem:
        say = words(request, desk.locale)
        line, reason = problem.extra.get("line", 1), problem.extra.get("reason", problem.detail)
        wrong = {"text": say("Line {line}: {reason}", line=line, reason=isolate(str(reason)))}
        return view(request, desk, "policy_new.html", status=422, text=text, note=note, wrong=wrong, room="policies")
    return see(f"{HERE}/{kept.read(PolicyVersion).id}?done=policy_kept")


async def seen(request: StrictRequest, door: Door, desk: Desk, policy_id: str, against: str = "") -> Page:
    """A version with everything about it. Raises NotFound ``unknown_policy_version``."""
    async with door.read(desk.who.merchant_id) as tx:
        found = await policy_text(tx, policy_id)
        before = await (policy_text(tx, against) if against else version_before(tx, found))
        tried, shadowed = await simulations(tx, policy_id, 10), await shadow_sums(tx, policy_id)
        public = await _public(request, tx, found)
        read = (await readers(tx, policy_id)).items if found.state is PolicyState.published else []
        people = await agents(tx, [one for one in (found.written_by, found.published_by) if one])
    labels = Labels(words(request, desk.locale), request.app.state.post.writer.reasons)
    document, older = found.policy.document, _older(before, found, door)
    says = PolicyWords(labels, *([older] if older else []), document)
    return Page(
        found=found,
        line=_line(labels, found, people),
        publisher=labels.actor(found.published_by, people, "") if found.published_by else "",
        parts=says.parts(document),
        older=ltr(f"{older.code}/{older.version}") if older else "",
        changes=says.changes(older, document) if older else [],
        may=_may(desk.agent, found),
        simulations=tried,
        shadow=shadowed,
        readers=read if desk.agent.may_approve else [],
        to_read=any(one.agent_id == desk.agent.id and one.at is None for one in read),
        public=public,
        wanting=[labels.say(WANTING[name]) for name in wanting(document)],
    )


async def _public(request: StrictRequest, tx: Tx, found: PolicyText) -> PublicLinks | None:
    try:
        route = await public_route(tx, found)
    except Refused:
        return None
    state = request.app.state
    return public_links(state.post.writer.words, state.settings, route, found.policy.document)


def _older(before: PolicyText | None, found: PolicyVersion, door: Door) -> PolicyDocument | None:
    """What to compare with: the version before; for a first one of the shipped code, the one that ships."""
    if before is not None:
        return before.policy.document
    return library().books(SHIPPED, door.clock().date()).policy.document if found.family == SHIPPED else None


def _may(agent: Agent, found: PolicyVersion) -> frozenset[str]:
    """Asked of the same rules as the acts, so that a button is there exactly when its act would be done."""
    if not agent.may_approve:
        return frozenset()
    deeds = {"simulate"}
    for deed, to in (("shadow", "shadow"), ("unshadow", "draft"), ("retire", "retired")):
        if may_move("policy", found.state, to):
            deeds.add(deed)
    if agent.id != found.written_by:
        if may_move("policy", found.state, PolicyState.published):
            deeds.add("publish")
        if found.published_at is not None:
            deeds.add("roll-back")
    return frozenset(deeds)


def _line(labels: Labels, one: PolicyVersion, people: Mapping[str, Agent]) -> Line:
    say: Say = labels.say
    since, until = day(one.valid_from, say.locale), day(one.valid_until, say.locale) if one.valid_until else ""
    days = say("{since} to {until}", since=since, until=until) if until else say("from {since}", since=since)
    badge = msgspec.structs.replace(STATES[one.state], label=say(STATES[one.state].label))
    return Line(id=one.id, name=ltr(one.name), badge=badge, days=days, author=labels.actor(one.written_by, people, ""))


def _must_write(desk: Desk) -> None:
    if not desk.agent.may_approve:
        raise Forbidden("not_an_editor", "Your role may read the policies, not change them. Ask a lead.")
