"""What changed between two versions of a policy: rule by rule, whatever place in the document each rule has."""

from typing import Any

import msgspec

from compensation.engine.policy_document import PolicyDocument
from compensation.engine.tree import Difference, differences

_NAMED_BY = {"goodwill": "code", "form": "remedy", "in_kind": "remedy", "gesture": "remedy", "offer": "key"}


def changes(old: PolicyDocument, new: PolicyDocument) -> tuple[Difference, ...]:
    """Every value that differs, such as ``form.store_credit_bonus.bonus.percent``. A rule added or removed is one.

    The order of offers decides which a customer sees first, so a change of order is a change: ``offer.order``.
    """
    return tuple(differences(_by_name(old), _by_name(new)))


def _by_name(document: PolicyDocument) -> dict[str, Any]:
    tree: dict[str, Any] = msgspec.to_builtins(document, order="sorted")
    for part, name in _NAMED_BY.items():
        named: dict[str, Any] = {}
        for entry in tree[part]:
            code = entry[name]
            # A gesture may have several rules: the second for an apology is ``apology (2)``.
            again = sum(1 for known in named if known == code or known.startswith(f"{code} ("))
            named[f"{code} ({again + 1})" if again else code] = entry
        tree[part] = named | ({"order": list(named)} if part == "offer" else {})
    return tree
