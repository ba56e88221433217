"""A card of another brand by API: found, ordered, told of, and shown on the gift page by the act of its recipient."""

import html
from pathlib import Path

import asyncpg
import httpx

from compensation.core.settings import Settings
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.jobs.dispatch import Worker
from compensation.merchants.demo import Demo
from compensation.partners import NoProcessor, NoSupplier, Partners
from compensation.partners.smtp import SmtpChannel
from compensation.partners.supplier_orders import SupplierOrders
from compensation.partners.supplier_simulator.api import KEY
from compensation.partners.supplier_simulator.habits import Habit
from compensation.partners.supplier_simulator.server import FILE, SupplierSimulator
from compensation.partners.webhooks import WebhookCaller
from tests.web.conftest import assert_problem, everything
from tests.web.links import Visit, csrf

CAFE = "blue_kettle_cafe"
NAMES = {"en": "Blue Kettle Café", "ar": "مقهى الإبريق الأزرق", "bg": "Кафене „Синият чайник“"}


def card(amount: int, **more: object) -> dict[str, object]:
    return {"kind": "product_card", "product": CAFE, "amount": {"amount": amount, "currency": "EUR"}} | more


async def test_a_brands_card_from_the_list_to_the_gift_page(
    developer: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    demo: Demo,
    door: Doorway,
    owner: asyncpg.Connection,
    settings: Settings,
    tmp_path: Path,
) -> None:
    every = (await developer.get("/v1/products")).json()
    codes = [one["code"] for one in every["items"]]
    assert (codes, every["next"], every["orderable"]) == (sorted(codes), None, True)
    first = (await developer.get("/v1/products", params={"limit": 1})).json()
    rest = (await developer.get("/v1/products", params={"cursor": first["next"]})).json()
    assert [one["code"] for one in first["items"] + rest["items"]] == codes
    for params, found in (
        ({"country": "SA"}, [CAFE]),
        ({"country": "US", "currency": "EUR"}, [CAFE, "three_pines_outdoor"]),
        ({"currency": "GBP"}, ["paper_lantern_books"]),
        ({"country": "JP"}, []),
    ):
        answer = (await developer.get("/v1/products", params=params)).json()
        assert [one["code"] for one in answer["items"]] == found
    assert (await developer.get("/v1/products", params={"currency": "eur"})).status_code == 400

    for n, (item, status, code) in enumerate(
        (
            (card(1), 422, "not_sold"),
            (card(10_00, product="nothing"), 400, "unknown_product"),
            (card(10_00, product=None), 400, "invalid_body"),
            (card(10_00, bonus={"amount": 1, "currency": "EUR"}), 400, "invalid_body"),
        )
    ):
        refused = await developer.post("/v1/orders", json={"items": [item]}, headers={"idempotency-key": f"wrong-{n}"})
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await owner.fetchval("SELECT count(*) FROM orders") == 0

    visit = Visit(door, demo.merchant, developer)
    house = {"kind": "gift_card", "amount": {"amount": 500, "currency": "EUR"}}
    order = await visit.order(card(25_00), card(10_00 + Habit.dearer), card(10_00 + Habit.out_of_stock), house)
    reward, dear, gone, _ = order["rewards"]
    assert (order["state"], reward["state"], reward["balance"]) == ("issuing", "pending", None)
    async with SupplierSimulator(tmp_path / FILE) as simulator:
        supplier = SupplierOrders(simulator.url, KEY)
        caller = WebhookCaller(development=True)
        nobody = NoProcessor()
        mail = SmtpChannel("smtp://127.0.0.1:1")
        worker = Worker(door, Partners(nobody, nobody, mail, caller, NoSupplier(), supplier), Post(settings))
        await worker.work_all(demo.merchant)
        await worker.settle()
        await supplier.close()
        await caller.close()
    rewards = (await developer.get(f"/v1/orders/{order['id']}")).json()["rewards"]
    assert [one["state"] for one in rewards] == ["issued", "needs_review", "refused", "issued"]
    events = {one["type"] for one in (await developer.get("/v1/events")).json()["items"]}
    assert {"product.issued", "product.needs_review", "product.refused", "order.partly_issued"} <= events

    address = f"/g/{await visit.link('gift', order['id'])}"
    secret = (await developer.post(f"/v1/rewards/{reward['id']}/reveal")).json()
    assert secret["groups"] == [secret["code"]]
    before = await everything(owner)
    for lang, name in NAMES.items():
        page = (await stranger.get(f"{address}?lang={lang}")).text
        assert page.count('<section class="card"') == 3, "the refused one is told to nobody as his"
        assert name in html.unescape(page)
        assert secret["code"] not in page
        shown = await stranger.post(f"{address}/reveal/{reward['id']}?lang={lang}", data={"csrf": csrf(page)})
        # As the brand writes it, without a picture that its tills may not read.
        assert f"<span>{secret['code']}</span>" in shown.text
        assert f"{address}/reveal/{reward['id']}/picture" not in shown.text
        for paper in ("picture", "card"):
            answer = await stranger.post(f"{address}/reveal/{reward['id']}/{paper}", data={"csrf": csrf(page)})
            assert answer.status_code == 404
        for hidden in (dear, gone):
            answer = await stranger.post(f"{address}/reveal/{hidden['id']}", data={"csrf": csrf(page)})
            assert answer.status_code == 404
    assert await everything(owner) == before
    assert (await developer.post(f"/v1/rewards/{reward['id']}/card")).json()["code"] == "not_printable"
    (payable,) = (
        await developer.get("/v1/ledger/accounts", params={"role": "supplier_payable", "currency": "EUR"})
    ).json()["items"]
    assert payable["balance"] == {"amount": 25_00, "currency": "EUR"}
    balance = (await developer.get("/v1/ledger/trial-balance")).json()
    assert "supplier_payable" in {line["role"] for line in balance["lines"]}

    refused = await developer.post(
        f"/v1/rewards/{dear['id']}/settle",
        json={"outcome": "issued", "code": "x", "supplier_order": "sup_1"},
        headers={"idempotency-key": "too short"},
    )
    # The pattern has a comma in it, and the sentence is whole all the same.
    said = assert_problem(refused, 400, "invalid_body")["detail"]
    assert said == "/code: Write a text that matches '^[!-~]{4,120}$'."
    settled = await developer.post(
        f"/v1/rewards/{dear['id']}/settle",
        json={"outcome": "issued", "code": "BY-HAND-1", "supplier_order": "s-1"},
        headers={"idempotency-key": "settle"},
    )
    assert (settled.status_code, settled.json()["state"]) == (200, "issued"), settled.text
    again = await developer.post(
        f"/v1/rewards/{dear['id']}/settle",
        json={"outcome": "issued", "code": "BY-HAND-1", "supplier_order": "s-1"},
        headers={"idempotency-key": "settle"},
    )
    assert (again.content, again.headers["idempotency-replayed"]) == (settled.content, "true")
    assert (await developer.post(f"/v1/rewards/{dear['id']}/reveal")).json()["code"] == "BY-HAND-1"
    assert await audit(owner) == {}

    # Where nobody supplies, nothing can be ordered, and it is said.
    await owner.execute("UPDATE merchants SET mode = 'live'")
    assert (await developer.get("/v1/products")).json()["orderable"] is False
    refused = await developer.post("/v1/orders", json={"items": [card(10_00)]}, headers={"idempotency-key": "live"})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_supplier")
