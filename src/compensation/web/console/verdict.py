"""The decision bar: what the agent may do with the case now, and for what he may not, why."""

import msgspec

from compensation.core.money import Money
from compensation.core.states import CaseState, RewardState
from compensation.core.text import isolate
from compensation.delivery.words import Say, word
from compensation.engine.plan import Part
from compensation.issuance.reward import Reward
from compensation.merchants.agent import Agent
from compensation.web.console.view import NOT_DONE
from compensation.web.console.work import Work

_SAYS = {
    CaseState.accepted: word("The choice is made. It is being issued; this takes a moment."),
    CaseState.issuing: word("It is being issued; this takes a moment."),
    CaseState.closed: word("The case is closed."),
    CaseState.rejected: word("The case was rejected."),
    CaseState.cancelled: word("The case was called off."),
    CaseState.reported: word("The case is being assessed."),
    CaseState.assessed: word("The case is being assessed."),
}


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A button. ``to`` is the page behind it, ``form`` the id of the form it sends instead; ``off`` why it is off."""

    label: str
    to: str = ""
    form: str = ""
    look: str = ""
    off: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``says`` is the sentence, ``soft`` what is said beside it, both marked; ``see`` an address and its name."""

    says: str
    soft: str = ""
    see: tuple[str, str] | None = None
    deeds: tuple[Deed, ...] = ()


def verdict(say: Say, agent: Agent, work: Work) -> Verdict:
    """The bar for this agent and this case."""
    here = f"/console/cases/{work.case.id}"
    match work.case.state:
        case CaseState.offered:
            return _to_choose(say, agent, work, here)
        case CaseState.needs_approval:
            return _to_approve(say, work, here)
        case CaseState.accepted:
            off = Deed(label=say("Call off the case"), to=f"{here}/cancel", look="harm")
            return Verdict(says=say(_SAYS[CaseState.accepted]), deeds=(off,))
        case CaseState.issued:
            return _to_close(say, work)
        case state:
            return Verdict(says=say(_SAYS[state]))


def authority(agent: Agent, currency: str) -> Money:
    return Money(agent.authority.get(currency, 0), currency)


def _to_choose(say: Say, agent: Agent, work: Work, here: str) -> Verdict:
    limit = authority(agent, work.case.owed.currency)
    return Verdict(
        says=say("Choose one of the offers. Nothing is issued before you have looked at it once more."),
        soft=say("You may grant up to {amount}; above it, a second person decides.", amount=limit),
        deeds=(
            Deed(label=say("Look at the choice"), form="pick"),
            Deed(label=say("Call off the case"), to=f"{here}/cancel", look="harm"),
        ),
    )


def _to_approve(say: Say, work: Work, here: str) -> Verdict:
    assert work.chosen is not None, "a proposal names an offer of its case"
    value = work.chosen.value
    no, unless = work.barred_from_approving, work.barred_from_declining
    return Verdict(
        says=_why_second(say, work, value),
        soft=say("A second person decides."),
        deeds=(
            Deed(label=say("Approve {amount}", amount=value), to=f"{here}/approve", off=_off(say, no)),
            Deed(label=say("Send back"), to=f"{here}/send-back", look="quiet", off=_off(say, unless)),
            Deed(label=say("Reject"), to=f"{here}/reject", look="harm", off=_off(say, unless)),
        ),
    )


def _to_close(say: Say, work: Work) -> Verdict:
    undone = sum(1 for reward in work.rewards if to_do(reward))
    if undone:
        says = say.many("{n} thing is left for a person to do.", "{n} things are left for a person to do.", undone)
    elif any(reward.state is RewardState.refused for reward in work.rewards):
        says = say("Part of what was chosen could not be issued.")
    else:
        says = say("Everything that was chosen is out.")
    return Verdict(
        says=says,
        see=("#issued", say("See what was issued")),
        deeds=(Deed(label=say("Close the case"), form="close"),),
    )


def may_correct(reward: Reward) -> tuple[str, ...]:
    """What can be done with a reward besides using it; whether its act will be refused, the act itself says."""
    if reward.kind in ("refund", "task"):
        return ()
    may = ["resend"] if reward.state.spendable else []
    if reward.state.spendable and reward.code_last4:
        may.append("reissue")
    lasts = reward.state.spendable or reward.state is RewardState.expired
    if lasts and reward.expires_at is not None and reward.kind != "tier":
        may.append("extend")
    if reward.state is RewardState.issued and reward.part != Part.owed:
        may.append("void")
    return tuple(may)


def to_do(reward: Reward) -> bool:
    """Whether a person can mark it as done: a task that runs, or a refund that the bank did not take."""
    return (reward.kind, str(reward.state)) in (("task", "issued"), ("refund", "needs_review"))


def _why_second(say: Say, work: Work, value: Money) -> str:
    proposer = work.people.get(work.proposer or "")
    why = next((event.note for event in reversed(work.events) if event.what == "proposed"), "")
    if why == "over_budget":
        return say("{amount} is more than the budget covers. Whoever approves it adds what is missing.", amount=value)
    if why == "inspection":
        return say("{amount} waits for approval, because the goods did not pass an inspection.", amount=value)
    if why == "documents":
        return say("{amount} waits for approval, because a paper that the policy asks for is missing.", amount=value)
    if proposer is None or why != "beyond_authority":
        return say("{amount} waits for approval, because somebody should look at this case first.", amount=value)
    if proposer.may_grant(value):
        # Alone it would be within: it is what was granted before that it comes on top of.
        return say(
            "{amount} is above what {who} may still grant, with all that was granted before.",
            amount=value,
            who=isolate(proposer.name),
        )
    return say(
        "{amount} is above the authority of {who}, which is {limit}.",
        amount=value,
        who=isolate(proposer.name),
        limit=authority(proposer, value.currency),
    )


def _off(say: Say, code: str | None) -> str:
    return say(NOT_DONE[code]) if code in NOT_DONE else ("" if code is None else say("You may not do this here."))
