"""A customer disagrees on his page, without script; a colleague answers; he reads the answer, and by letter too."""

from email.message import EmailMessage

import httpx
import pytest
from litestar import Litestar

from compensation.db.outbox import claim
from compensation.db.unit import Doorway
from compensation.delivery.links import PATHS, LinkKind
from compensation.delivery.send import send
from compensation.delivery.tell import tell_dispute
from compensation.merchants.demo import Demo
from compensation.partners.smtp import Sent
from tests.console.shop import text as read
from tests.web.conftest import assert_problem
from tests.web.links import Visit, csrf


class Postbox:
    """A mail server that takes everything and keeps it."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> Sent:
        self.letters.append(message)
        return Sent("taken")


@pytest.fixture
def visit(door: Doorway, demo: Demo, developer: httpx.AsyncClient) -> Visit:
    return Visit(door, demo.merchant, developer)


async def a_lead(visit: Visit) -> str:
    """Somebody who had no part in what the merchant's system reported."""
    agents = (await visit.developer.get("/v1/agents")).json()["items"]
    return next(str(one["id"]) for one in agents if one["role"] == "lead")


async def test_he_says_so_in_his_words_and_reads_what_came_of_it(visit: Visit, stranger: httpx.AsyncClient) -> None:
    case = await visit.report()
    token = await visit.link("offers", case["id"])
    address = f"/o/{token}/disagree"
    offers = (await stranger.get(f"/o/{token}")).text
    assert f'href="/o/{token}/disagree?lang=en"' in offers
    form = (await stranger.get(address)).text
    assert "Somebody who had no part in the decision looks at everything again" in read(form)
    for words, told in (("  ", "Write what you disagree with"), ("x" * 2001, "Make it 1 character shorter")):
        wrong = await stranger.post(address, data={"csrf": csrf(form), "words": words})
        assert (wrong.status_code, told in read(wrong.text)) == (422, True)
        assert words.strip() in wrong.text, "what was typed stays"
    assert (await stranger.post(address, data={"words": "No"})).status_code == 403
    path = f"/v1/cases/{case['id']}/disputes"
    assert (await visit.developer.get(path)).json()["items"] == []
    for _ in range(2):  # sent twice, it is one
        sent = await stranger.post(address, data={"csrf": csrf(form), "words": "It was new.\r\nلا أوافق"})
        assert (sent.status_code, sent.headers["location"]) == (303, f"/o/{token}")
    (dispute,) = (await visit.developer.get(path)).json()["items"]
    page = (await stranger.get(f"/o/{token}")).text
    for said in ("You disagree with the decision", "It was new.", "لا أوافق"):
        assert said in read(page)
    assert f'href="/o/{token}/disagree' not in page, "once at a time"
    assert (await stranger.get(address)).headers["location"] == f"/o/{token}"
    listed = (await visit.developer.get("/v1/cases?view=disputed")).json()["items"]
    assert [(one["id"], one["disputed"], one["answer_due"]) for one in listed] == [
        (case["id"], True, dispute["due_at"])
    ]
    body = {"outcome": "upheld", "reason": "Прочетохме всичко отново."}
    answer = f"{path}/{dispute['id']}/answer"
    key = {"idempotency-key": "answer-1"}
    assert_problem(await visit.developer.post(answer, json=body, headers=key), 403, "person_needed")
    body |= {"agent": await a_lead(visit)}
    done = await visit.developer.post(answer, json=body, headers={"idempotency-key": "answer-2"})
    assert done.json()["outcome"] == "upheld", done.text
    kinds: tuple[LinkKind, ...] = ("offers", "status")
    for kind in kinds:
        shown = read((await stranger.get(f"/{PATHS[kind]}/{await visit.link(kind, case['id'])}")).text)
        assert "The decision stays as it is, and this is why:" in shown
        assert "Прочетохме всичко отново." in shown


async def test_the_answer_goes_out_in_his_language(visit: Visit, app: Litestar, door: Doorway) -> None:
    case = await visit.report(locale="bg")
    path = f"/v1/cases/{case['id']}/disputes"
    said = {"words": "Малко е."}
    opened = await visit.developer.post(path, json=said, headers={"idempotency-key": "d1"})
    assert opened.status_code == 201, opened.text
    again = await visit.developer.post(path, json=said, headers={"idempotency-key": "d2"})
    assert_problem(again, 422, "dispute_open")
    body = {"outcome": "upheld", "reason": "Прочетохме всичко отново.", "agent": await a_lead(visit)}
    answer = f"{path}/{opened.json()['id']}/answer"
    await visit.developer.post(answer, json=body, headers={"idempotency-key": "a1"})
    taken = Postbox()
    while task := await claim(door, visit.merchant, door.clock()):
        if task.topic == "tell_dispute":
            await tell_dispute(door, task)
        elif task.topic == "send":
            await send(door, app.state.post, taken, task)
    letter = taken.letters[-1]
    assert str(letter["Subject"]).startswith("Разгледахме случая Ви още веднъж")
    plain = letter.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert "Прочетохме всичко отново." in text
    assert f"/o/{await visit.link('offers', case['id'])}" in text, "the offers still stand"
