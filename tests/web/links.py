"""Cases and gifts with the links that their customers are sent, made the way the worker makes them."""

import re
from typing import Any

import httpx
import msgspec

from compensation.core.ids import new_id
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.links import LinkKind, link_of
from compensation.delivery.tell import Tell, queue
from compensation.issuance.order import IssueCase, issue_case

# Goods sent back in time: the price is owed, and credit may take its place only by consent.
KETTLE: dict[str, Any] = {
    "harms": [{"type": "material.defective_product", "severity": "high"}],
    "country": "IE",
    "locale": "en-IE",
    "reason_code": "defect",
    "order": {"number": "SN-48213", "amount": {"amount": 10000, "currency": "EUR"}, "item": "kettle"},
    "facts": {"within_withdrawal_window": True, "wants": "refund"},
    "words": "My new kettle stopped heating after two days.",
    "customer": {"reference": "CUST-1", "name": "Layla Haddad", "email": "layla@haddad.example"},
    "ask_customer": True,
}


class Visit(msgspec.Struct, frozen=True):
    """One customer's way in."""

    door: Doorway
    merchant: str
    developer: httpx.AsyncClient

    async def report(self, **more: Any) -> dict[str, Any]:
        response = await self.developer.post(
            "/v1/cases", json=KETTLE | more, headers={"idempotency-key": new_id("test")}
        )
        assert response.status_code == 201, response.text
        case: dict[str, Any] = response.json()
        await self.door.write(queue, self.system, Tell("offers", case["id"]))
        return case

    async def order(self, *items: dict[str, Any]) -> dict[str, Any]:
        body = {"items": list(items) or [{"kind": "gift_card", "amount": {"amount": 2500, "currency": "EUR"}}]}
        response = await self.developer.post("/v1/orders", json=body, headers={"idempotency-key": new_id("test")})
        assert response.status_code == 201, response.text
        placed: dict[str, Any] = response.json()
        await self.door.write(queue, self.system, Tell("remedy", placed["id"]))
        return placed

    async def issue(self, case_id: str) -> None:
        await self.door.write(issue_case, self.system, IssueCase(case_id))

    async def link(self, kind: LinkKind, subject_id: str) -> str:
        async with self.door.read(self.merchant) as tx:
            token = await link_of(tx, kind, subject_id)
        assert token is not None
        return token

    @property
    def system(self) -> Who:
        return Who(self.merchant, "system:test")


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]
