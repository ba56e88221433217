"""No customer is ever shown a signal, on no page and in no letter, and a merchant's systems are told nothing either."""

import re
from pathlib import Path

import asyncpg
import httpx
import pytest

from compensation.cases.choose import Choose, choose
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.words import Words
from compensation.merchants.demo import Demo
from compensation.web.console.signals import _SAYS, LABELS
from tests.web.links import KETTLE, Visit

SRC = Path(__file__).parents[2] / "src" / "compensation"


@pytest.fixture
async def visit(door: Doorway, demo: Demo, developer: httpx.AsyncClient) -> Visit:
    return Visit(door, demo.merchant, developer)


async def test_a_customer_whose_case_waits_for_signals_sees_what_everybody_sees(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection, demo: Demo, door: Doorway
) -> None:
    agent = Who(demo.merchant, await owner.fetchval("SELECT min(id) FROM agents"))
    order = {"number": "SN-1", "amount": {"amount": 2000, "currency": "EUR"}, "item": "kettle"}
    story = "I have told this very story before, word for word, as somebody else, and I am telling it once more now."
    for customer in ("CUST-0", "CUST-1"):
        for _ in range(4):
            who = KETTLE["customer"] | {"reference": customer, "phone": "+35315550142", "device": "d-1"}
            case = await visit.report(customer=who, order=order, words=story)
            if customer == "CUST-0":
                break
    await owner.execute("UPDATE cases SET in_review = false")
    await door.write(choose, agent, Choose(case_id=case["id"], offer=case["offers"][0]["key"]))
    (note,) = await owner.fetch("SELECT note FROM case_events WHERE case_id = $1 AND what = 'proposed'", case["id"])
    assert note["note"] == "signals"
    codes = set(_SAYS) | {"signal", "score", "frequency", "suspicio", "fraud", "abuse"}
    told = [words for tag in ("en", "ar", "bg") for words in _plain(tag)]
    for kind, path in (("offers", "o"), ("status", "t")):
        address = f"/{path}/{await visit.link(kind, case['id'])}"  # type: ignore[arg-type]
        for tag in ("en", "ar", "bg"):
            page = (await stranger.get(f"{address}?lang={tag}")).text
            assert page.startswith("<!doctype")
            assert [word for word in codes if re.search(rf"\b{word}", page.casefold())] == []
            assert [words for words in told if words in page] == []
    events = str([dict(row) for row in await owner.fetch("SELECT type, data FROM events")])
    outside = events + str([dict(row) for row in await owner.fetch("SELECT * FROM deliveries")])
    assert [word for word in codes if word in outside] == []


def _plain(tag: str) -> list[str]:
    """The longest run of every sentence that stands between its figures."""
    say = Words().in_(tag)
    texts = [
        say.fill(say._catalogue.gettext(text), saw="\x00", days="\x00") for text in (*_SAYS.values(), *LABELS.values())
    ]
    return [max(text.split("\x00"), key=len).strip(" :") for text in texts]


def test_whoever_writes_to_customers_knows_no_signal() -> None:
    """Letters, links, pages and notices: none of these rooms reads a score, so none can let it slip."""
    for room in ("delivery", "notices", "web/pages", "partners", "engine"):
        for path in (SRC / room).rglob("*.py"):
            assert not re.search(r"case_reviews|cases\.(signals|review|narrative)\b", path.read_text()), path
