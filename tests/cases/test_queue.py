"""The queue an agent works from: which cases a view holds, in what order, and how one is found."""

from datetime import timedelta
from typing import Any

import pytest

from compensation.cases.approve import Decline, reject
from compensation.cases.case import Case
from compensation.cases.queue import UNREAD_AFTER, Page, View, counts, find, queue
from compensation.core.errors import Invalid
from compensation.core.ids import new_id
from tests.cases.desk import INC_10, INC_19, Desk, open_desk
from tests.conftest import make_merchant


async def page(desk: Desk, view: View, who: str = "", cursor: str | None = None, limit: int = 50) -> Page:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return await queue(tx, view, who, desk.door.clock(), cursor, limit)


async def ids(desk: Desk, view: View, who: str = "") -> list[str]:
    return [case.id for case in (await page(desk, view, who)).items]


async def found(desk: Desk, text: str) -> list[str]:
    async with desk.door.read(desk.system.merchant_id) as tx:
        return [case.id for case in (await find(tx, text)).items]


async def reported(desk: Desk, number: int, body: dict[str, Any] = INC_10, **more: Any) -> Case:
    return await desk.report(desk.system, body | {"customer": {"reference": str(number)}} | more)


async def deliver(desk: Desk, case: Case, state: str, days_ago: int = 0) -> None:
    at = desk.door.clock() - timedelta(days=days_ago)
    await desk.owner.execute(
        "INSERT INTO deliveries (merchant_id, id, letter, case_id, channel, locale, state, sent_at, created_at,"
        " updated_at) VALUES ($1, $2, 'remedy', $3, 'email', 'en', $4, $5, $5, $5)",
        desk.system.merchant_id, new_id("dlv"), case.id, state, at,
    )  # fmt: skip


async def test_urgent_cases_stand_first_then_what_is_due_soonest(desk: Desk) -> None:
    low = await reported(desk, 1, INC_19, harms=[{"type": "financial.direct_financial_loss", "severity": "low"}])
    critical = await reported(desk, 2, INC_19)
    hurt = await reported(desk, 3)
    assert await ids(desk, "open") == [hurt.id, critical.id, low.id]


async def test_pages_hold_every_case_once_in_one_order(desk: Desk) -> None:
    for number in range(9):
        await reported(desk, number, INC_19 if number % 2 else INC_10)
    # Cases that are due in the same moment are told apart by their ids.
    await desk.owner.execute("UPDATE cases SET answer_due = '2026-11-22T16:00:00Z' WHERE number % 3 = 0")
    whole = await ids(desk, "open")
    assert len(whole) == 9
    for size in (1, 2, 4, 9, 50):
        walked: list[str] = []
        cursor = None
        while True:
            one = await page(desk, "open", cursor=cursor, limit=size)
            walked += [case.id for case in one.items]
            assert len(one.items) <= size
            if one.next is None:
                break
            cursor = one.next
        assert walked == whole


@pytest.mark.parametrize("cursor", ["", "x", "bm90IGpzb24", "WzEsMiwzXQ", "é"])
async def test_a_cursor_that_we_did_not_give_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(Invalid, match="invalid_cursor"):
        await page(desk, "open", cursor=cursor)


async def test_each_view_holds_what_its_name_says(desk: Desk) -> None:
    untouched = await reported(desk, 1)
    own = await desk.report(desk.agent, INC_10)
    waiting = await desk.report(desk.agent, INC_19)
    await desk.choose(desk.agent, waiting, waiting.offers[0].key)
    ended = await desk.report(desk.agent, INC_19 | {"customer": {"reference": "9"}})
    await desk.choose(desk.agent, ended, ended.offers[0].key)
    await desk.door.write(reject, desk.lead, Decline(case_id=ended.id, reason="Paid before"))
    done = await reported(desk, 2)
    await desk.choose(desk.lead, done, (await desk.file(done)).offers[0].key)
    for state in ("issuing", "issued"):
        await desk.owner.execute("UPDATE cases SET state = $2 WHERE id = $1", done.id, state)
    assert set(await ids(desk, "open")) == {untouched.id, own.id, waiting.id, done.id}
    assert set(await ids(desk, "mine", desk.agent.actor)) == {own.id, waiting.id}
    assert await ids(desk, "mine", desk.lead.actor) == [done.id]
    assert await ids(desk, "needs_approval") == [waiting.id]
    assert await ids(desk, "issued") == [done.id]
    assert await ids(desk, "closed") == [ended.id]
    assert len(await ids(desk, "all")) == 5
    async with desk.door.read(desk.system.merchant_id) as tx:
        many = await counts(tx, desk.agent.actor, desk.door.clock())
    assert (many.open, many.mine, many.needs_approval, many.unread) == (4, 2, 1, 0)


async def test_unread_is_what_bounced_or_nobody_opened_and_nothing_newer_followed(desk: Desk) -> None:
    bounced, old, opened, fresh, mended = [await reported(desk, number) for number in range(5)]
    long_ago = UNREAD_AFTER.days + 1
    await deliver(desk, bounced, "bounced")
    await deliver(desk, old, "sent", long_ago)
    await deliver(desk, opened, "opened", long_ago)
    await deliver(desk, fresh, "sent")
    await deliver(desk, mended, "bounced", long_ago)
    await deliver(desk, mended, "delivered")
    assert set(await ids(desk, "unread")) == {bounced.id, old.id}
    assert {case.id: case.delivery for case in (await page(desk, "open")).items} == {
        bounced.id: "bounced", old.id: "sent", opened.id: "opened", fresh.id: "sent", mended.id: "delivered",
    }  # fmt: skip


async def test_a_case_is_found_by_whatever_somebody_reads_out(desk: Desk) -> None:
    hannah = await desk.report(desk.system, INC_19)
    marc = await desk.report(desk.system, INC_10)
    await reward(desk, marc, "6NTA")
    for text in (
        "Weber",
        "hannah",
        "hannah@weber.example",
        "SN-39107",
        hannah.id,
        hannah.customer_id,
        f"SN-C-{hannah.number}",
    ):
        assert await found(desk, text) == [hannah.id], text
    for text in ("marc tremblay", "6nta", " 6NTA ", str(marc.number), "SN-50001"):
        assert await found(desk, text) == [marc.id], text
    for text in ("", "  ", "Nobody", "0000", "9" * 40, "%", "case_x", "²", "٣"):
        assert await found(desk, text) == [], text


async def test_another_merchant_s_queue_is_empty_of_ours(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    other = await open_desk(desk.door, desk.owner, await make_merchant(desk.owner), slug="other")
    assert await ids(other, "all") == []
    for text in ("Weber", "SN-39107", case.id, case.customer_id, str(case.number)):
        assert await found(other, text) == []


async def reward(desk: Desk, case: Case, last4: str) -> None:
    """A gift card of this case, as far as finding it goes."""
    order, now = new_id("ord"), desk.door.clock()
    await desk.owner.execute(
        "INSERT INTO orders (merchant_id, id, program_id, case_id, state, created_by, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, 'issued', 'system', $5, $5)",
        desk.system.merchant_id, order, desk.program, case.id, now,
    )  # fmt: skip
    await desk.owner.execute(
        "INSERT INTO rewards (merchant_id, id, order_id, program_id, case_id, position, kind, remedy, part, state,"
        " currency, asset, principal, bonus, code_sealed, code_hash, code_last4, issued_at, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, 0, 'gift_card', 'digital_gift_card', 'goodwill', 'issued', 'CAD', 'CAD', 1, 0,"
        " 's', 'h', $6, $7, $7, $7)",
        desk.system.merchant_id, new_id("rwd"), order, desk.program, case.id, last4, now,
    )  # fmt: skip


async def test_a_perk_that_promises_a_prompt_answer_puts_a_case_first(desk: Desk) -> None:
    plain = await desk.report(desk.system, INC_19, "first")
    assert not plain.priority
    await desk.owner.execute(
        "INSERT INTO orders (merchant_id, id, program_id, customer_id, state, created_by, created_at, updated_at)"
        " SELECT merchant_id, 'ord_tier', program_id, customer_id, 'issued', 'key_x', now(), now() FROM cases LIMIT 1"
    )
    await desk.owner.execute(
        "INSERT INTO rewards (merchant_id, id, order_id, program_id, customer_id, position, kind, remedy, part, state,"
        " currency, asset, principal, bonus, terms, issued_at, expires_at, created_at, updated_at)"
        " SELECT merchant_id, 'rwd_tier', id, program_id, customer_id, 0, 'tier', 'tiered_perk', 'goodwill', 'issued',"
        " 'EUR', 'EUR', 0, 0, '{\"tier\": \"gold\", \"perks\": [\"vip_support\"]}', now(), now() + interval '30 days',"
        " now(), now() FROM orders"
    )
    prompt = await desk.report(desk.system, INC_19, "second")
    assert prompt.customer_id == plain.customer_id
    assert prompt.priority
    assert prompt.answer_due - prompt.created_at == (plain.answer_due - plain.created_at) / 2
