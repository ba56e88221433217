"""Points over HTTP: earn, release, spend, convert, take back; and what is refused."""

import httpx

from compensation.customers.contact import Contact
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from tests.customers.test_customers import met
from tests.web.conftest import assert_problem


async def test_points_go_their_whole_way(developer: httpx.AsyncClient, demo: Demo, door: Doorway) -> None:
    ann = await met(door, Who(demo.merchant, "api_key:test"), Contact(reference="ann"))
    here = f"/v1/customers/{ann}/points"
    keys = iter(range(100))

    async def send(path: str, **body: object) -> httpx.Response:
        return await developer.post(path, json=body, headers={"idempotency-key": f"k{next(keys)}"})

    earned = await send(f"{here}/earn", points=500, reference="A-1", pending=True)
    assert (earned.status_code, earned.json()["state"]) == (201, "pending")
    assert_problem(await send(f"{here}/spend", points=1), 422, "insufficient_points")
    assert (await send(f"{here}/release", reference="A-1")).json()["state"] == "released"
    assert (await send(f"{here}/release", reference="A-1")).status_code == 200
    assert (await send(f"{here}/spend", points=120, reference="sale")).json()["balance"] == 380
    assert_problem(await send(f"{here}/convert", points=100, currency="EUR"), 422, "no_points_rate")
    assert_problem(await send(f"{here}/convert", points=100, currency="XXX"), 400, "unknown_currency")
    rate = await send("/v1/points-rates", points=100, credit={"amount": 99, "currency": "EUR"})
    assert rate.status_code == 201, rate.text
    assert (await developer.get("/v1/points-rates")).json()["items"] == [rate.json()]
    turned = (await send(f"{here}/convert", points=101, currency="EUR")).json()
    assert (turned["credit"], turned["use"]["points"]) == ({"amount": 99, "currency": "EUR"}, 100)
    wallet = (await developer.get(f"/v1/customers/{ann}/wallet")).json()
    assert (wallet["credit"], wallet["points"]) == ([{"amount": 99, "currency": "EUR"}], 280)
    assert wallet["held"][0]["lots"][0]["origin"] == "promo"
    back = (await send(f"{here}/take-back", reference="A-1")).json()
    assert (back["points"], back["shortfall"], back["balance"]) == (280, 220, 0)
    assert_problem(await send(f"{here}/take-back", reference="A-1"), 422, "more_than_earned")
    assert_problem(await send(f"{here}/take-back", reference="B"), 404, "unknown_earning")
    assert_problem(await send(f"{here}/earn", points=5, reference="A-1"), 409, "already_earned")
    assert_problem(await send(f"{here}/earn", points=5, reference="C", release_at="2026-01-01T00:00:00Z"), 400,
                   "invalid_time")  # fmt: skip
    assert_problem(await send("/v1/customers/cus_x/points/earn", points=5, reference="D"), 404, "unknown_customer")
    has = (await developer.get(here)).json()
    assert (has["available"], has["pending"], has["shortfall"], has["lots"]) == (0, 0, 220, [])
    told = (await developer.get(f"{here}/statement")).json()
    assert [entry["balance"]["amount"] for entry in told["entries"]] == [0, 280, 380, 500]
