"""Which of several policies decides a case: by its family, its days, its scope, and the day of purchase."""

import datetime
from collections.abc import Iterable

from msgspec import UNSET

from compensation.engine.policy import Policy
from compensation.engine.report import Report


def deciding(policies: Iterable[Policy], family: str, report: Report, on: datetime.date) -> Policy | None:
    """The policy of this family that decides the report on that day; None where none of them is meant for it.

    Of each code the version that became valid last stands, the higher one where two begin on the same day. Of those
    that reach the report, a variant goes before the policy it varies, a dated one before one that is not, and the one
    whose scope names more before the one that names less. The code breaks a tie, so that the answer is always one.

    ``report`` names its program and brand as the policies do, by id.
    """
    standing: dict[str, Policy] = {}
    for policy in policies:
        document = policy.document
        if document.family == family and document.valid(on):
            known = standing.get(document.code)
            if known is None or _newness(known) < _newness(policy):
                standing[document.code] = policy
    return max((policy for policy in standing.values() if policy.document.reaches(report)), key=_force, default=None)


def _newness(policy: Policy) -> tuple[datetime.date, int]:
    return policy.document.valid_from, policy.document.version


def _force(policy: Policy) -> tuple[bool, bool, int, str]:
    document = policy.document
    dated = document.bought is not UNSET
    return document.variant_of is not UNSET, dated, document.scope.narrowness, document.code


def would_decide(draft: Policy, policies: Iterable[Policy], family: str, report: Report, on: datetime.date) -> bool:
    """Whether a draft, were it published and valid today, would decide this report in place of what does now."""
    if draft.document.family != family or not draft.document.reaches(report):
        return False
    others = [policy for policy in policies if policy.document.code != draft.document.code]
    rival = deciding(others, family, report, on)
    return rival is None or _force(rival) < _force(draft)
