"""Inspections of the goods of a case, and the checklists they go by."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody

from compensation.cases.inspection.inspect import Finding, Inspect, inspect
from compensation.cases.inspection.inspection import Inspection, inspections
from compensation.catalog.library import library
from compensation.engine.checklist import Checklist, GradeMeaning
from compensation.engine.taxonomy import Named
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key

EXAMPLE = {
    "items": [
        {"code": "right_item", "well": True},
        {"code": "undamaged", "well": False},
        {"code": "clean", "well": True},
        {"code": "works", "well": True},
    ],
    "missing": ["packaging"],
    "grade": "B",
    "disposition": "restock",
    "note": "A scratch on the lid.",
}


class InspectionList(msgspec.Struct, frozen=True):
    items: list[Inspection]


class Checklists(msgspec.Struct, frozen=True):
    """``items`` are the checklists; ``general`` is for every category without one of its own."""

    items: tuple[Checklist, ...]
    grades: tuple[GradeMeaning, ...]
    dispositions: tuple[Named, ...]


@post(
    "/cases/{case_id:str}/inspections", summary="Inspect the goods of a case", status_code=201, opt={"example": EXAMPLE}
)
async def create(
    case_id: FromPath[str], data: JSONBody[Finding], door: Door, who: Caller, key: Key
) -> Response[Inspection]:
    """By the checklist of the order's category, each item once. It is kept for good; the latest one counts.

    While nothing is chosen, the case is decided again by what was found: policies may ask for `inspected`, `complete`,
    `incomplete`, `acceptable`, `unacceptable` and for the grade. Sums owed never depend on it.
    """
    asked = Inspect(case_id=case_id, **msgspec.structs.asdict(data))
    return answered(await door.write(inspect, who, asked, key), 201, Inspection)


@get("/cases/{case_id:str}/inspections", summary="The inspections of a case")
async def index(case_id: FromPath[str], door: Door, who: Caller) -> InspectionList:
    """Oldest first."""
    async with door.read(who.merchant_id) as tx:
        return InspectionList(await inspections(tx, case_id))


@get("/inspection-checklists", summary="The checklists for inspections")
async def checklists() -> Checklists:
    """Items and accessories by category, what each grade means, and what may become of the goods."""
    book = library().inspection
    return Checklists(book.checklist, book.grade, book.disposition)


router = Router("/", route_handlers=[create, index, checklists], tags=["Cases"])
