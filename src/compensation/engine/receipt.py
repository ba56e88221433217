"""The receipt of a decision: its inputs, versions and every reason as one canonical JSON that anyone can replay.

The customer's words are not in it: the engine never reads them, and a receipt outlives the customer's data.
"""

import datetime
from operator import attrgetter
from typing import Any

import msgspec

from compensation.engine.assess import Assessment, assess
from compensation.engine.decide import decide
from compensation.engine.document import canonical
from compensation.engine.law import Law
from compensation.engine.plan import Decision, History, Limits, Offer
from compensation.engine.policy import Policy
from compensation.engine.remedy import Shelf
from compensation.engine.report import Report
from compensation.engine.taxonomy import Taxonomy

FORMAT = "compensation-receipt/2"
FIRST_FORMAT = "compensation-receipt/1"
"""Named every pack of the house, also those of other countries. Its decisions are made and written as ever."""
FORMATS = (FIRST_FORMAT, FORMAT)


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """The documents that a decision was made by."""

    taxonomy: Taxonomy
    law: Law
    policy: Policy
    shelf: Shelf


class Inputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that a decision depends on beside the documents."""

    report: Report
    on: datetime.date
    limits: Limits
    history: History
    seed: str
    without: tuple[str, ...]
    """Remedies that the merchant did not have."""


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The documents by the SHA-256 of their canonical JSON."""

    harms: str
    remedies: str
    policy: str
    policy_name: str
    law: dict[str, str]


# What stands among the inputs already is left out of what came of them.
_DECIDED = [name for name in Decision.__struct_fields__ if name not in ("assessment", "seed")]
_ASSESSED = [name for name in Assessment.__struct_fields__ if name != "report"]
# The policy holds the labels of offers; its hash stands in the versions.
_OFFERED = [name for name in Offer.__struct_fields__ if name != "label"]
_Unlabelled = msgspec.defstruct("_Unlabelled", _OFFERED, frozen=True, gc=False)
_without_label = attrgetter(*_OFFERED)


def write_receipt(decision: Decision, limits: Limits, history: History, books: Books, form: str = FORMAT) -> bytes:
    """The canonical JSON of a decision. Equal inputs give equal bytes, in whatever order their lines came."""
    inputs = Inputs(
        report=_in_order(decision.assessment.report),
        on=decision.assessment.on,
        limits=limits,
        history=history,
        seed=decision.seed,
        without=tuple(sorted(books.shelf.without)),
    )
    return canonical(_body(inputs, decision, books, form))


def replay(inputs: Inputs, books: Books, form: str = FORMAT) -> bytes:
    """Make the decision again from a receipt's inputs, and write its receipt in the same form."""
    shelf = books.shelf.without_also(frozenset(inputs.without))
    assessment = assess(inputs.report, books.taxonomy, books.law, inputs.on)
    decision = decide(assessment, books.policy, books.law, inputs.limits, inputs.history, shelf, inputs.seed)
    return write_receipt(decision, inputs.limits, inputs.history, msgspec.structs.replace(books, shelf=shelf), form)


def versions(books: Books, country: str, form: str = FORMAT) -> Versions:
    """The hashes of the books, and of the legal packs that speak of this country."""
    packs = [pack.code for pack in books.law.packs if form == FIRST_FORMAT or pack.covers(country)]
    return Versions(
        harms=books.taxonomy.hash,
        remedies=books.shelf.hash,
        policy=books.policy.hash,
        policy_name=books.policy.name,
        law={code: books.law.hashes[code] for code in packs},
    )


def _body(inputs: Inputs, decision: Decision, books: Books, form: str) -> dict[str, Any]:
    decided = {name: getattr(decision, name) for name in _DECIDED}
    assessed = {name: getattr(decision.assessment, name) for name in _ASSESSED}
    decided["offers"] = [_Unlabelled(*_without_label(offer)) for offer in decision.offers]
    return {
        "format": form,
        "inputs": inputs,
        "versions": versions(books, inputs.report.country, form),
        "assessment": assessed,
        "decision": decided,
    }


def _in_order(report: Report) -> Report:
    """The report with its lines in one order and without the customer's words."""
    return msgspec.structs.replace(
        report,
        harms=tuple(sorted(report.harms, key=lambda harm: (harm.type, harm.severity.rank))),
        cost_lines=tuple(
            sorted(
                report.cost_lines,
                key=lambda line: (line.type, line.amount.amount, line.reference or "", line.accepted),
            )
        ),
        words="",
        wanted_outcome="",
    )
