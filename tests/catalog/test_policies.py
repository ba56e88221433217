"""A merchant's own policy: written, looked at by a second person, published, amended, taken back."""

import asyncio
import datetime

import asyncpg
import pytest

from compensation.cases.case import receipt
from compensation.catalog.draft import NewDraft, check, draft
from compensation.catalog.library import library
from compensation.catalog.publish import publish, retire, roll_back, shadow, unshadow
from compensation.catalog.version import PolicyVersion, policy_text
from compensation.core.errors import Forbidden, Invalid, NotFound, Refused
from compensation.core.states import MOVES, PolicyState
from compensation.db.audit import audit
from compensation.engine import seal
from tests.cases.desk import Desk
from tests.catalog.pen import DEFECT, VERSION, earning, goodwill, live, move, named, text, variant, write
from tests.conftest import make_merchant

SEASON = variant("winter", "bought = { first = 2026-12-01, last = 2027-01-15 }")


async def test_without_a_policy_of_ones_own_the_shipped_one_decides(desk: Desk) -> None:
    assert await goodwill(desk) == (500, named())
    await write(desk, earning(20))
    assert await goodwill(desk) == (500, named())


async def test_a_published_version_decides_new_cases_and_old_ones_keep_theirs(desk: Desk) -> None:
    before = await desk.report(desk.system, DEFECT)
    version = await live(desk, earning(20))
    assert (version.name, version.state, version.published_by) == (named(1), "published", desk.lead.actor)
    assert await goodwill(desk) == (2_000, named(1))
    assert (await desk.file(before)).assessment.policy == named()
    await live(desk, earning(30))
    assert await goodwill(desk) == (3_000, named(2))
    assert not await audit(desk.owner)


async def test_a_receipt_is_replayed_by_the_very_text_it_was_decided_by(desk: Desk) -> None:
    version = await live(desk, earning(20))
    case = await desk.report(desk.system, DEFECT)
    await live(desk, earning(30))
    async with desk.door.read(desk.system.merchant_id) as tx:
        signed = (await receipt(tx, case.id)).document
        kept = (await policy_text(tx, version.id)).text
    books = library().books_of(library().policy(kept, "kept.toml"))
    assert seal.verify(signed, books, desk.door.vault.signer()[1].public_key()).valid


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('code = "default"', "code = 5", "Expected `str`"),
        ('harms = ["material.defective_product"]', 'harms = ["material.rain"]', "no harm 'material.rain'"),
        ('wants = ["explanation"]', 'reason_codes = ["bad_weather"]', "no reason 'bad_weather'"),
        ('cel = "costs * 2 > order_amount"', 'cel = "costs * 2"', "must answer yes or no"),
        ("[caps]", '[caps]\nharms = { "material.rain" = { EUR = 1 } }', "no harm 'material.rain'"),
        ("processing_days = 7", 'processing_days = 7\nmethods_off = ["free_ride"]', "no remedy 'free_ride'"),
        ('code = "default"', 'code = "default"\nvariant_of = "default"', "variant of itself"),
        ('code = "default"', 'code = "a"\nbought = { first = 2026-12-02, last = 2026-12-01 }', "before the first"),
    ],
)
async def test_a_bad_text_is_refused_with_its_line_and_leaves_nothing(
    desk: Desk, old: str, new: str, reason: str
) -> None:
    bad = text((old, new))
    with pytest.raises(Invalid) as refused:
        await desk.door.write(draft, desk.system, NewDraft(text=bad))
    assert refused.value.code == "bad_document"
    assert reason in refused.value.extra["reason"]
    line = bad[: bad.index(new)].count("\n") + 1
    assert line - 2 <= refused.value.extra["line"] <= line + new.count("\n")
    said = check(bad)
    assert (said.valid, said.line) == (False, refused.value.extra["line"])
    assert await desk.count("policies") == 0


async def test_nobody_publishes_what_he_wrote(desk: Desk) -> None:
    version = await write(desk, earning(20), who=desk.lead)
    with pytest.raises(Forbidden) as refused:
        await move(desk, publish, desk.lead, version)
    assert refused.value.code == "self_approval"
    with pytest.raises(asyncpg.CheckViolationError, match="maker_is_not_checker"):
        await desk.owner.execute(
            "UPDATE policies SET state = 'published', published_at = now(), published_by = written_by"
        )
    assert await goodwill(desk) == (500, named())


@pytest.mark.parametrize("act", [publish, retire, roll_back])
async def test_a_system_publishes_nothing_without_a_person(desk: Desk, act: object) -> None:
    version = await live(desk, earning(20))
    with pytest.raises(Forbidden) as refused:
        await move(desk, act, desk.system, version)
    assert refused.value.code == "person_needed"


async def test_an_agent_reads_policies_and_changes_none(desk: Desk) -> None:
    with pytest.raises(Forbidden) as refused:
        await write(desk, earning(20), who=desk.agent)
    assert refused.value.code == "not_an_editor"
    version = await write(desk, earning(20))
    for act in (publish, shadow, retire):
        with pytest.raises(Forbidden):
            await move(desk, act, desk.agent, version)


async def test_an_older_version_is_published_anew(desk: Desk) -> None:
    first = await live(desk, earning(20))
    await live(desk, earning(30))
    again = await move(desk, roll_back, desk.lead, first)
    assert (again.name, again.anew_of, again.written_by) == (named(3), first.id, first.written_by)
    assert again.valid_from == desk.door.clock().date()
    assert await goodwill(desk) == (2_000, named(3))
    assert not await audit(desk.owner)


async def test_what_was_never_published_is_not_gone_back_to(desk: Desk) -> None:
    with pytest.raises(Refused, match="never_published"):
        await move(desk, roll_back, desk.lead, await write(desk, earning(20)))


async def test_a_retired_policy_leaves_the_shipped_one(desk: Desk) -> None:
    version = await live(desk, earning(20))
    await move(desk, retire, desk.lead, version)
    assert await goodwill(desk) == (500, named())
    with pytest.raises(Refused, match="wrong_state"):
        await move(desk, publish, desk.lead, version)


async def test_what_is_planned_decides_from_its_first_day(desk: Desk) -> None:
    tomorrow = desk.door.clock().date() + datetime.timedelta(days=1)
    await live(desk, earning(20), ("valid_from = 2026-01-01", f"valid_from = {tomorrow}"))
    assert await goodwill(desk) == (500, named())


async def test_a_policy_whose_days_are_over_is_not_published(desk: Desk) -> None:
    days = ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_until = 2026-01-31")
    with pytest.raises(Refused, match="validity_over"):
        await live(desk, days)


async def test_a_dated_variant_is_picked_by_the_day_of_purchase(desk: Desk) -> None:
    await live(desk, SEASON, earning(25))
    bought = DEFECT["order"] | {"ordered_on": "2026-11-30"}  # type: ignore[operator]  # an order is a table
    assert await goodwill(desk) == (2_500, "winter/1")
    assert await goodwill(desk, order=bought) == (500, named())
    assert await goodwill(desk, order={"number": "1", "amount": {"amount": 10_000, "currency": "EUR"}}) == (
        500,
        named(),
    )


async def test_the_narrower_scope_decides(desk: Desk) -> None:
    await live(desk, variant("asia", ""), ("[house]", '[scope]\ncountries = ["JP", "SG"]\n\n[house]'), earning(20))
    gold = ("[house]", '[scope]\ncountries = ["JP"]\ntiers = ["gold"]\n\n[house]')
    await live(desk, variant("asia_gold", ""), gold, earning(30))
    assert await goodwill(desk) == (2_000, "asia/1")
    assert await goodwill(desk, customer_tier="gold") == (3_000, "asia_gold/1")
    assert await goodwill(desk, country="KE", customer_tier="gold") == (500, named())
    program = ("[house]", f'[scope]\nprograms = ["{desk.program}"]\ncountries = ["KE"]\n\n[house]')
    await live(desk, variant("kenya", ""), program, earning(28))
    assert await goodwill(desk, country="KE") == (2_800, "kenya/1")


async def test_another_merchants_policies_are_not_there(desk: Desk) -> None:
    version = await live(desk, earning(20))
    stranger = await make_merchant(desk.owner)
    with pytest.raises(NotFound):
        await move(desk, shadow, stranger, version)
    async with desk.door.read(stranger.merchant_id) as tx:
        with pytest.raises(NotFound):
            await policy_text(tx, version.id)


async def test_versions_that_are_written_at_once_get_numbers_of_their_own(desk: Desk) -> None:
    written = await asyncio.gather(*(write(desk, earning(percent)) for percent in range(10, 18)))
    assert sorted(one.version for one in written) == list(range(VERSION + 1, VERSION + 9))
    assert not await audit(desk.owner)


async def test_a_text_never_changes_and_no_state_is_skipped(desk: Desk) -> None:
    version = await write(desk, earning(20))
    for column in ("text", "hash", "code", "written_by"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await desk.owner.execute(f"UPDATE policies SET {column} = {column} || 'x'")
    rows = await desk.owner.fetch("SELECT from_state, to_state FROM state_moves WHERE machine = 'policy'")
    assert {tuple(row) for row in rows} == {(old, new) for old, news in MOVES["policy"].items() for new in news}
    assert (await move(desk, shadow, desk.lead, version)).state is PolicyState.shadow
    assert (await move(desk, unshadow, desk.lead, version)).state is PolicyState.draft
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.owner.execute(
            "UPDATE policies SET state = 'retired', retired_at = now(), retired_by = 'x'; "
            "UPDATE policies SET state = 'draft', retired_at = NULL, retired_by = NULL"
        )


async def test_the_application_itself_cannot_rewrite_a_policy(desk: Desk) -> None:
    await write(desk, earning(20))
    async with desk.door.pool.acquire() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE policies SET text = ''")


async def test_a_system_writes_in_the_name_of_a_person_who_then_cannot_publish(desk: Desk) -> None:
    what = NewDraft(text=text(earning(20)), agent=desk.lead.actor)
    version = (await desk.door.write(draft, desk.system, what)).read(PolicyVersion)
    assert version.written_by == desk.lead.actor
    with pytest.raises(Forbidden, match="self_approval"):
        await move(desk, publish, desk.lead, version)
