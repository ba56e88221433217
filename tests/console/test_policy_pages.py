"""The pages of policies in a real browser: for everybody, and never wider than the window."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from compensation.cases.trials.simulate import run
from compensation.cases.trials.simulation import NewSimulation, Simulation, simulate
from compensation.catalog.draft import NewDraft, draft
from compensation.catalog.version import PolicyVersion
from compensation.db.outbox import claim, finish
from tests.catalog.pen import earning
from tests.catalog.pen import text as policy_with
from tests.console.conftest import OMAR
from tests.console.shop import Shop
from tests.console.test_browser import OPEN_ALL, SIDEWAYS, enter

HERE = "/console/policies"


async def pages(shop: Shop) -> dict[str, str]:
    """A version that was tried on the samples, and every page about it."""
    caps = ("[caps]", '[caps]\nharms = { "material.defective_product" = { USD = 3 } }')
    what = NewDraft(text=policy_with(earning(25), caps), note="Kinder to broken things")
    policy = (await shop.door.write(draft, shop.system, what)).read(PolicyVersion).id
    asked = NewSimulation(policy_id=policy, over="samples")
    trial = (await shop.door.write(simulate, shop.system, asked)).read(Simulation).id
    running = f"{HERE}/{policy}/trials/{trial}"
    while task := await claim(shop.door, shop.demo.merchant, shop.door.clock()):
        await run(shop.door, task)
        await finish(shop.door, task, shop.door.clock())
    return {
        "list": HERE,
        "shipped": f"{HERE}/shipped",
        "version": f"{HERE}/{policy}",
        "new": f"{HERE}/new?from={policy}",
        "second look": f"{HERE}/{policy}/publish",
        "tried": running,
    }


@pytest.mark.parametrize("tag", ["en", "ar", "bg"])
async def test_nobody_is_shut_out_of_a_policy(browser: Browser, served: str, shop: Shop, tag: str) -> None:
    context = await browser.new_context(reduced_motion="reduce")
    page = await enter(context, served, shop.demo.desks[OMAR])
    for name, path in (await pages(shop)).items():
        await page.goto(f"{served}{path}{'&' if '?' in path else '?'}lang={tag}")
        await page.evaluate(OPEN_ALL)
        for width in (320, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            assert not await page.evaluate(SIDEWAYS), f"{name} scrolls sideways at {width} px"
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{name}, {tag}: {found.generate_report()}"
    await context.close()
