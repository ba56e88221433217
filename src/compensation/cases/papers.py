"""Papers and inspections that a policy asks for before goodwill: which are there, and what follows where one is not.

What is owed waits for none of them. An offer that adds goodwill to something owed goes to a second person where a paper
is not there, as for any other look. An offer of goodwill alone is refused until the paper comes, or the customer
says that he cannot give it, and then goes to a second person too. It is the same with goods: until somebody inspected
them goodwill alone waits, and where they did not pass a second person decides.
"""

from collections.abc import Collection

import msgspec

from compensation.cases import sql
from compensation.cases.case import offers
from compensation.cases.evidence.piece import EvidenceKind
from compensation.core.errors import Refused
from compensation.db.pool import Tx
from compensation.engine.plan import Offer, Part


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of evidence that the policy asks for in this case, and whether the case has it."""

    kind: EvidenceKind
    given: bool


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the offers of a case. ``goods``: somebody is to inspect them first."""

    papers: tuple[Paper, ...]
    goods: bool


async def stands_before(tx: Tx, case_id: str) -> Before:
    """What the offers of a case ask for, in one order. Raises NotFound ``unknown_case``."""
    made = await offers(tx, case_id)
    asked = {EvidenceKind(kind) for offer in made for kind in offer.documents or ()}
    given = await tx.value(sql.KINDS_GIVEN, case_id)
    return Before(
        papers=tuple(Paper(kind=kind, given=kind in given) for kind in EvidenceKind if kind in asked),
        goods=any(offer.inspection == "needed" for offer in made),
    )


async def lacking(tx: Tx, case_id: str, offer: Offer) -> tuple[str, ...]:
    """The papers that this offer asks for and the case does not have."""
    return left_out(offer, await tx.value(sql.KINDS_GIVEN, case_id)) if offer.documents else ()


def left_out(offer: Offer, given: Collection[str]) -> tuple[str, ...]:
    return tuple(kind for kind in offer.documents or () if kind not in given)


def may_go_on(offer: Offer, missing: tuple[str, ...], without: bool) -> None:
    """Whether this offer can be chosen as things stand: at once, or by way of a second person.

    ``without``: the customer says that he cannot give what is missing. Raises Refused ``documents_missing``,
    ``inspection_needed``.
    """
    if any(line.part is Part.owed for line in offer.lines):
        return
    if offer.inspection == "needed":
        raise Refused(
            "inspection_needed", "The goods are inspected before this offer: keep an inspection, then choose."
        )
    if missing and not without:
        raise Refused(
            "documents_missing",
            f"Before this offer we need: {', '.join(missing)}. Add each as evidence of that kind, or send "
            "without_documents where the customer cannot give it; a second person then decides.",
            documents=list(missing),
        )
