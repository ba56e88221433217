"""One case on the table: everything that the making of its offers may look at."""

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
        dues = assessment.dues
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
        )

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    def has(self, remedy: str) -> bool:
        """Whether a remedy that is not owed can be given: on the shelf, and not switched off by the policy."""
        return remedy in self.shelf and remedy not in self.policy.off

    def takes_back_what_stays(self, remedy: str) -> bool:
        """Whether this way in kind needs goods back that the policy never takes back."""
        document = self.policy.document
        return remedy in self.policy.takes_back and kept_by_customer(document, self.assessment.report)

    @property
    def budget_left(self) -> int | None:
        """What the budget still bears, in minor units; nothing where it is kept in another currency."""
        left = self.limits.budget_left
        return None if left is None else left.amount if left.currency == self.currency else 0

    def obligations_of(self, due: Due) -> list[Obligation]:
        return [obligation for obligation in self.assessment.obligations if obligation.code in due.rules]
