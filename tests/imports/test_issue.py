"""Laws of issuing a file: exactly once, all of it, from what was set aside; and only if somebody may approve it."""

import asyncio
import random
from typing import Any

import asyncpg
import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from compensation.core.errors import Conflict, Forbidden, NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.states import MOVES, ImportState
from compensation.db.answers import Who, Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.imports.approve import ApproveImport, CancelImport, approve_import, cancel_import
from compensation.imports.batch import Import
from compensation.imports.issue import issue_chunk
from compensation.jobs.dispatch import CHUNKS, Worker
from compensation.partners import open_partners
from tests.conftest import make_merchant
from tests.imports.conftest import BUDGET, Office, add_customer, cards, sheet

CARD = {"kind": "gift_card", "currency": "EUR"}
TEN = sheet(cards(10))
WORTH = sum(n * 100 + 50 for n in range(1, 11))


async def test_every_line_becomes_one_order_with_its_reward_and_its_link(office: Office) -> None:
    found = await office.issue(await office.approve(await office.upload(TEN)))
    assert (found.state, found.issued) == (ImportState.issued, 10)
    rows = await office.owner.fetch(
        """SELECT l.key, o.state, o.reference, r.principal, r.kind, k.id IS NOT NULL AS linked
           FROM import_lines AS l JOIN orders AS o ON o.id = l.order_id JOIN rewards AS r ON r.order_id = o.id
           LEFT JOIN links AS k ON k.subject_id = o.id ORDER BY l.number"""
    )
    assert [tuple(row) for row in rows] == [
        (f"k{n}", "issued", f"k{n}", n * 100 + 50, "gift_card", True) for n in range(1, 11)
    ]
    assert await office.balance("budget") == BUDGET.amount - WORTH
    assert (await office.balance("reserved"), await office.balance("spent")) == (0, WORTH)
    assert await office.owner.fetchval("SELECT count(*) FROM outbox WHERE topic = 'event:import.issued'") == 1
    await office.sound()


@hypothesis.settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
async def test_chunks_are_issued_once_in_any_order_however_often_and_together(
    office: Office, chance: random.Random
) -> None:
    """What workers do who die, come back and overlap: each chunk is asked for several times, some at the same time."""
    before = await office.count("orders")
    first = 1000 * (1 + await office.count("imports"))
    found = await office.approve(await office.upload(sheet(cards(10, first))))
    await office.begin(found)
    asked = await office.chunks(found) * 3
    chance.shuffle(asked)
    while asked:
        together = [asked.pop() for _ in range(min(len(asked), chance.randint(1, 4)))]
        await asyncio.gather(*(office.chunk(found, number) for number in together))
    assert (await office.see(found)).state is ImportState.issued
    assert await office.count("orders") == before + 10
    await office.sound()


class Counting(Doorway):
    """A doorway that knows how many chunks were being issued at a time, at the most."""

    now = most = 0

    async def write(self, act: Any, who: Who, what: Any, key: str | None = None) -> Written:
        if act is not issue_chunk:
            return await super().write(act, who, what, key)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().write(act, who, what, key)
        finally:
            self.now -= 1


async def test_a_worker_holds_few_chunks_in_its_hands_however_many_wait_for_it(
    office: Office, settings: Settings
) -> None:
    """What it holds grows with the file otherwise: the bell names all chunks of a file at once."""
    found = await office.approve(await office.upload(TEN, chunk=1))
    await office.begin(found)
    door = Counting(office.door.pool, office.door.vault)
    async with open_partners(settings) as partners:
        worker = Worker(door, partners, Post(settings))
        await asyncio.gather(*(worker.work_one(office.who.merchant_id) for _ in range(12)))
    assert (await office.see(found)).state is ImportState.issued
    assert 1 <= door.most <= CHUNKS
    await office.sound()


async def test_a_chunk_whose_date_is_lost_still_cannot_be_issued_twice(office: Office) -> None:
    """The control of the law above: without the first guard there is the second, and the audit sees both gone."""
    found = await office.issue(await office.approve(await office.upload(TEN)))
    with pytest.raises(asyncpg.RestrictViolationError):
        await office.owner.execute("UPDATE import_chunks SET issued_at = NULL")
    await office.owner.execute("ALTER TABLE import_chunks DISABLE TRIGGER issued_once")
    await office.owner.execute("UPDATE import_chunks SET issued_at = NULL WHERE number = 1")
    with pytest.raises(asyncpg.UniqueViolationError) as refusal:
        await office.chunk(found, 1)
    assert getattr(refusal.value, "constraint_name", "") in (
        "links_live",
        "orders_pkey",
        "rewards_merchant_id_order_id_position_key",
    )
    await office.owner.execute("UPDATE import_lines SET order_id = order_id || 'x' WHERE number = 2")
    broken = await audit_of(office)
    assert any("exactly once" in says for says in broken)
    assert any("one of its lines" in says for says in broken)


async def test_a_file_cut_short_shows_in_the_audit(office: Office) -> None:
    found = await office.upload(TEN)
    await office.owner.execute("DELETE FROM import_lines WHERE import_id = $1 AND number = 5", found.id)
    assert any("a file is what it says" in says for says in await audit_of(office))


async def test_what_is_set_aside_goes_back_when_a_file_is_called_off(office: Office) -> None:
    found = await office.approve(await office.upload(TEN))
    assert (await office.balance("reserved"), await office.balance("budget")) == (WORTH, BUDGET.amount - WORTH)
    await cancel(office, found)
    assert (await office.balance("reserved"), await office.balance("budget")) == (0, BUDGET.amount)
    await office.begin(found)
    assert (await office.see(found)).state is ImportState.cancelled, "the worker comes too late"
    assert (await office.upload(TEN)).state is ImportState.checked, "its keys are free again"
    await office.sound()


async def test_calling_off_and_beginning_at_the_same_time_one_of_them_wins(office: Office) -> None:
    for n in range(4):
        found = await office.approve(await office.upload(sheet(cards(4, 100 * n + 1))))
        both = await asyncio.gather(cancel(office, found), office.begin(found), return_exceptions=True)
        state = (await office.see(found)).state
        assert state is (ImportState.issuing if isinstance(both[0], Problem) else ImportState.cancelled)
    await office.owner.execute("UPDATE outbox SET ended = 'done', ended_at = now()")
    await office.sound()


async def test_what_has_begun_cannot_be_called_off_or_approved_again(office: Office) -> None:
    found = await office.approve(await office.upload(TEN))
    with pytest.raises(Refused, match="wrong_state"):
        await office.approve(found)
    await office.begin(found)
    with pytest.raises(Refused, match="wrong_state"):
        await cancel(office, found)


async def test_a_file_that_was_refused_cannot_be_approved(office: Office) -> None:
    found = await office.upload(sheet([*cards(1), {"key": "x"}]))
    with pytest.raises(Refused, match="wrong_state"):
        await office.approve(found)


async def test_whoever_approves_must_have_seen_the_file(office: Office) -> None:
    found = await office.upload(TEN)
    with pytest.raises(Conflict, match="other_lines"):
        await office.door.write(approve_import, office.who, ApproveImport(found.id, 9))


async def test_a_budget_that_does_not_cover_the_whole_file_issues_none_of_it(office: Office) -> None:
    found = await office.upload(sheet([{"key": "a", "kind": "gift_card", "amount": "9999999.00", "currency": "EUR"}]))
    with pytest.raises(Refused) as refusal:
        await office.approve(found)
    assert refusal.value.code == "budget_exhausted"
    assert refusal.value.extra["left"][0]["amount"] == BUDGET.amount
    assert (await office.see(found)).state is ImportState.checked
    await office.sound()


async def test_another_merchants_import_is_as_good_as_none(office: Office) -> None:
    found = await office.upload(TEN)
    stranger = await make_merchant(office.owner)
    for act, what in ((approve_import, ApproveImport(found.id, 10)), (cancel_import, CancelImport(found.id))):
        with pytest.raises(NotFound):
            await office.door.write(act, stranger, what)


@pytest.mark.parametrize(
    ("maker", "checker", "euros", "refused"),
    [
        ("clerk", "clerk", 100, None),
        ("clerk", "clerk", 101, "self_approval"),
        ("clerk", "lead", 101, None),
        ("lead", "clerk", 101, "not_an_approver"),
        ("lead", "lead", 10_001, "self_approval"),
        ("clerk", "lead", 10_001, "beyond_authority"),
        ("who", "lead", 10_001, "beyond_authority"),
        ("who", "who", 10_001, None),
    ],
)
async def test_above_authority_a_second_person_approves(
    office: Office, maker: str, checker: str, euros: int, refused: str | None
) -> None:
    """Cut into two lines, because it is the file that counts."""
    rows = [
        {"key": n, "kind": "gift_card", "amount": part, "currency": "EUR"} for n, part in ((1, 60), (2, euros - 60))
    ]
    found = await office.upload(sheet(rows), by=getattr(office, maker))
    by: Who = getattr(office, checker)
    if refused is None:
        assert (await office.approve(found, by)).approved_by == by.actor
    else:
        with pytest.raises(Forbidden) as refusal:
            await office.approve(found, by)
        assert refusal.value.code == refused
    await office.sound()


async def test_a_sum_is_not_cut_into_files_either(office: Office) -> None:
    first = await office.upload(sheet([CARD | {"key": 1, "amount": 60}]), by=office.clerk)
    await office.approve(first, office.clerk)
    second = await office.upload(sheet([CARD | {"key": 2, "amount": 60}]), by=office.clerk)
    with pytest.raises(Forbidden, match="self_approval"):
        await office.approve(second, office.clerk)
    await office.approve(second, office.lead)


async def test_nobody_approves_a_card_for_himself(office: Office) -> None:
    customer = await add_customer(office, office.who, email="lead@shop.example")
    line = CARD | {"key": 1, "amount": 5, "customer": customer}
    found = await office.upload(sheet([line], "key,kind,amount,currency,customer"))
    with pytest.raises(Forbidden, match="own_line"):
        await office.approve(found, office.lead)
    await office.approve(found, office.clerk)


async def test_the_table_itself_wants_a_second_person(office: Office) -> None:
    found = await office.upload(TEN, by=office.clerk)
    with pytest.raises(asyncpg.CheckViolationError) as refusal:
        await office.owner.execute(
            "UPDATE imports SET state = 'approved', approved_by = created_by, approved_at = now(), alone = false"
            " WHERE id = $1",
            found.id,
        )
    assert getattr(refusal.value, "constraint_name", "") == "maker_is_not_checker"


async def test_points_and_credit_come_by_the_file_too_and_customers_are_told(office: Office) -> None:
    rows = [
        {"key": 1, "kind": "points", "amount": "5", "currency": "EUR", "points": "500"},
        {"key": 2, "kind": "store_credit", "amount": "20", "currency": "EUR", "bonus": "2"},
    ]
    found = await office.issue(
        await office.approve(await office.upload(sheet(rows, "key,kind,amount,currency,points,bonus")))
    )
    assert [(total.kind, total.amount, total.points) for total in found.totals] == [
        ("points", Money(5_00, "EUR"), 500), ("store_credit", Money(20_00, "EUR"), None),
    ]  # fmt: skip
    held = await office.owner.fetch(
        "SELECT asset, sum(balance) FROM accounts WHERE role IN ('card', 'points') GROUP BY 1"
    )
    assert dict(held) == {"EUR": 22_00, "POINTS": 500}
    await office.sound()


async def test_the_moves_of_an_import_are_those_of_the_table(office: Office) -> None:
    rows = await office.owner.fetch("SELECT from_state, to_state FROM state_moves WHERE machine = 'import'")
    assert {tuple(row) for row in rows} == {(old, new) for old, news in MOVES["import"].items() for new in news}


async def cancel(office: Office, found: Import) -> None:
    await office.door.write(cancel_import, office.who, CancelImport(found.id))


async def audit_of(office: Office) -> list[str]:
    return list(await audit(office.owner))
