"""Stories of an agent who puts right what was issued: he looks once more, and then it is done, once."""

import pytest

from compensation.cases.choose import Choose, choose
from compensation.issuance.read import rewards_of_case
from compensation.issuance.reward import Reward
from tests.console.conftest import OMAR
from tests.console.shop import LATE_GIFT, Seat, Shop, hidden, text
from tests.look.test_print import words_of
from tests.web.conftest import everything


async def card_of(shop: Shop) -> Reward:
    case = await shop.report(LATE_GIFT)
    await shop.door.write(choose, shop.system, Choose(case_id=case.id, offer="gift_card"))
    order = await shop.issue(case.id)
    return next(one for one in order.rewards if one.kind == "gift_card")


async def now(shop: Shop, reward: Reward) -> list[Reward]:
    assert reward.case_id is not None
    async with shop.door.read(shop.demo.merchant) as tx:
        return [one for one in await rewards_of_case(tx, reward.case_id) if one.kind == "gift_card"]


def address(reward: Reward) -> str:
    return f"/console/cases/{reward.case_id}/rewards/{reward.id}"


async def test_an_agent_replaces_a_lost_code_and_the_case_tells_of_it(mira: Seat, shop: Shop) -> None:
    reward = await card_of(shop)
    case = await mira.see(f"/console/cases/{reward.case_id}")
    assert f'href="{address(reward)}"' in case
    before = await everything(shop.owner)
    page = await mira.see(address(reward))
    assert "Until you press a button, nothing has happened." in text(page)
    assert await everything(shop.owner) == before
    answer = await mira.send(page, f"{address(reward)}/reissue", reason="lost")
    assert answer.status_code == 303
    old, new = await now(shop, reward)
    assert (old.state, new.state, new.replaces) == ("voided", "issued", old.id)
    after = text(await mira.see(answer.headers["location"]))
    assert "The code is replaced." in after
    assert "A reward was replaced" in after
    again = await mira.send(page, f"{address(reward)}/reissue", reason="lost")
    assert again.status_code == 303
    assert len(await now(shop, reward)) == 2, "the same form does it once"


async def test_an_agent_prolongs_sends_again_and_cancels(mira: Seat, shop: Shop) -> None:
    reward = await card_of(shop)
    page = await mira.see(address(reward))
    assert (await mira.send(page, f"{address(reward)}/extend", months="6")).status_code == 303
    assert (await mira.send(page, f"{address(reward)}/resend")).headers["location"].endswith("done=reward_resent")
    (longer,) = await now(shop, reward)
    assert longer.expires_at is not None
    assert reward.expires_at is not None
    assert longer.expires_at > reward.expires_at
    assert (await mira.send(page, f"{address(reward)}/void", reason="duplicate")).status_code == 303
    (gone,) = await now(shop, reward)
    assert gone.state == "voided"
    told = text(await mira.see(f"/console/cases/{reward.case_id}"))
    for said in ("A reward is good for longer", "The letter was sent again", "A reward was cancelled"):
        assert said in told


@pytest.mark.parametrize("verb", ["reissue", "extend", "void"])
async def test_a_form_that_chose_nothing_comes_back_and_changes_nothing(mira: Seat, shop: Shop, verb: str) -> None:
    reward = await card_of(shop)
    page = await mira.see(address(reward))
    before = await everything(shop.owner)
    answer = await mira.send(page, f"{address(reward)}/{verb}")
    assert answer.status_code == 422
    assert "Choose one of these first" in answer.text
    assert f'id="{verb}" name=' in answer.text
    assert await everything(shop.owner) == before


async def test_the_page_speaks_three_languages_and_shows_no_code(mira: Seat, shop: Shop) -> None:
    reward = await card_of(shop)
    for tag, word in (("en", "Put right"), ("bg", "Поправяне"), ("ar", "تصحيح")):
        page = await mira.see(f"{address(reward)}?lang={tag}")
        assert word in text(page)
        assert "{" not in text(page)
    other = await card_of(shop)
    form = hidden(page, f"{address(reward)}/resend")
    strange = f"/console/cases/{other.case_id}/rewards/{reward.id}"
    assert (await mira.get(strange)).status_code == 404
    assert (await mira.client.post(f"{strange}/resend", data=form)).status_code == 404


async def test_a_card_is_printed_by_who_may_approve_and_it_is_written_down(mira: Seat, omar: Seat, shop: Shop) -> None:
    reward = await card_of(shop)
    assert "Download the card to print" not in await mira.see(address(reward))
    sealed = hidden(await mira.see(address(reward)), f"{address(reward)}/resend")
    refused = await mira.client.post(f"{address(reward)}/card", data=sealed)
    assert "Your role may not see codes." in text(await mira.see(refused.headers["location"]))
    page = await omar.see(address(reward))
    printed = await omar.send(page, f"{address(reward)}/card")
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.headers["cache-control"] == "no-store"
    assert (reward.code_last4 or "?") in words_of(printed.content)
    rows = await shop.owner.fetch("SELECT actor, subject_id FROM audit_log WHERE verb = 'redemption.record_reveal'")
    assert [(row["actor"], row["subject_id"]) for row in rows] == [(shop.staff[OMAR].actor, reward.id)]
