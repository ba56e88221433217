"""Stories of signals: each speaks for what was done, brings a case to a second person, and refuses nothing."""

import re
from datetime import timedelta
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.cases.approve import Approve, approve
from compensation.cases.case import Case, CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.risk import sql
from compensation.cases.risk.narrative import RUNS_KEPT, sketch
from compensation.cases.risk.review import Judge, Rate, Review, judge, rates, reviews
from compensation.cases.risk.signals import Code, Score, Weights, score, weights
from compensation.core.errors import Forbidden, Refused
from compensation.core.states import CaseState
from compensation.core.vault import Vault
from compensation.customers.erase import Erase, erase
from compensation.customers.identity import mailbox
from compensation.db.answers import Who
from compensation.issuance.order import IssueCase, issue_case
from compensation.web.console.signals import _SAYS, LABELS
from tests.cases.desk import INC_10, INC_19, Desk, hire

STORY = (
    "The workshop was called off in May and nobody wrote to me. I had paid for the train already and took two days off "
    "from work, and when I rang your office a gentleman told me that I should have read the page more carefully."
)
VAULT = Vault({1: b"not a secret: tests only, key 1."})


async def scored(desk: Desk, case: Case) -> Score:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return await score(tx, case.id, desk.door.clock())


def spoke(found: Score) -> dict[str, int]:
    return {one.code: one.saw for one in found.signals}


async def reported(desk: Desk, who: Who | None = None, body: dict[str, Any] = INC_10, **customer: str) -> CaseFile:
    return await desk.report(who or desk.system, body | {"customer": customer})


async def test_an_ordinary_case_has_no_signal(desk: Desk) -> None:
    found = await scored(desk, await reported(desk, reference="1", email="a@b.example"))
    assert (found.score, found.review, found.signals) == (0, False, ())


async def test_one_mailbox_one_number_one_device_is_perhaps_one_person(desk: Desk) -> None:
    for n, same in enumerate((
        {"email": "ann.other+1@gmail.com"}, {"phone": "+353 1 555 0142"}, {"device": "d-77"},
        {"address": "14, Harbour St. Dublin"},
    )):  # fmt: skip
        other = {"email": "annother@googlemail.com", "phone": "01 555 0142", "address": "14 harbour st dublin"}
        name = next(iter(same))
        await reported(desk, reference=f"first-{n}", **same)
        case = await reported(
            desk, reference=f"then-{n}", **({name: other.get(name, "d-77")}), body=INC_10 | {"country": "IE"}
        )
        assert spoke(await scored(desk, case)) == {"linked_identities": 1}, name
    kept = str([dict(row) for row in await desk.owner.fetch("SELECT * FROM customer_identities")])
    assert not re.search("ann|555|d-77|arbour", kept)


async def test_a_story_that_somebody_else_told_is_known_again_and_no_word_is_kept(desk: Desk) -> None:
    first = await reported(desk, body=INC_19 | {"words": STORY}, reference="1")
    assert spoke(await scored(desk, first)) == {}
    copied = STORY.replace("May", "June").upper()
    again = await reported(desk, body=INC_19 | {"words": copied}, reference="2")
    (found,) = (await scored(desk, again)).signals
    assert (found.code, found.saw >= 60) == ("narrative_reused", True)
    own = await reported(desk, body=INC_19 | {"words": STORY}, reference="3")
    assert spoke(await scored(desk, own))["narrative_reused"] == 100
    short = await reported(desk, body=INC_19 | {"words": "It came broken"}, reference="4")
    same = await reported(desk, body=INC_19 | {"words": "It came broken"}, reference="5")
    assert spoke(await scored(desk, short)) == spoke(await scored(desk, same)) == {}
    assert "workshop" not in str([dict(row) for row in await desk.owner.fetch("SELECT * FROM case_narratives")])
    await desk.door.write(erase, desk.system, Erase(first.customer_id))
    left = await desk.owner.fetch(
        "SELECT customer_id FROM case_narratives UNION SELECT customer_id FROM customer_identities"
    )
    assert first.customer_id not in {row["customer_id"] for row in left}


@given(st.lists(st.sampled_from(STORY.split()), max_size=400))
def test_a_sketch_is_of_the_story_alone_and_bounded(words: list[str]) -> None:
    text = " ".join(words)
    found = sketch(VAULT, text)
    assert found == sketch(VAULT, text.upper().replace(" ", "  \n"))
    assert len(found) <= RUNS_KEPT
    assert found == sorted(set(found))
    assert found == [] or found != sketch(Vault({1: b"another key, and no secret too.."}), text)


@pytest.mark.parametrize(
    ("email", "reaches"),
    [("A.B+c@Gmail.com", "ab@gmail.com"), ("a.b+c@shop.example", "a.b@shop.example"), ("x@y.example", "x@y.example")],
)
def test_a_mailbox_is_known_by_what_it_receives(email: str, reaches: str) -> None:
    assert mailbox(email) == reaches


async def often(desk: Desk, times: int, **customer: str) -> list[CaseFile]:
    """One customer, one agent, again and again."""
    cases = []
    for _ in range(times):
        case = await reported(desk, desk.agent, **customer)
        await desk.owner.execute("UPDATE cases SET in_review = false")
        cases.append(case)
        if len(cases) < times:
            await desk.door.write(choose, desk.agent, Choose(case_id=case.id, offer=case.offers[0].key))
    return cases


async def test_many_cases_with_one_colleague_wait_for_a_second_person_and_are_never_refused(desk: Desk) -> None:
    last = (await often(desk, 4, reference="1"))[-1]
    found = await scored(desk, last)
    assert {"frequency": 4, "agent_concentration": 3}.items() <= spoke(found).items()
    assert found.review
    moved = await desk.choose(desk.agent, last, last.offers[0].key)
    assert moved.state is CaseState.needs_approval
    assert (
        await desk.owner.fetchval("SELECT note FROM case_events WHERE case_id = $1 AND what = 'proposed'", last.id)
        == "signals"
    )
    done = (await desk.door.write(approve, desk.lead, Approve(case_id=last.id))).read(Case)
    assert done.state is CaseState.accepted
    async with desk.door.read(desk.system.merchant_id) as tx:
        (review,) = await reviews(tx, last.id)
        measured = {one.code: one for one in await rates(tx, desk.door.clock() - timedelta(days=1))}
    assert (review.outcome, review.reviewed_by, review.score) == ("cleared", desk.lead.actor, found.score)
    assert measured["any"] == Rate(code="any", waiting=0, cleared=1, confirmed=0, false_alarms=100)
    assert set(measured) == {"any", *spoke(found)}


async def test_an_apology_that_costs_nothing_is_held_up_by_no_signal(desk: Desk) -> None:
    last = (await often(desk, 4, reference="1"))[-1]
    await desk.owner.execute(
        """UPDATE offers SET offer = jsonb_set(offer, '{value,amount}', '0') WHERE case_id = $1 AND key = $2""",
        last.id, last.offers[0].key,
    )  # fmt: skip
    assert (await desk.choose(desk.agent, last, last.offers[0].key)).state is CaseState.accepted


async def test_time_forgets(desk: Desk) -> None:
    last = (await often(desk, 4, reference="1"))[-1]
    now = desk.door.clock()
    desk.door.clock = partial(_same, now + timedelta(days=91))
    assert not {"frequency", "agent_concentration"} & set(spoke(await scored(desk, last)))


def _same(moment: Any) -> Any:
    return moment


async def test_what_came_of_a_look_is_said_by_somebody_else_and_once(desk: Desk) -> None:
    last = (await often(desk, 4, reference="1"))[-1]
    await desk.choose(desk.agent, last, last.offers[0].key)
    says = Judge(case_id=last.id, outcome="confirmed")
    clerk = await hire(desk.door, desk.system, "ana@shop.example", "agent", 0)
    for who, code in ((desk.system, "person_needed"), (clerk, "not_an_approver"), (desk.agent, "not_an_approver")):
        with pytest.raises(Forbidden, match=code):
            await desk.door.write(judge, who, says)
    said = (await desk.door.write(judge, desk.lead, says)).read(Review)
    assert (said.outcome, said.reviewed_by) == ("confirmed", desk.lead.actor)
    with pytest.raises(Refused, match="no_review"):
        await desk.door.write(judge, desk.lead, says)
    assert (await desk.file(last)).state is CaseState.needs_approval, "a judgement moves no case"
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert {one.false_alarms for one in await rates(tx, desk.door.clock() - timedelta(days=1))} == {0}


async def test_who_somebody_is_makes_no_difference(desk: Desk) -> None:
    """The same deeds by people of other names, tongues, countries and tiers have the same score."""
    found = []
    for n, person in enumerate((
        {"country": "DE", "locale": "de", "customer_tier": "gold"}, {"country": "KW", "locale": "ar"},
        {"country": "BG", "locale": "bg", "customer_tier": "silver"},
    )):  # fmt: skip
        for _ in range(4):
            body = INC_10 | person | {"order": {"number": "1", "amount": {"amount": 4500, "currency": "EUR"}}}
            case = await desk.report(
                desk.system, body | {"customer": {"reference": str(n), "name": f"N{n}", "salutation": f"Frau {n}"}}
            )
        found.append(await scored(desk, case))
    assert found[0].signals
    assert found[0] == found[1] == found[2]


def test_nothing_that_says_who_somebody_is_goes_in() -> None:
    asked = sql.SIGNALS.casefold()
    for word in (
        "country",
        "locale",
        "tier",
        "name",
        "salutation",
        "age",
        "birth",
        "sex",
        "gender",
        "origin",
        "person",
    ):
        assert not re.search(rf"\b\w*[._ ]{word}\b", asked.replace("message", "")), word
    assert set(get_args(Code)) == set(Weights.__struct_fields__) - {"review_at"} == set(_SAYS) == set(LABELS) - {"any"}
    by, version = weights()
    assert version
    assert max(getattr(by, code).weight for code in get_args(Code)) <= by.review_at, "one sign alone is no certainty"


async def test_a_file_that_somebody_else_gave_is_known_also_when_it_only_looks_the_same(desk: Desk) -> None:
    mine, theirs = await reported(desk, reference="1"), await reported(desk, reference="2")
    add = (
        "INSERT INTO evidence (merchant_id, id, case_id, customer_id, number, kind, media_type, size, content_hash,"
        " look, name, given_by, at) VALUES ($1, $2, $3, $4, $5, 'photo', 'image/png', 1, $6, $7, 'x', 'test', now())"
    )
    bands = [bytes([n]) * 8 for n in range(8)]
    one, other, third = (bytes([n]) * 32 for n in (1, 2, 3))
    merchant = desk.system.merchant_id
    await desk.owner.execute(add, merchant, "evd_1", theirs.id, theirs.customer_id, 1, one, bands)
    await desk.owner.execute(
        add, merchant, "evd_2", mine.id, mine.customer_id, 1, other, [*bands[:5], b"x", b"y", b"z"]
    )
    assert spoke(await scored(desk, mine)) == {}, "five bands are no likeness"
    await desk.owner.execute(add, merchant, "evd_3", mine.id, mine.customer_id, 2, third, [*bands[:6], b"x", b"y"])
    assert spoke(await scored(desk, mine)) == {"evidence_reused": 1}
    await desk.owner.execute(add, merchant, "evd_4", mine.id, mine.customer_id, 3, one, [])
    found = await scored(desk, mine)
    assert (spoke(found), found.review) == ({"evidence_reused": 2}, True)


async def test_much_goodwill_for_little_bought_and_value_used_by_whoever_granted_it(desk: Desk) -> None:
    case = await reported(desk, desk.agent, reference="1")
    await desk.choose(desk.agent, case, case.offers[0].key)
    await desk.owner.execute("UPDATE cases SET goodwill = order_amount * 4 / 10")
    assert spoke(await scored(desk, case)) == {"spend_share": 40}
    await desk.owner.execute("UPDATE cases SET goodwill = 0")
    await desk.door.write(issue_case, Who(desk.system.merchant_id, "system:issue"), IssueCase(case.id))
    await desk.owner.execute(
        "INSERT INTO redemptions (merchant_id, id, reward_id, kind, amount, asset, balance, actor, at)"
        " SELECT merchant_id, 'red_1', id, 'redeem', 1, asset, 0, $1, now() FROM rewards LIMIT 1",
        desk.lead.actor,
    )
    assert spoke(await scored(desk, case)) == {}
    await desk.owner.execute(
        "INSERT INTO redemptions (merchant_id, id, reward_id, kind, amount, asset, balance, actor, at)"
        " SELECT merchant_id, 'red_2', id, 'redeem', 1, asset, 0, $1, now() FROM rewards LIMIT 1",
        desk.agent.actor,
    )
    assert spoke(await scored(desk, case)) == {"issuer_redeems": 1}
