"""The state machines, and which moves each allows. The same moves stand in the table ``state_moves``."""

from enum import StrEnum


class CaseState(StrEnum):
    reported = "reported"
    assessed = "assessed"
    offered = "offered"
    """Waits for somebody to choose: the customer on the offer page, or an agent."""
    needs_approval = "needs_approval"
    """An agent chose beyond his authority; a second person decides."""
    accepted = "accepted"
    issuing = "issuing"
    issued = "issued"
    closed = "closed"
    rejected = "rejected"
    cancelled = "cancelled"


class OrderState(StrEnum):
    pending = "pending"
    issuing = "issuing"
    issued = "issued"
    partly_issued = "partly_issued"
    """Some rewards are out and at least one waits for a person or was refused."""
    failed = "failed"
    cancelled = "cancelled"


class RewardState(StrEnum):
    pending = "pending"
    issued = "issued"
    needs_review = "needs_review"
    """A partner did not answer and looking it up did not help: a person decides, nothing is repeated."""
    refused = "refused"
    partly_redeemed = "partly_redeemed"
    redeemed = "redeemed"
    expired = "expired"
    voided = "voided"

    @property
    def spendable(self) -> bool:
        return self in (RewardState.issued, RewardState.partly_redeemed)


class DeliveryState(StrEnum):
    queued = "queued"
    sent = "sent"
    delivered = "delivered"
    opened = "opened"
    bounced = "bounced"
    failed = "failed"


class HoldState(StrEnum):
    held = "held"
    captured = "captured"
    """Taken in whole or in part; what was not taken is back on the card."""
    released = "released"
    expired = "expired"
    """Its time was over before anybody captured it."""


class PolicyState(StrEnum):
    draft = "draft"
    shadow = "shadow"
    """Decides beside the published one; nothing is offered by it."""
    published = "published"
    retired = "retired"


class ImportState(StrEnum):
    checking = "checking"
    """Its lines are being read. Nobody outside the transaction that does so sees this."""
    refused = "refused"
    """At least one line is wrong, so none will be issued."""
    checked = "checked"
    """Every line is good; somebody has to approve it."""
    approved = "approved"
    """Its sum is set aside; the worker has not begun, so it can still be cancelled."""
    issuing = "issuing"
    issued = "issued"
    cancelled = "cancelled"


class SimulationState(StrEnum):
    running = "running"
    done = "done"
    cancelled = "cancelled"
    failed = "failed"
    """Its reckoning broke down again and again; what was counted until then stands."""


MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "case": {
        "reported": ("assessed", "cancelled"),
        "assessed": ("offered", "cancelled"),
        "offered": ("accepted", "needs_approval", "rejected", "cancelled", "assessed"),
        "needs_approval": ("accepted", "offered", "rejected", "cancelled"),
        "accepted": ("issuing", "cancelled"),
        "issuing": ("issued",),
        "issued": ("closed", "issuing"),
        "closed": ("assessed",),
        "rejected": ("assessed",),
    },
    "order": {
        "pending": ("issuing", "issued", "cancelled"),
        "issuing": ("issued", "partly_issued", "failed", "cancelled"),
        "partly_issued": ("issued", "failed", "cancelled"),
        "issued": ("partly_issued", "cancelled"),
    },
    "reward": {
        "pending": ("issued", "needs_review", "refused", "voided"),
        "needs_review": ("issued", "refused", "voided"),
        "issued": ("partly_redeemed", "redeemed", "expired", "voided", "needs_review"),
        "partly_redeemed": ("redeemed", "issued", "expired", "voided"),
        "redeemed": ("partly_redeemed", "issued", "needs_review"),
        "expired": ("issued", "partly_redeemed"),
    },
    "earning": {
        "pending": ("released", "expired"),
        "released": ("expired",),
    },
    "delivery": {
        "queued": ("sent", "failed"),
        "sent": ("delivered", "opened", "bounced"),
        "delivered": ("opened", "bounced"),
        "failed": ("queued",),
        "bounced": ("queued",),
    },
    "hold": {"held": ("captured", "released", "expired")},
    "simulation": {"running": ("done", "cancelled", "failed")},
    "policy": {
        "draft": ("shadow", "published", "retired"),
        "shadow": ("draft", "published", "retired"),
        "published": ("retired",),
    },
    "import": {
        "checking": ("checked", "refused"),
        "checked": ("approved", "cancelled"),
        "approved": ("issuing", "cancelled"),
        "issuing": ("issued",),
    },
}
"""For each machine, the states one may leave and where to. A state that is missing is final."""


def may_move(machine: str, old: str, new: str) -> bool:
    return new in MOVES[machine].get(old, ())
