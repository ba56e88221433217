"""A whole case, as a merchant's system lives through it: report, choose, issued and told, redeem, return."""

import asyncio
from typing import Any

import asyncpg
import msgspec

from tests.faults.caller import Caller
from tests.faults.outside import Outside

OWED = 540_00
REPORT: dict[str, Any] = {
    "harms": [{"type": "financial.direct_financial_loss", "severity": "critical"}],
    "country": "DE",
    "locale": "en",
    "reason_code": "prepayment_not_returned",
    "facts": {"prepaid_unreturned": True, "cancelled_by_merchant": True},
    "words": "You cancelled the workshop and kept my prepayment.",
}
CHOSEN = "refund_credit"
"""The offer with money back and store credit in it, so that a processor, a code and a letter are all needed."""


class Decided(msgspec.Struct, frozen=True):
    case_id: str
    credit: int
    """What the store credit is worth in minor units."""


class Outcome(msgspec.Struct, frozen=True):
    """A case that came to its end."""

    case_id: str
    reward_id: str
    code: str
    credit: int
    spent: int


def report_of(name: str, habit: str = "prompt") -> dict[str, Any]:
    """The report of one customer. ``habit`` is how the payment processor behaves for his payment."""
    payment = f"pi_sim_{OWED}_eur_{name.replace(chr(46), chr(45))}_{habit}"  # a payment has no full stop in its name
    return REPORT | {
        "order": {"number": f"SN-{name}", "amount": {"amount": OWED, "currency": "EUR"}, "payment": payment},
        "customer": {"reference": f"C-{name}", "name": "Hannah Weber", "email": f"{name}@customer.example"},
    }


async def decide(caller: Caller, name: str, habit: str = "prompt") -> Decided:
    """Report and choose: afterwards the worker has everything to do and the caller nothing but to wait."""
    reported = await caller.post("/v1/cases", report_of(name, habit), f"{name}-report")
    assert reported.status_code == 201, reported.text
    case = reported.json()
    offer = next(offer for offer in case["offers"] if offer["key"] == CHOSEN)
    credit = next(line for line in offer["lines"] if line["terms"]["kind"] == "store_credit")
    chosen = await caller.post(f"/v1/cases/{case['id']}/choose", {"offer": CHOSEN}, f"{name}-choose")
    assert chosen.status_code == 200, chosen.text
    return Decided(case["id"], credit["amount"]["amount"] + credit["bonus"]["amount"])


async def enjoy(caller: Caller, name: str, decided: Decided) -> Outcome:
    """Once it is issued: reveal the store credit's code, spend two thirds of it, bring half of that back."""
    async with asyncio.timeout(caller.patience):
        while (await caller.get(f"/v1/cases/{decided.case_id}"))["state"] != "issued":
            await caller.house.revive()
            await asyncio.sleep(0.05)
    rewards = (await caller.get(f"/v1/cases/{decided.case_id}/rewards"))["items"]
    credit = next(reward for reward in rewards if reward["kind"] == "store_credit")
    code = await caller.reveal(credit["id"])
    spend = {"code": code, "amount": {"amount": decided.credit * 2 // 3, "currency": "EUR"}, "reference": name}
    spent = (await caller.post("/v1/gift-cards/redeem", spend, f"{name}-redeem")).json()
    back = {"redemption_id": spent["id"], "amount": {"amount": decided.credit // 3, "currency": "EUR"}}
    returned = await caller.post("/v1/gift-cards/return", back, f"{name}-return")
    assert returned.status_code == 201, returned.text
    net = decided.credit * 2 // 3 - decided.credit // 3
    assert returned.json()["balance"]["amount"] == decided.credit - net
    return Outcome(decided.case_id, credit["id"], code, decided.credit, net)


async def nothing_lost_or_doubled(owner: asyncpg.Connection, world: Outside, cases: int) -> None:
    """For each case one order; for each refund one at the processor; for each letter one Message-ID and no lost one."""
    orders = await owner.fetch("SELECT case_id, count(*) AS n FROM orders WHERE case_id IS NOT NULL GROUP BY 1")
    _same("orders of each case", [row["n"] for row in orders], [1] * cases)
    refunds = await owner.fetch("SELECT partner_ref, partner_id, state FROM rewards WHERE kind = 'refund'")
    _same("states of refunds", {row["state"] for row in refunds} - {"redeemed"}, set())
    _same("references at the processor", world.references(), {row["partner_ref"]: 1 for row in refunds})
    _same("refunds", {refund.id for refund in world.refunds()}, {row["partner_id"] for row in refunds})
    deliveries = await owner.fetch("SELECT id, order_id, state FROM deliveries WHERE last_error <> 'no_address'")
    _same("states of letters", {row["state"] for row in deliveries} - {"sent"}, set())
    _same("letters", (len(deliveries), len({row["order_id"] for row in deliveries})), (cases, cases))
    arrived = world.message_ids()
    _same(
        "letters that arrived", {name.strip("<>").partition("@")[0] for name in arrived}, {r["id"] for r in deliveries}
    )


async def one_card_for_each_order(owner: asyncpg.Connection, world: Outside) -> int:
    """For each card of another brand one order at the supplier, under the card's own id, and none for what he refused.
    Says how many were asked for."""
    cards = await owner.fetch("SELECT id, state, partner_id FROM rewards WHERE kind = 'product_card'")
    _same("states of brands' cards", {row["state"] for row in cards} - {"issued", "refused"}, set())
    sold = sorted((order.reference, order.id) for order in world.sold())
    issued = sorted((row["id"], row["partner_id"]) for row in cards if row["state"] == "issued")
    _same("cards at the supplier", sold, issued)
    return len(cards)


def _same(what: str, is_: object, must: object) -> None:
    """Said in words, since scripts/torture has no test runner that would show both sides."""
    assert is_ == must, f"{what}: {is_} instead of {must}"
