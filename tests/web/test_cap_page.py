"""A customer takes an offer that has meanwhile passed what is left for him: his page says so, and which he can take."""

import httpx
import pytest

from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from tests.cases.test_customer_cap import GRAVE
from tests.console.shop import text as read
from tests.web.links import Visit, csrf


@pytest.mark.parametrize(
    ("tongue", "said"),
    [("en", "This offer cannot be taken any more:"), ("bg", "Това предложение вече не може да се приеме:")],
)
async def test_he_reads_which_offers_can_still_be_taken(
    door: Doorway, demo: Demo, developer: httpx.AsyncClient, stranger: httpx.AsyncClient, tongue: str, said: str
) -> None:
    visit = Visit(door, demo.merchant, developer)
    person = {"reference": "CUST-90", "name": "Layla Haddad", "email": "layla@haddad.example"}
    told = {name: value for name, value in GRAVE.items() if name != "customer"}
    cases = [await visit.report(**told, facts={}, customer=person) for _ in range(3)]
    pages = [f"/o/{await visit.link('offers', case['id'])}?lang={tongue}" for case in cases]
    for case, page in zip(cases, pages, strict=True):
        full = max(case["offers"], key=lambda one: one["value"]["amount"])["key"]
        shown = (await stranger.get(page)).text
        answer = await stranger.post(page, data={"csrf": csrf(shown), "offer": full})
    assert answer.status_code == 422
    assert said in read(answer.text)
    assert f'value="{full}"' not in answer.text, "what cannot be taken is not put before him again"
    state = (await developer.get(f"/v1/cases/{cases[-1]['id']}")).json()["state"]
    assert state == "offered"
    within = [one["key"] for one in cases[-1]["offers"] if f'value="{one["key"]}"' in answer.text]
    if within:
        assert (await stranger.post(page, data={"csrf": csrf(shown), "offer": within[0]})).status_code == 303
    else:
        assert "mailto:" in answer.text
