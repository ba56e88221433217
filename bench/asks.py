"""What the load asks for: issues, redemptions, reports, each as the merchant's system would send it."""

import random
from collections.abc import Iterator
from itertools import count

import msgspec

from bench.client import Ask, posting
from bench.house import House
from compensation.core.money import Money
from compensation.demo import samples
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order

FACE = 500
"""Minor units on each card that is issued."""
WORTH = 10**9
"""Minor units on a card that is to be spent from without end."""
_TOGETHER = 100
_SEED = 20260101


class Cards(msgspec.Struct, frozen=True):
    """Codes of cards in circulation, in the clear: of this bench's own throw-away server."""

    codes: list[str]


async def issued(house: House, number: int, worth: int = WORTH) -> Cards:
    """Put cards into circulation, through the same act as everybody, and open their codes."""
    codes: list[str] = []
    for start in range(0, number, _TOGETHER):
        items = (Item(kind="gift_card", amount=Money(worth, "EUR")),) * min(_TOGETHER, number - start)
        request = OrderRequest(items=items, program=house.programs[-1])
        order = (await house.door.write_together(issue, house.who, request)).read(Order)
        rows = await house.owner.fetch(
            "SELECT id, code_sealed FROM rewards WHERE merchant_id = $1 AND order_id = $2",
            house.who.merchant_id,
            order.id,
        )
        vault = house.door.vault
        codes += [vault.open(house.who.merchant_id, row["id"], row["code_sealed"]).decode() for row in rows]
    return Cards(codes)


def issuing(house: House, programs: list[str]) -> Ask:
    """One gift card an order, from any of these programs' budgets."""
    bodies = [
        b'{"items":[{"kind":"gift_card","amount":{"amount":%d,"currency":"EUR"}}],"program":"%s"}'
        % (FACE, program.encode())
        for program in programs
    ]
    return posting("/v1/orders", house.api_key, _any(bodies))


def redeeming(house: House, cards: Cards) -> Ask:
    """One minor unit from any of these cards."""
    bodies = [
        b'{"code":"%s","amount":{"amount":1,"currency":"EUR"},"reference":"till 7"}' % code.encode()
        for code in cards.codes
    ]
    return posting("/v1/gift-cards/redeem", house.api_key, _any(bodies))


def reporting(house: House) -> Ask:
    """The shipped incidents in turn, each time of another customer."""
    return posting("/v1/cases", house.api_key, _reports())


def _reports() -> Iterator[bytes]:
    incidents = samples()
    for number in count():
        incident = incidents[number % len(incidents)]
        address = f"b{number}@customers.example"
        customer = {"reference": f"B-{number}", "name": incident.customer, "email": address}
        yield msgspec.json.encode(incident.report | {"customer": customer})


def _any(bodies: list[bytes]) -> Iterator[bytes]:
    chance = random.Random(_SEED)  # noqa: S311 - the same choices in every run, nothing secret
    while True:
        yield chance.choice(bodies)
