"""The decision in plain words for the customer: what is his and by which law, what we add, why so much, whom to ask."""

from datetime import date

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from compensation.cases.case import CaseFile
from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.core.text import ltr
from compensation.delivery.facts import Facts, order_facts
from compensation.delivery.letter import Badge
from compensation.delivery.links import PATHS, LinkKind
from compensation.delivery.send import Post
from compensation.delivery.words import word
from compensation.engine.assess import Obligation
from compensation.engine.provision import Verification
from compensation.engine.reason import Step, TraceLine
from compensation.web.asked import Counted, Door
from compensation.web.console.explain import Explain
from compensation.web.console.labels import Labels
from compensation.web.console.rules import rules
from compensation.web.page import page
from compensation.web.pages.link import opened, read_in, tongues
from compensation.web.pages.status import in_language
from compensation.web.request import StrictRequest

_OURS = frozenset({"refused.budget"})
"""Why an alternative fell that is the merchant's own affair: the customer reads that it could not be given."""
_LIMITS = frozenset({"limit.harm", "limit.order", "limit.case"})
"""Limits that are the same for everybody. Those of a budget, a person or a customer's past are not told by name."""
_READ = {
    Verification.unverified: word("We have not read this law itself. We keep to it all the same."),
    Verification.excerpt: word("We have read a part of this law, not the whole."),
}
_FACTS = frozenset(
    {
        "facts.days_late",
        "facts.costs_left_out",
        "facts.counted_once",
        "facts.under_warranty",
        "facts.out_of_warranty",
        "facts.inspected",
        "facts.incomplete",
        "facts.unacceptable",
    }
)


class Point(msgspec.Struct, frozen=True):
    """One sentence of the explanation, as marked text, with its arithmetic where there is any."""

    said: str
    sums: str = ""


class Applied(msgspec.Struct, frozen=True):
    """A rule in its own words, where it stands, and a badge with a sentence where nobody read the whole of it."""

    words: str
    citation: str
    badge: Badge | None
    note: str


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as its customer reads it. It names no cost, no budget, no limit of a person and no suspicion."""

    owed: Money
    rights: tuple[Point, ...]
    rules: tuple[Applied, ...]
    goodwill: Money
    reasons: tuple[Point, ...]
    not_offered: tuple[tuple[str, str], ...]
    chosen: str
    """What was chosen; empty while nothing is."""


@get(["/o/{token:str}/why", "/g/{token:str}/why", "/t/{token:str}/why"])
async def why(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """The plain receipt of the case behind a link. Opening it writes nothing."""
    kinds: dict[str, LinkKind] = {"o": "offers", "g": "gift", "t": "status"}
    kind = kinds[request.url.path[1]]
    link = await opened(request, door, limits, kind, token)
    async with door.read(link.merchant_id) as tx:
        case_id = link.subject_id
        if kind == "gift":
            placed = (await order_facts(tx, link.subject_id, door.clock())).order
            if placed is None or placed.case_id is None:
                raise NotFound("link_not_usable", "Nothing was decided here: this reward was ordered as it is.")
            case_id = placed.case_id
        facts = await in_language(request, tx, case_id, door.clock())
    return _page(request, facts, f"/{PATHS[kind]}/{token}", door.clock().date())


def plain(labels: Labels, case: CaseFile, on: date) -> Plain:
    """The explanation of a case in the language of the labels."""
    told = [each for each in case.assessment.refused if each.reason.code not in _OURS]
    explain = Explain(
        labels, msgspec.structs.replace(case, assessment=msgspec.structs.replace(case.assessment, refused=tuple(told)))
    )
    rights = [Point(explain(due.reason)) for due in case.assessment.dues]
    rights += [Point(explain(line.reason)) for line in case.assessment.trace if line.reason.code in _FACTS]
    chosen = next((offer for offer in case.offers if offer.key == case.chosen), None)
    return Plain(
        owed=case.owed,
        rights=tuple(rights),
        rules=tuple(_applied(labels, obligation, on) for obligation in case.assessment.obligations),
        goodwill=case.goodwill,
        reasons=tuple(_reasons(labels, explain, case)),
        not_offered=tuple(explain.not_offered()),
        chosen=labels.wording(chosen.label) if chosen else "",
    )


def _applied(labels: Labels, obligation: Obligation, on: date) -> Applied:
    """The rule as the console has it, with what the customer should know of how far it was read."""
    (rule,) = rules(labels, [obligation], on)
    note = _READ.get(obligation.verification, "")
    return Applied(rule.words, rule.citation, rule.checked if note else None, labels.say(note) if note else "")


def _reasons(labels: Labels, explain: Explain, case: CaseFile) -> list[Point]:
    """Why the goodwill is what it is. A limit that is not the customer's to know is told without its name."""
    points = []
    for line in case.assessment.trace:
        if line.step is Step.policy and line.reason.code != "bonus.added":
            points.append(_point(explain, line))
        elif line.step in (Step.limits, Step.budget) and line.reason.code.startswith("limit.") and line.amount:
            known = line.reason.code in _LIMITS
            hidden = labels.say("Limits that we set ourselves leave {amount} of it.", amount=line.amount)
            points.append(_point(explain, line) if known else Point(hidden))
    return points


def _point(explain: Explain, line: TraceLine) -> Point:
    return Point(explain(line.reason), ltr(line.sums) if line.sums else "")


def _page(request: StrictRequest, facts: Facts, back: str, on: date) -> Response[str]:
    post: Post = request.app.state.post
    assert facts.case is not None, "only a case has a decision"
    locale = read_in(request, facts.occasion.locale)
    letter = post.writer.apology(facts.occasion)
    return page(
        request.app.state,
        "pages/why.html",
        locale=letter.locale,
        letter=letter,
        brand=letter.brand,
        tongues=tongues(request.url.path),
        csrf="",
        back=f"{back}?lang={post.writer.words.in_(locale).locale}",
        plain=plain(Labels(post.writer.words.in_(letter.locale), post.writer.reasons), facts.case, on),
    )
