"""Policies at the console: read by everybody, written by a lead, published by another person after a second look."""

from compensation.cases.trials.simulate import run
from compensation.catalog.draft import NewDraft, draft
from compensation.catalog.version import PolicyVersion
from compensation.db.outbox import claim, finish
from tests.catalog.pen import VERSION, earning, named
from tests.catalog.pen import text as policy_with
from tests.console.shop import KEPT_PREPAYMENT, LATE_GIFT, Seat, Shop, text, title

HERE = "/console/policies"


async def by_system(shop: Shop, percent: int = 20) -> str:
    """A version that the merchant's system wrote; its id."""
    what = NewDraft(text=policy_with(earning(percent)), note="Kinder to broken things")
    return (await shop.door.write(draft, shop.system, what)).read(PolicyVersion).id


async def test_everybody_reads_a_policy_in_words_and_an_agent_changes_none(shop: Shop, mira: Seat) -> None:
    shipped = text(await mira.see(f"{HERE}/shipped"))
    assert "Goodwill “defect”" in shipped
    assert "Low 5, Medium 5, High 8, Critical 10" in shipped
    listed = await mira.see(HERE)
    assert "No policy of your own yet" in listed
    assert f"{HERE}/new" not in listed
    policy = await by_system(shop)
    page = await mira.see(f"{HERE}/{policy}")
    assert "Low was 5 and is now 20" in text(page)
    assert "Kinder to broken things" in page
    for deed in ("publish", "retire", "shadow", "simulate", "roll-back"):
        assert f'{policy}/{deed}"' not in page
    assert (await mira.get(f"{HERE}/new")).status_code == 403
    refused = await mira.get(f"{HERE}/{policy}/publish")
    assert refused.headers["location"].endswith("not=not_an_editor")


async def test_a_lead_writes_a_version_and_another_person_publishes_it(shop: Shop, omar: Seat) -> None:
    form = await omar.see(f"{HERE}/new")
    wrong = await omar.send(form, f"{HERE}/new", text=policy_with((f"version = {VERSION}", "version = ")), note="")
    assert wrong.status_code == 422
    assert "Line 8" in text(wrong.text)
    assert title(wrong.text).startswith("Error:")
    kept = await omar.send(wrong.text, f"{HERE}/new", text=policy_with(earning(30)), note="More")
    assert kept.status_code == 303, kept.text
    page = await omar.see(kept.headers["location"])
    assert "You wrote it, so another person publishes it." in page
    assert "/publish" not in page


async def test_publishing_takes_a_second_look_and_decides_from_then_on(shop: Shop, omar: Seat) -> None:
    policy = await by_system(shop)
    page = await omar.see(f"{HERE}/{policy}")
    look = await omar.see(f"{HERE}/{policy}/publish")
    assert f'href="{HERE}/{policy}/publish"' in page
    assert "Low was 5 and is now 20" in text(look)
    done = await omar.send(look, f"{HERE}/{policy}/publish")
    assert done.headers["location"] == f"{HERE}/{policy}?done=policy_published"
    assert "The policy is published" in await omar.see(done.headers["location"])
    assert (await shop.report(LATE_GIFT)).assessment.policy == named(1)
    twice = await omar.send(look, f"{HERE}/{policy}/publish")
    assert twice.headers["location"] == done.headers["location"], "the same form has one effect"

    retire = await omar.see(f"{HERE}/{policy}/retire")
    gone = await omar.send(retire, f"{HERE}/{policy}/retire")
    assert gone.headers["location"].endswith("done=policy_retired")
    back = await omar.see(f"{HERE}/{policy}/roll-back")
    again = await omar.send(back, f"{HERE}/{policy}/roll-back")
    assert named(2) in text(await omar.see(again.headers["location"]))
    assert (await shop.report(KEPT_PREPAYMENT)).assessment.policy == named(2)


async def test_a_version_is_tried_in_the_shadow_and_on_past_cases(shop: Shop, omar: Seat) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    policy = await by_system(shop)
    page = await omar.see(f"{HERE}/{policy}")
    moved = await omar.send(page, f"{HERE}/{policy}/shadow")
    shadowed = await omar.see(moved.headers["location"])
    assert f'action="{HERE}/{policy}/unshadow"' in shadowed
    begun = await omar.send(shadowed, f"{HERE}/{policy}/simulate", over="samples")
    trial = begun.headers["location"]
    assert "Still running" in await omar.see(trial)
    while task := await claim(shop.door, shop.demo.merchant, shop.door.clock()):
        if task.topic == "simulate":
            await run(shop.door, task)
        await finish(shop.door, task, shop.door.clock())
    told = await omar.see(trial)
    assert "All 16 cases were tried." in told
    assert "<svg viewBox" in told
    assert "By country" in told
    assert case.id

    begun = await omar.send(await omar.see(f"{HERE}/{policy}"), f"{HERE}/{policy}/simulate", over="past")
    running = await omar.see(begun.headers["location"])
    stopped = await omar.send(running, f"{begun.headers['location']}/cancel")
    assert "It is stopped." in await omar.see(stopped.headers["location"])


async def test_the_pages_speak_arabic_and_bulgarian(shop: Shop, omar: Seat) -> None:
    policy = await by_system(shop)
    arabic = await omar.see(f"{HERE}/{policy}?lang=ar")
    assert 'dir="rtl"' in arabic
    assert "ما يُمنح عن كل ضرر" in arabic
    assert "Какво се дава за вреда" in await omar.see(f"{HERE}/{policy}?lang=bg")


async def test_a_published_policy_waits_above_the_queue_until_it_is_read(shop: Shop, mira: Seat, omar: Seat) -> None:
    policy = await by_system(shop)
    look = await omar.see(f"{HERE}/{policy}/publish")
    await omar.send(look, f"{HERE}/{policy}/publish")
    assert "There is a new policy." in text(await mira.see("/console"))
    page = await mira.see(f"{HERE}/{policy}")
    assert "Who has read it" not in page, "that is for those who write policies"
    said = await mira.send(page, f"{HERE}/{policy}/acknowledge")
    assert said.headers["location"].endswith("done=policy_read")
    assert "There is a new policy." not in text(await mira.see("/console"))
    assert "I have read this policy" not in await mira.see(f"{HERE}/{policy}")
    readers = text(await omar.see(f"{HERE}/{policy}"))
    assert "Who has read it" in readers
    assert "not yet" in readers


async def test_a_lead_is_told_what_is_past_its_day_of_review(shop: Shop, mira: Seat, omar: Seat) -> None:
    late = ("review_by = 2027-01-01", "review_by = 2026-01-02")
    policy = (await shop.door.write(draft, shop.system, NewDraft(text=policy_with(late)))).read(PolicyVersion).id
    look = await omar.see(f"{HERE}/{policy}/publish")
    await omar.send(look, f"{HERE}/{policy}/publish")
    assert "was due on 2 January 2026" in text(await omar.see("/console"))
    assert "was due on" not in text(await mira.see("/console"))
