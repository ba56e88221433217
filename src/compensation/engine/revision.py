"""What changed between two versions of a policy: rule by rule, whatever place in the document each rule has."""

from collections.abc import Iterator
from typing import Any

import msgspec

from compensation.engine.policy_document import PolicyDocument
from compensation.engine.tree import Difference, differences

_NAMED_BY = {
    "goodwill": "code",
    "form": "remedy",
    "in_kind": "remedy",
    "gesture": "remedy",
    "offer": "key",
    "document": "kind",
}


def changes(old: PolicyDocument, new: PolicyDocument) -> tuple[Difference, ...]:
    """Every value that differs, such as ``form.store_credit_bonus.bonus.percent``. A rule added or removed is one.

    The order of offers decides which a customer sees first, so a change of order is a change: ``offer.order``.
    """
    return tuple(differences(_by_name(old), _by_name(new)))


class Revision(msgspec.Struct, frozen=True):
    """One value that differs, as a person looks at it: a list is one value, so is a phrase in three languages.

    ``path`` leads to it by names, such as ``("form", "store_credit_bonus", "bonus", "percent")``. A rule that came or
    went is one revision with a path of two. None is a value that is not set.
    """

    path: tuple[str, ...]
    was: Any
    now: Any


def revisions(old: PolicyDocument, new: PolicyDocument) -> tuple[Revision, ...]:
    """Every value that differs, in the order of the newer document."""
    was, now = _by_name(old), _by_name(new)
    came_or_gone = [
        (part, name)
        for part in _NAMED_BY
        for name in dict.fromkeys((*now[part], *was[part]))
        if (name in was[part]) != (name in now[part])
    ]
    found = [
        Revision((part, name), was[part].pop(name, None), now[part].pop(name, None)) for part, name in came_or_gone
    ]
    before, after = dict(_leaves(was)), dict(_leaves(now))
    found += [
        Revision(path, before.get(path), after.get(path))
        for path in dict.fromkeys((*after, *before))
        if before.get(path) != after.get(path)
    ]
    return tuple(found)


def values(document: PolicyDocument) -> dict[tuple[str, ...], Any]:
    """Everything that a document says, by path; what is empty, off or not set is left out."""
    return {path: value for path, value in _leaves(_by_name(document)) if value not in (None, (), {}, False, "")}


def _leaves(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in tree.items():
        here = (*path, name)
        if isinstance(value, dict) and value.keys() != _TONGUES:
            yield from _leaves(value, here)
        elif isinstance(value, list | tuple) and any(isinstance(inner, dict) for inner in value):
            for number, inner in enumerate(value, start=1):
                yield from _leaves(inner, (*here, str(number)))
        else:
            yield here, value


_TONGUES = {"en", "ar", "bg"}


def _by_name(document: PolicyDocument) -> dict[str, Any]:
    tree: dict[str, Any] = msgspec.to_builtins(document)
    for part, name in _NAMED_BY.items():
        named: dict[str, Any] = {}
        for entry in tree.get(part, ()):
            code = entry[name]
            # A gesture may have several rules: the second for an apology is ``apology (2)``.
            again = sum(1 for known in named if known == code or known.startswith(f"{code} ("))
            named[f"{code} ({again + 1})" if again else code] = entry
        tree[part] = named | ({"order": list(named)} if part == "offer" else {})
    return tree
