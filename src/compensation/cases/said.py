"""What a customer said, sealed under his own key: the report as it came, with his words and the outcome he wanted."""

from collections.abc import Iterable

import msgspec

from compensation.cases import sql
from compensation.core.text import clean, line
from compensation.core.vault import Unreadable
from compensation.customers.contact import Person
from compensation.customers.customer import key_of, persons
from compensation.customers.key import CustomerKey
from compensation.db.pool import Tx
from compensation.engine.report import Report


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """For those who serve the customer; never kept in an answer."""

    case_id: str
    person: Person
    report: Report


def inert(given: Report) -> Report:
    """The report alone, without what came beside it, and with every text a person wrote made harmless."""
    fields = {name: getattr(given, name) for name in Report.__struct_fields__}
    fields["words"], fields["wanted_outcome"] = clean(given.words), clean(given.wanted_outcome)
    fields["incident_group"] = _label(given.incident_group)
    order = given.order
    if order is not None:
        labels = {name: _label(getattr(order, name)) for name in ("item", "sku", "payment")}
        fields["order"] = msgspec.structs.replace(order, number=line(order.number), **labels)
    return Report(**fields)


def seal_report(key: CustomerKey, case_id: str, report: Report) -> bytes:
    return key.seal(case_id, msgspec.json.encode(report))


def open_report(key: CustomerKey, case_id: str, sealed: bytes) -> Report:
    """Raises Unreadable."""
    return msgspec.json.decode(key.open(case_id, sealed), type=Report)


async def reported(tx: Tx, case_id: str) -> Report:
    """The report of a case as it came. Raises Unreadable when there is no such case or the customer was erased."""
    row = await tx.row(sql.REPORTS, [case_id])
    if row is None:
        raise Unreadable(case_id)
    return open_report(await key_of(tx, row["customer_id"]), case_id, row["report"])


async def said(tx: Tx, case_ids: Iterable[str]) -> dict[str, Said]:
    """Who said what, by case; cases of erased customers are left out. Two statements, however many cases."""
    rows = await tx.rows(sql.REPORTS, sorted(set(case_ids)))
    people = await persons(tx, [row["customer_id"] for row in rows])
    found = {}
    for row in rows:
        if row["customer_id"] in people:
            person, key = people[row["customer_id"]]
            report = open_report(key, row["id"], row["report"])
            found[row["id"]] = Said(case_id=row["id"], person=person, report=report)
    return found


def _label(text: str | None) -> str | None:
    """On one line; None where nothing of it was to be seen."""
    return line(text) or None if text is not None else None
