"""The decision: goodwill weighed, offers made, and the whole told in the order of force."""

from typing import Literal

import msgspec
from msgspec import UNSET

from compensation.core.money import Money
from compensation.engine.after_sale import past_window
from compensation.engine.assess import Assessment
from compensation.engine.circumstances import Circumstances
from compensation.engine.condition import first_failure
from compensation.engine.dues import Due, HarmFound
from compensation.engine.goodwill import Grant, weigh
from compensation.engine.harm import Family
from compensation.engine.inspection import found
from compensation.engine.law import Law
from compensation.engine.matter import Matter
from compensation.engine.offers import make_offers
from compensation.engine.plan import Decision, HarmShare, History, Limits, Offer, Part
from compensation.engine.policy import Policy
from compensation.engine.reason import Reason, Tried
from compensation.engine.remedy import Shelf
from compensation.engine.trace import tell


def decide(
    assessment: Assessment,
    policy: Policy,
    law: Law,
    limits: Limits,
    history: History,
    shelf: Shelf,
    seed: str = "",
) -> Decision:
    """Every offer that law, sums owed and policy allow, the lawful one first, with the reasons for each sum.

    Pure: equal inputs give an equal decision. ``seed`` is the text a surprise is drawn from: the case's id.
    """
    case = assessment.circumstances
    if history.cases or history.apologies or history.gestures:
        case = msgspec.structs.replace(
            case, cases=history.cases, apologies=history.apologies, gestures=history.gestures
        )
    inspected, required = assessment.report.inspection, policy.document.inspection
    if inspected is not UNSET:
        seen = found(inspected, None if required is UNSET else required)
        case = msgspec.structs.replace(case, facts=tuple(sorted({*case.facts, *seen})))
    tried: list[Tried] = []
    grant = weigh(assessment, case, policy, limits, history, tried)
    matter = Matter.of(assessment, case, policy, law, shelf, limits, history, grant, seed)
    offers, refused = make_offers(matter, tried)
    offers = _with_goods(_with_papers(offers, case, policy), case, policy)
    return Decision(
        assessment=assessment,
        offers=offers,
        refused=refused,
        shares=_shares(assessment, grant),
        trace=tell(matter, offers),
        owed=assessment.owed,
        goodwill=grant.amount,
        policy=policy.name,
        review=review(assessment, policy, history),
        tried=tuple(tried),
        seed=seed,
    )


def _with_papers(offers: tuple[Offer, ...], case: Circumstances, policy: Policy) -> tuple[Offer, ...]:
    """The offers with the papers that the policy asks for in this case. What is owed alone asks for none."""
    asked = {ready.rule.kind for ready in policy.papers if first_failure(ready.checks, case) is None}
    if not asked:
        return offers
    documents = tuple(sorted(asked))
    return tuple(msgspec.structs.replace(one, documents=documents) if _adds(one) else one for one in offers)


def _with_goods(offers: tuple[Offer, ...], case: Circumstances, policy: Policy) -> tuple[Offer, ...]:
    """The offers with what stands before them where goods are inspected first. What is owed alone waits for none."""
    if policy.inspect_first is None or first_failure(policy.inspect_first, case) is not None:
        return offers
    if "inspected" in case.facts and not {"incomplete", "unacceptable"}.intersection(case.facts):
        return offers
    stands: Literal["needed", "failed"] = "failed" if "inspected" in case.facts else "needed"
    return tuple(msgspec.structs.replace(one, inspection=stands) if _adds(one) else one for one in offers)


def _adds(offer: Offer) -> bool:
    """Whether it brings a sum of the merchant's own."""
    return any(line.part is Part.goodwill and line.amount is not None for line in offer.lines)


def _shares(assessment: Assessment, grant: Grant) -> tuple[HarmShare, ...]:
    """The harm table. A due that several harms claim is told under one of them, a financial one if there is any."""
    owed = dict.fromkeys((harm.type for harm in assessment.harms), 0)
    shared: set[str] = set()
    for due in assessment.dues:
        teller = _teller(due, assessment.harms)
        if not due.kind.in_kind:
            owed[teller] += due.amount.amount
        shared |= set(due.harms) - {teller}
    return tuple(
        HarmShare(
            type=harm.type,
            severity=harm.severity,
            owed=Money(owed[harm.type], assessment.currency),
            goodwill=Money(grant.by_harm[harm.type], assessment.currency),
            reason=Reason("share.counted_elsewhere" if harm.type in shared else "share.counted_here"),
        )
        for harm in assessment.harms
    )


def _teller(due: Due, harms: tuple[HarmFound, ...]) -> str:
    financial = [harm.type for harm in harms if harm.type in due.harms and harm.family is Family.financial]
    return (financial or list(due.harms))[0]


def review(assessment: Assessment, policy: Policy, history: History) -> tuple[Reason, ...]:
    """Why a person should look first: many cases, or a request after the window. It routes, it never refuses."""
    reasons: list[Reason] = []
    most = policy.document.review.cases
    if most is not None and history.cases >= most:
        reasons.append(Reason("review.cases", {"cases": history.cases, "days": policy.document.caps.period_days}))
    late = past_window(policy.document, assessment.report, assessment.on)
    if late is not None:
        reasons.append(Reason("review.outside_window", {"days": late[0], "window": late[1]}))
    return tuple(reasons)
