"""One case on the table: everything that the making of its offers may look at."""

from collections.abc import Set

import msgspec

from compensation.core.money import Money
from compensation.engine.after_sale import kept_by_customer
from compensation.engine.assess import Assessment, Obligation
from compensation.engine.circumstances import Circumstances
from compensation.engine.dues import Due
from compensation.engine.goodwill import Grant
from compensation.engine.law import Law
from compensation.engine.plan import History, Limits
from compensation.engine.policy import Policy
from compensation.engine.remedy import Shelf
from compensation.engine.taxonomy import DueKind


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    assessment: Assessment
    case: Circumstances
    policy: Policy
    law: Law
    shelf: Shelf
    limits: Limits
    history: History
    grant: Grant
    seed: str
    currency: str
    in_kind: Due | None
    """The due that is met by a deed, where there is one."""
    in_money: tuple[Due, ...]
    promised: tuple[Due, ...]
    budget_left: int | None
    """What the budget still bears, in minor units; nothing where it is kept in another currency."""
    here: Set[str]
    """The remedies that can be given where they are not owed: on the shelf, and not switched off by the policy."""

    @classmethod
    def of(
        cls,
        assessment: Assessment,
        case: Circumstances,
        policy: Policy,
        law: Law,
        shelf: Shelf,
        limits: Limits,
        history: History,
        grant: Grant,
        seed: str,
    ) -> "Matter":
        """The table laid: the dues told apart by how they are met."""
        dues, left = assessment.dues, limits.budget_left
        kept_here = left is None or left.currency == assessment.currency
        return cls(
            assessment=assessment,
            case=case,
            policy=policy,
            law=law,
            shelf=shelf,
            limits=limits,
            history=history,
            grant=grant,
            seed=seed,
            currency=assessment.currency,
            in_kind=next((due for due in dues if due.kind.in_kind), None),
            in_money=tuple(due for due in dues if not due.kind.in_kind and due.kind is not DueKind.promise),
            promised=tuple(due for due in dues if due.kind is DueKind.promise),
            budget_left=None if left is None else left.amount if kept_here else 0,
            here=shelf.here - policy.off if policy.off else shelf.here,
        )

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    def takes_back_what_stays(self, remedy: str) -> bool:
        """Whether this way in kind needs goods back that the policy never takes back."""
        document = self.policy.document
        return remedy in self.policy.takes_back and kept_by_customer(document, self.assessment.report)

    def obligations_of(self, due: Due) -> list[Obligation]:
        return [obligation for obligation in self.assessment.obligations if obligation.code in due.rules]
