"""The outcome of a decision: offers made of remedy lines, what was refused, and the trace that says why."""

import enum
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from compensation.core.money import Money
from compensation.engine.assess import Assessment
from compensation.engine.harm import Wording
from compensation.engine.law import ConsentForm
from compensation.engine.reason import Reason, TraceLine, Tried
from compensation.engine.terms import Terms


class Part(enum.StrEnum):
    owed = "owed"
    """The customer has a right to it."""
    goodwill = "goodwill"
    """The merchant adds it."""


class Consent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the customer gives up by choosing this offer. Without the recorded act the offer may not be issued."""

    replaces: Money
    form: ConsentForm
    rule: str | None
    """The legal rule that asks for it; None where no rule is known and we ask anyway."""
    reason: Reason


class RemedyLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One remedy of an offer.

    ``amount`` is the principal in money's worth and ``bonus`` what is added to it; both are None for a remedy
    that is not a sum. ``settles`` names the dues (``Due.source``) an owed line meets.
    """

    remedy: str
    part: Part
    terms: Terms
    reason: Reason
    amount: Money | None = None
    bonus: Money | None = None
    settles: tuple[str, ...] = ()
    harms: tuple[str, ...] = ()
    removable: bool = True
    """False for what the law, the harm or the house demands: sums owed, notes, an emotional harm's apology."""

    @property
    def drawn(self) -> int:
        """What it takes from the program's budget, in minor units: all goodwill and every bonus; never a sum owed."""
        goodwill = self.amount.amount if self.amount is not None and self.part is Part.goodwill else 0
        return goodwill + (self.bonus.amount if self.bonus is not None else 0)


class Offer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bundle that resolves the case. ``key`` is stable: the same offer of the same policy keeps its key."""

    key: str
    label: Wording
    lines: tuple[RemedyLine, ...]
    value: Money
    """What the customer receives in sums. A deed such as a repair is not a sum: see ``in_kind``."""
    cost: Money
    """What the merchant can expect to spend, by the catalogue's cost model."""
    arrives_in_days: int
    in_kind: Money | None = None
    """What the deed of this offer is worth: the sum owed that it meets. None for an offer without a deed."""
    consent: Consent | None = None
    restrictions: tuple[Reason, ...] = ()
    documents: tuple[str, ...] | UnsetType = UNSET
    """Kinds of evidence that the policy asks for before it is taken; left out where it asks for none."""
    inspection: Literal["needed", "failed"] | UnsetType = UNSET
    """Why the goods stand before it: nobody inspected them yet, or they did not pass; left out where nothing does."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An alternative that was considered and not offered, and why."""

    key: str
    reason: Reason
    rule: str | None = None


class HarmShare(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the harm table: what this harm's share of the sums is."""

    type: str
    severity: str
    owed: Money
    goodwill: Money
    reason: Reason


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Every offer of a case, the lawful one first and none preselected, and the whole explanation."""

    assessment: Assessment
    offers: tuple[Offer, ...]
    refused: tuple[Refusal, ...]
    shares: tuple[HarmShare, ...]
    trace: tuple[TraceLine, ...]
    owed: Money
    """The money owed whatever is chosen; dues in kind are beside it in ``assessment.dues``."""
    goodwill: Money
    """The goodwill sum after limits and budget, before the bonus of the form it is given in."""
    policy: str
    """``code/version`` of the policy."""
    review: tuple[Reason, ...] = ()
    """Why a person should look before this is granted. Never a refusal, never shown to the customer."""
    tried: tuple[Tried, ...] = ()
    """Every rule of the policy that was tried; those of the law are in ``assessment.tried``."""
    seed: str = ""
    """What the surprise was drawn from."""

    def offer(self, key: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.key == key), None)


class Limits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What bounds goodwill from outside the policy at this moment; None is no bound. Sums owed are never bounded."""

    budget_left: Money | None = None
    goodwill_max: Money | None = None


class History(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What this customer received before, within the policy's period."""

    cases: int = 0
    apologies: int = 0
    gestures: int = 0
    goodwill: Money | None = None
    last_days: int | UnsetType = UNSET
    """Whole days since the latest of these cases whose remedy was chosen; left out where there is none, and in receipts
    of before."""
    tier: str | None = None
    """The tier granted for a time that still runs, so that a perk is not given twice."""
