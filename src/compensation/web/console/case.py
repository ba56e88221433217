"""One case: its words and facts, the offers and why, the law, the message, its history, and its receipt."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from compensation.cases.case import receipt
from compensation.cases.evidence.add import OPEN
from compensation.core.money import POINTS, Money
from compensation.core.text import day, ltr, moment
from compensation.delivery.letter import Badge
from compensation.delivery.record import record
from compensation.delivery.words import Say
from compensation.issuance.reward import Reward
from compensation.web.api.record import zipped
from compensation.web.asked import Door
from compensation.web.console.disputed import seen as disagreements
from compensation.web.console.evidence import evidence, files
from compensation.web.console.explain import Explain
from compensation.web.console.goods import checklist_of, seen
from compensation.web.console.history import history
from compensation.web.console.labels import Labels
from compensation.web.console.message import preview
from compensation.web.console.offers import compare
from compensation.web.console.rules import rules
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.signals import to_judge, told
from compensation.web.console.verdict import authority, may_correct, to_do, verdict
from compensation.web.console.view import view
from compensation.web.console.work import Work, load
from compensation.web.request import StrictRequest
from compensation.web.upload import KINDS


class HarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the harm table; ``facts`` are marked sentences."""

    family: str
    harm: str
    severity: str
    facts: tuple[str, ...]
    owed: Money
    goodwill: Money


class RewardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One issued thing. ``to_do`` says that a person can mark it as done, ``deeds`` that more can be done with it."""

    reward: Reward
    name: str
    badge: Badge
    last4: str
    dates: tuple[str, ...]
    to_do: bool
    deeds: bool


@get("/cases/{case_id:str}")
async def case(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Everything about the case, and what may be done with it."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    return case_page(request, desk, work)


def case_page(request: StrictRequest, desk: Desk, work: Work, *, wrong: str | None = None) -> Response[str]:
    """The page of the case; with ``wrong`` it is the answer to a form that chose nothing."""
    labels, explain = tools(request, desk, work)
    say, post = labels.say, request.app.state.post
    wanted = request.query_params.get("offer")
    report = work.heard.report if work.heard else None
    compared = compare(labels, explain, work)
    return view(
        request,
        desk,
        "case.html",
        status=422 if wrong else 200,
        happened=_happened(work),
        wrong=wrong,
        work=work,
        case=work.case,
        labels=labels,
        reported=say(", ").join(
            (
                labels.channel(work.case.channel),
                labels.tongue(work.case.locale),
                moment(work.case.created_at, say.locale),
            )
        ),
        evidence=evidence(labels, report) if report else [],
        files=files(labels, work),
        papers=[say(KINDS[kind]) for kind in work.papers_left()]
        if work.case.state in ("offered", "needs_approval")
        else [],
        takes_files=work.heard is not None and work.case.state in OPEN,
        kinds=[(code, say(text)) for code, text in KINDS.items()],
        disputes=disagreements(labels, work),
        inspected=seen(labels, work),
        goods_first=any(one.inspection == "needed" for one in work.case.offers),
        may_inspect=checklist_of(work) is not None,
        harms=_harms(labels, explain, work),
        columns=compared.columns,
        common=compared.common,
        not_offered=explain.not_offered(),
        review=[explain(each) for each in work.case.assessment.review],
        trace=explain.trace(),
        bonuses=explain.bonuses(),
        rules=rules(labels, work.case.assessment.obligations, work.now.date()),
        preview=preview(post, work, wanted),
        history=history(labels, work),
        signals=told(say, work.signals.signals),
        to_judge=to_judge(work),
        rewards=[_reward(labels, work, reward) for reward in work.rewards],
        told=labels.delivery(work.case.delivery) if work.case.delivery else None,
        badge=labels.state(work.case.state, work.case.delivery),
        verdict=verdict(say, desk.agent, work),
        limit=authority(desk.agent, work.case.owed.currency),
        points=Money(work.wallet.points, POINTS),
        since=day(work.customer.created_at.date(), desk.locale),
        room="needs_approval" if work.case.state == "needs_approval" else "open",
    )


@get("/cases/{case_id:str}/receipt")
async def show_receipt(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The signed record, to be read."""
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
        kept = await receipt(tx, case_id)
    labels, explain = tools(request, desk, work)
    return view(
        request,
        desk,
        "receipt.html",
        work=work,
        case=work.case,
        receipt=kept,
        made=moment(kept.created_at, desk.locale),
        trace=explain.trace(),
        bonuses=explain.bonuses(),
        parts=_parts(kept.document),
        labels=labels,
        room="open",
    )


@get("/cases/{case_id:str}/record.zip")
async def download_record(case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[bytes]:
    """All of the case in one file, as the API gives it."""
    async with door.read(desk.who.merchant_id) as tx:
        return zipped(case_id, await record(tx, case_id, door.clock()))


@get("/cases/{case_id:str}/receipt.json")
async def download_receipt(case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[bytes]:
    """The same, byte for byte as it was signed: what ``compensation verify-receipt`` reads."""
    async with door.read(desk.who.merchant_id) as tx:
        kept = await receipt(tx, case_id)
    headers = {"content-disposition": f'attachment; filename="{kept.id}.json"'}
    return Response(kept.document, media_type="application/json", headers=headers)


def _parts(document: bytes) -> list[tuple[str, str]]:
    """The document part by part, each as JSON that a person can read."""
    envelope = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    inner = msgspec.json.decode(envelope.pop("receipt", b"{}"), type=dict[str, msgspec.Raw])
    found = [*inner.items(), *envelope.items()]
    return [(name, msgspec.json.format(bytes(part), indent=2).decode()) for name, part in found]


def tools(request: StrictRequest, desk: Desk, work: Work) -> tuple[Labels, Explain]:
    """The labels and the explanations of this case in the agent's language."""
    say: Say = words(request, desk.locale)
    labels = Labels(say, request.app.state.post.writer.reasons)
    return labels, Explain(labels, work.case)


def _happened(work: Work) -> frozenset[str]:
    """What was done in this case, by the words of its history; a task by any name is a task."""
    found = {"task" if event.what.endswith("_done") else event.what for event in work.events}
    return frozenset(found | {"judged"} if any(one.outcome for one in work.reviews) else found)


def _harms(labels: Labels, explain: Explain, work: Work) -> list[HarmRow]:
    found = work.case.assessment
    return [
        HarmRow(
            family=labels.family(share.type),
            harm=labels.harm(share.type),
            severity=labels.severity(share.severity),
            # What is counted here is said by the due itself; only what is counted elsewhere needs a word of its own.
            facts=(
                *(explain(due.reason) for due in found.dues if share.type in due.harms),
                *((explain(share.reason),) if share.reason.code != "share.counted_here" else ()),
            ),
            owed=share.owed,
            goodwill=share.goodwill,
        )
        for share in found.shares
    ]


def _reward(labels: Labels, work: Work, reward: Reward) -> RewardRow:
    say, dates = labels.say, []
    if reward.due_at:
        dates.append(say("By {date}", date=reward.due_at.date()))
    if reward.expires_at:
        dates.append(say("Until {date}", date=reward.expires_at.date()))
    return RewardRow(
        reward=reward,
        name=labels.remedy(reward.remedy),
        badge=labels.reward(reward.state, reward.kind),
        last4=ltr(reward.code_last4) if reward.code_last4 else "",
        dates=tuple(dates),
        to_do=to_do(reward),
        deeds=bool(may_correct(reward)),
    )
