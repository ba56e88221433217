"""The shipped incidents, each of their offers chosen and issued: what was set aside is what was spent."""

import asyncpg
import msgspec

from compensation.cases.case import Case, CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven, sentence
from compensation.cases.report import report
from compensation.core.settings import Settings
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.demo import Incident, faults, samples
from compensation.issuance.order import IssueCase, issue_case
from compensation.merchants.demo import seed
from tests.cases.desk import reading


def body(incident: Incident, turn: int) -> dict[str, object]:
    return incident.report | {"customer": {"reference": f"{incident.id}-{turn}", "name": incident.customer}}


async def test_every_incident_is_offered_all_it_must_be_and_nothing_forbidden(
    door: Doorway, owner: asyncpg.Connection, settings: Settings
) -> None:
    who = Who((await seed(door, owner, settings.data / "demo.toml")).merchant, "key_test")
    for incident in samples():
        case = (await door.write_together(report, who, reading(body(incident, 0)))).read(CaseFile)
        assert faults(incident, msgspec.to_builtins(case.offers)) == [], incident.id


async def test_every_offer_of_every_incident_can_be_chosen_and_issued_from_what_was_set_aside(
    door: Doorway, owner: asyncpg.Connection, settings: Settings
) -> None:
    who = Who((await seed(door, owner, settings.data / "demo.toml")).merchant, "key_test")
    for incident in samples():
        turn = 0
        while True:
            case = (await door.write_together(report, who, reading(body(incident, turn)))).read(CaseFile)
            offer = case.offers[turn]
            agreed = sentence(offer, case.locale)
            consent = ConsentGiven(sentence=agreed, agreement="signed") if agreed else None
            choice = Choose(case_id=case.id, offer=offer.key, consent=consent)
            accepted = (await door.write(choose, who, choice)).read(Case)
            assert accepted.state is CaseState.accepted, (incident.id, offer.key)
            await door.write(issue_case, who, IssueCase(case.id))
            left = await owner.fetchval("SELECT coalesce(sum(balance), 0) FROM accounts WHERE role = 'reserved'")
            assert left == 0, (incident.id, offer.key)
            turn += 1
            if turn == len(case.offers):
                break
    assert await audit(owner) == {}
