"""Stories of a customer and his links: opening reads, only his own act writes, and a wrong link tells nothing."""

import json
import re

import asyncpg
import httpx
import msgspec
import pytest

from compensation.db.unit import Doorway
from compensation.delivery.links import PATHS, LinkKind
from compensation.merchants.demo import Demo
from compensation.web.limits import GUESSES, REVEALS, UPLOADS
from tests.cases.test_evidence import picture
from tests.look.test_print import words_of
from tests.web.conftest import everything
from tests.web.links import Visit, csrf

KINDS: tuple[LinkKind, ...] = ("offers", "status")


@pytest.fixture
async def visit(door: Doorway, demo: Demo, developer: httpx.AsyncClient) -> Visit:
    return Visit(door, demo.merchant, developer)


async def test_whatever_opens_a_page_changes_nothing_and_sees_no_code(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case, order = await visit.report(), await visit.order()
    addresses = [
        f"/o/{await visit.link('offers', case['id'])}",
        f"/t/{await visit.link('status', case['id'])}",
        f"/g/{await visit.link('gift', order['id'])}",
    ]
    code = (await visit.developer.post(f"/v1/rewards/{order['rewards'][0]['id']}/reveal")).json()["code"]
    before = await everything(owner, but=set())
    for address in addresses:
        for headers in ({}, {"purpose": "prefetch", "sec-purpose": "prefetch;prerender"}, {"user-agent": "scanner"}):
            for method in ("GET", "HEAD"):
                for lang in ("", "?lang=en", "?lang=ar", "?lang=bg", "?lang=xx"):
                    response = await stranger.request(method, address + lang, headers=headers)
                    assert response.status_code == 200, response.text
                    assert code not in response.text
                    assert code.replace("-", "") not in response.text
                    assert (response.text == "") == (method == "HEAD")
    assert await everything(owner, but=set()) == before


async def test_a_code_is_shown_by_the_customers_own_act_as_often_as_he_asks(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    order = await visit.order()
    address = f"/g/{await visit.link('gift', order['id'])}"
    page = (await stranger.get(address)).text
    action = re.search(r'action="([^"]+)"', page)
    assert action is not None
    revealed = (await visit.developer.post(f"/v1/rewards/{order['rewards'][0]['id']}/reveal")).json()
    before = await everything(owner)
    for _ in range(3):
        shown = await stranger.post(action[1], data={"csrf": csrf(page)})
        assert shown.status_code == 200
        assert shown.headers["cache-control"] == "no-store"
        assert all(f"<span>{group}</span>" in shown.text for group in revealed["groups"])
    assert "".join(revealed["groups"]) not in (await stranger.get(address)).text
    assert await everything(owner) == before
    rows = await owner.fetch(
        "SELECT actor, subject_id FROM audit_log WHERE verb = 'redemption.record_reveal' ORDER BY seq"
    )
    assert [row["actor"][:4] for row in rows] == ["key_", "lnk_", "lnk_", "lnk_"]
    assert {row["subject_id"] for row in rows} == {order["rewards"][0]["id"]}


async def test_a_shown_code_can_be_scanned_and_kept_as_a_picture(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    order = await visit.order()
    address = f"/g/{await visit.link('gift', order['id'])}"
    page = (await stranger.get(address)).text
    reveal = f"{address}/reveal/{order['rewards'][0]['id']}"
    assert "<svg" not in page.partition("<main")[2].partition("</main")[0] or "QR code of your code" not in page
    for lang, label in (("en", "QR code of your code"), ("ar", "رمز QR الخاص برمزكم"), ("bg", "QR код на Вашия код")):
        shown = (await stranger.post(f"{reveal}?lang={lang}", data={"csrf": csrf(page)})).text
        assert shown.count(f'role="img" aria-label="{label}"') == 1
        kept = re.search(r'action="([^"]+/picture[^"]*)"', shown)
        assert kept is not None
        picture = await stranger.post(kept[1], data={"csrf": csrf(shown)})
        assert picture.status_code == 200
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert picture.headers["content-security-policy"].startswith("default-src 'none'")
        code = (await visit.developer.post(f"/v1/rewards/{order['rewards'][0]['id']}/reveal")).json()
        assert " ".join(code["groups"]) in picture.text
        assert picture.headers["content-disposition"] == f'attachment; filename="code-{code["code"][-4:]}.svg"'
    assert (await stranger.post(f"{reveal}/picture")).status_code == 403
    assert (await stranger.get(f"{reveal}/picture")).status_code == 405
    seen = await owner.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'redemption.record_reveal'")
    assert seen == 9, "each showing and each picture is written down"


async def test_a_shown_card_is_printed_and_each_print_is_a_reveal(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    order = await visit.order()
    reward = order["rewards"][0]["id"]
    address = f"/g/{await visit.link('gift', order['id'])}"
    page = (await stranger.get(address)).text
    assert "/card?" not in page, "nothing of the code is offered before it was asked for"
    shown = (await stranger.post(f"{address}/reveal/{reward}?lang=ar", data={"csrf": csrf(page)})).text
    wanted = re.search(r'action="([^"]+/card[^"]*)"', shown)
    assert wanted is not None
    code = (await visit.developer.post(f"/v1/rewards/{reward}/reveal")).json()
    answers = [
        await stranger.post(wanted[1], data={"csrf": csrf(shown)}),
        await visit.developer.post(f"/v1/rewards/{reward}/card", params={"locale": "bg"}),
    ]
    for printed in answers:
        assert printed.status_code == 200, printed.text
        assert printed.headers["content-type"] == "application/pdf"
        assert printed.headers["cache-control"] == "no-store"
        assert printed.headers["content-disposition"].startswith("attachment")
        assert code["code"] in words_of(printed.content).split()
    assert "SouqNour" in words_of(answers[1].content)
    assert (await stranger.post(f"{address}/reveal/{reward}/card")).status_code == 403
    assert (await stranger.get(f"{address}/reveal/{reward}/card")).status_code == 405
    seen = await owner.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'redemption.record_reveal'")
    assert seen == 4, "the showing, the reveal of the developer and each print"


async def test_what_cannot_be_spent_is_not_printed(visit: Visit, owner: asyncpg.Connection) -> None:
    reward = (await visit.order())["rewards"][0]["id"]
    assert (await visit.developer.post("/v1/rewards/rwd_nothing/card")).status_code == 404
    await visit.developer.post(
        f"/v1/rewards/{reward}/void", json={"reason": "error"}, headers={"Idempotency-Key": "void"}
    )
    refused = await visit.developer.post(f"/v1/rewards/{reward}/card")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_printable")
    assert await owner.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'redemption.record_reveal'") == 0


async def test_reveals_through_one_link_are_limited(visit: Visit, stranger: httpx.AsyncClient) -> None:
    order = await visit.order()
    token = await visit.link("gift", order["id"])
    address, form = (
        f"/g/{token}/reveal/{order['rewards'][0]['id']}",
        {"csrf": csrf((await stranger.get(f"/g/{token}")).text)},
    )
    answers = [await stranger.post(address, data=form) for _ in range(REVEALS.times + 1)]
    assert [answer.status_code for answer in answers] == [200] * REVEALS.times + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await stranger.get(f"/g/{token}")).status_code == 200


async def test_every_link_that_does_not_open_gets_one_answer(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case, order = await visit.report(), await visit.order()
    gift, offers = await visit.link("gift", order["id"]), await visit.link("offers", case["id"])
    wrong = {
        "mistyped": gift[:-1] + ("0" if gift[-1] != "0" else "1"),
        "of nobody": "0" * 30,
        "of another kind": offers,
        "short": "abc",
        "long": gift + gift,
        "NUL": "%00" * 30,
        "odd": "%f0%9f%98%80",
    }
    answers = {name: await stranger.get(f"/g/{token}") for name, token in wrong.items()}
    await owner.execute("UPDATE links SET expires_at = now() - interval '1 second' WHERE kind = 'gift'")
    answers["expired"] = await stranger.get(f"/g/{gift}")
    await owner.execute("UPDATE links SET expires_at = now() + interval '1 day', revoked_at = now()")
    answers["revoked"] = await stranger.get(f"/g/{gift}")
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text for answer in answers.values()}) == 1
    assert "does not open anything" in answers["expired"].text


async def test_a_guesser_is_stopped_and_a_right_link_costs_nobody_a_count(
    visit: Visit, stranger: httpx.AsyncClient
) -> None:
    order = await visit.order()
    token = await visit.link("gift", order["id"])
    for _ in range(GUESSES.times):
        assert (await stranger.get(f"/g/{token}")).status_code == 200
    guesses = [f"{n:030d}" if n % 2 else f"%00{n}" for n in range(GUESSES.times + 1)]
    answers = [(await stranger.get(f"/g/{guess}")).status_code for guess in guesses]
    assert answers == [404] * GUESSES.times + [429]
    assert (await stranger.get(f"/g/{token}")).status_code == 429


async def test_a_form_that_is_not_ours_does_nothing(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case, order = await visit.report(), await visit.order()
    offers, gift = await visit.link("offers", case["id"]), await visit.link("gift", order["id"])
    foreign = csrf((await stranger.get(f"/g/{gift}")).text)
    before = await everything(owner, but=set())
    for token in ("", "x", foreign, "\x00", "😀"):
        form = {"csrf": token, "offer": case["offers"][0]["key"]}
        assert (await stranger.post(f"/o/{offers}", data=form)).status_code == 403
    reveal = f"/g/{gift}/reveal/{order['rewards'][0]['id']}"
    assert (await stranger.post(reveal, content=b"{}", headers={"content-type": "application/json"})).status_code == 403
    assert (await stranger.post(reveal)).status_code == 403
    assert await everything(owner, but=set()) == before


async def test_a_code_is_not_shown_through_a_link_to_another_order(visit: Visit, stranger: httpx.AsyncClient) -> None:
    mine, other = (
        await visit.order(),
        await visit.order({"kind": "gift_card", "amount": {"amount": 1, "currency": "USD"}}),
    )
    token = await visit.link("gift", mine["id"])
    form = {"csrf": csrf((await stranger.get(f"/g/{token}")).text)}
    for reward_id in (other["rewards"][0]["id"], "rwd_00000000000000000000000000", "x"):
        assert (await stranger.post(f"/g/{token}/reveal/{reward_id}", data=form)).status_code == 404


async def test_the_customer_chooses_once_however_often_he_sends_the_form(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    address = f"/o/{await visit.link('offers', case['id'])}"
    page = (await stranger.get(address)).text
    assert " checked" not in page
    lawful = next(offer for offer in case["offers"] if offer.get("consent") is None)
    form = {"csrf": csrf(page), "offer": lawful["key"]}
    for _ in range(2):
        answer = await stranger.post(f"{address}?lang=bg", data=form)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{address}?lang=bg"
    row = await owner.fetchrow("SELECT state, chosen, chosen_by FROM cases")
    assert (row["state"], row["chosen"], row["chosen_by"]) == ("accepted", lawful["key"], case["customer_id"])
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE topic = 'issue_case'") == 1
    after = (await stranger.get(address)).text
    assert "<form" not in after
    assert 'class="timeline"' in after


async def test_a_form_without_a_choice_or_without_its_consent_comes_back(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    address = f"/o/{await visit.link('offers', case['id'])}"
    page = (await stranger.get(address)).text
    substitute = next(offer for offer in case["offers"] if offer.get("consent") is not None)
    for form, kept in (
        ({}, False),
        ({"offer": "of_nobody"}, False),
        ({"offer": substitute["key"]}, True),
        ({"offer": substitute["key"], "agree": case["offers"][0]["key"]}, True),
    ):
        answer = await stranger.post(address, data={"csrf": csrf(page), **form})
        assert answer.status_code == 422
        assert 'class="errors" role="alert"' in answer.text
        assert "<title>Error:" in answer.text
        assert (" checked" in answer.text) == kept
    assert await owner.fetchval("SELECT state FROM cases") == "offered"


@pytest.mark.parametrize("lang", ["en", "ar", "bg"])
async def test_what_is_agreed_to_is_kept_word_for_word_in_the_language_it_was_read_in(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection, lang: str
) -> None:
    case = await visit.report()
    address = f"/o/{await visit.link('offers', case['id'])}?lang={lang}"
    page = (await stranger.get(address)).text
    substitute = next(offer for offer in case["offers"] if offer.get("consent") is not None)["key"]
    box = re.search(rf'id="agree-{substitute}"[^>]*><span>(.*?)</span></label>', page, re.DOTALL)
    assert box is not None
    answer = await stranger.post(address, data={"csrf": csrf(page), "offer": substitute, "agree": substitute})
    assert answer.status_code == 303, answer.text
    kept = await owner.fetchrow("SELECT sentence, locale, given_by FROM consents")
    assert kept["sentence"] == re.sub(r"<[^>]+>", "", box[1])
    assert (kept["locale"], kept["given_by"]) == (lang, case["customer_id"])


async def test_pages_speak_the_language_asked_for_and_write_its_direction(
    visit: Visit, stranger: httpx.AsyncClient
) -> None:
    case, order = await visit.report(locale="ar-KW"), await visit.order()
    status, gift = f"/t/{await visit.link('status', case['id'])}", f"/g/{await visit.link('gift', order['id'])}"
    assert '<html lang="ar" dir="rtl">' in (await stranger.get(status)).text
    for address in (status, gift):
        for lang, way in (("en", "ltr"), ("ar", "rtl"), ("bg", "ltr")):
            page = (await stranger.get(f"{address}?lang={lang}")).text
            assert f'<html lang="{lang}" dir="{way}">' in page
            assert page.count("hreflang=") == 3
    for lang in ("ar", "bg"):
        wrong = await stranger.get("/g/none", headers={"accept-language": f"{lang}-XX,en;q=0.5"})
        assert f'<html lang="{lang}"' in wrong.text


async def test_pages_of_value_are_kept_framed_and_run_by_nobody(visit: Visit, stranger: httpx.AsyncClient) -> None:
    order = await visit.order()
    response = await stranger.get(f"/g/{await visit.link('gift', order['id'])}")
    policy = response.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert set(re.findall(r'nonce="([^"]+)"', response.text)) == {nonce[1]}
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", response.text)
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-robots-tag"] == "noindex, nofollow"
    assert "set-cookie" not in response.headers


async def test_a_forgotten_customers_links_open_nothing(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    token = await visit.link("offers", case["id"])
    await owner.execute("DELETE FROM persons")
    assert (await stranger.get(f"/o/{token}")).status_code == 404


async def test_when_the_database_is_away_the_customer_is_told_to_come_back(
    visit: Visit, stranger: httpx.AsyncClient, door: Doorway
) -> None:
    order = await visit.order()
    token = await visit.link("gift", order["id"])
    await door.pool.close()
    response = await stranger.get(f"/g/{token}?lang=ar")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert '<html lang="ar" dir="rtl">' in response.text
    assert msgspec.json.decode((await stranger.get("/ready")).content)["code"] == "unavailable"
    assert (await stranger.get("/health")).status_code == 200


async def test_a_customer_sends_a_photo_without_script(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    for kind in KINDS:
        here = f"/{PATHS[kind]}/{await visit.link(kind, case['id'])}"
        assert f'{here}/evidence?lang=en"' in (await stranger.get(here)).text
        ours = {"csrf": csrf((await stranger.get(f"{here}/evidence")).text), "kind": "photo"}
        photo = {"file": (f"{kind}.jpg", picture(), "image/jpeg")}
        answer = await stranger.post(f"{here}/evidence?lang=bg", data=ours, files=photo)
        assert answer.status_code == 303, answer.text
        shown = (await stranger.get(answer.headers["location"])).text
        assert "Получихме Вашия файл." in shown
        assert f"{kind}.jpg" in shown
    rows = await owner.fetch("SELECT given_by, kind FROM evidence")
    assert [(row["given_by"], row["kind"]) for row in rows] == [(case["customer_id"], "photo")] * len(KINDS)


async def test_a_file_that_cannot_be_taken_brings_the_form_back_with_the_cure(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    path = f"/t/{await visit.link('status', case['id'])}/evidence?lang=ar"
    ours = {"csrf": csrf((await stranger.get(path)).text), "kind": "receipt"}
    for files, said in (
        ({"file": ("x.jpg", b"<script>", "image/jpeg")}, "ليس صورة"),
        ({"file": ("x.pdf", b"", "application/octet-stream")}, "اختاروا ملفًا أولًا"),
        ({"file": ("x.pdf", bytes(11 * 1024 * 1024), "application/pdf")}, "يتجاوز 10 ميغابايت"),
    ):
        answer = await stranger.post(path, data=ours, files=files)
        assert answer.status_code == 422
        assert said in answer.text
    forged = await stranger.post(path, data=ours | {"csrf": "x"}, files={"file": ("x.jpg", picture())})
    assert forged.status_code == 403
    assert await owner.fetchval("SELECT count(*) FROM evidence") == 0


async def test_uploads_through_one_link_are_limited(visit: Visit, stranger: httpx.AsyncClient) -> None:
    path = f"/t/{await visit.link('status', (await visit.report())['id'])}/evidence"
    empty = {"file": ("x", b"")}
    answers = [(await stranger.post(path, files=empty)).status_code for _ in range(UPLOADS.times + 1)]
    assert answers == [403] * UPLOADS.times + [429]
    assert (await stranger.get(path)).status_code == 200


async def test_the_decision_is_told_in_plain_words_in_three_languages_and_tells_nothing_of_ours(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    case = await visit.report()
    tokens = {kind: await visit.link(kind, case["id"]) for kind in KINDS}
    before = await everything(owner, but=set())
    for kind, token in tokens.items():
        for lang, heading in (("en", "Why we decided"), ("ar", "لماذا قررنا"), ("bg", "Защо решихме")):
            told = await stranger.get(f"/{PATHS[kind]}/{token}/why?lang={lang}")
            assert told.status_code == 200, told.text
            assert heading in told.text
            costs = [f"{offer['cost']['amount'] / 100:,.2f}" for offer in case["offers"]]
            values = [f"{offer['value']['amount'] / 100:,.2f}" for offer in case["offers"]]
            assert not [cost for cost in costs if cost not in values and cost in told.text]
    assert await everything(owner, but=set()) == before
    page = (await stranger.get(f"/o/{tokens['offers']}")).text
    assert f"/o/{tokens['offers']}/why" in page


async def test_a_reward_that_nothing_decided_has_no_reasons_to_tell(visit: Visit, stranger: httpx.AsyncClient) -> None:
    token = await visit.link("gift", (await visit.order())["id"])
    assert (await stranger.get(f"/g/{token}/why")).status_code == 404
    assert "/why" not in (await stranger.get(f"/g/{token}")).text


async def test_a_customer_signs_on_his_own_page_where_the_law_asks_for_it(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    flight = {"number": "SN-7", "amount": {"amount": 30000, "currency": "EUR"}, "category": "flight"}
    harm = {"type": "financial.direct_financial_loss", "severity": "high"}
    facts = {"cancelled_by_merchant": True}
    case = await visit.report(order=flight, harms=[harm], facts=facts, country="DE", reason_code="cancellation")
    key = next(offer["key"] for offer in case["offers"] if (offer["consent"] or {}).get("form") == "signed")
    address = f"/o/{await visit.link('offers', case['id'])}"
    page = (await stranger.get(address)).text
    assert "I sign this with my full name." in page
    choice = {"csrf": csrf(page), "offer": key, "agree": key}
    for unsigned in ({}, {f"signature-{key}": "7"}):
        answer = await stranger.post(address, data=choice | unsigned)
        assert answer.status_code == 422
        assert "Type your full name beneath the offer you chose" in answer.text
        assert await owner.fetchval("SELECT count(*) FROM consents") == 0
    signed = await stranger.post(address, data=choice | {f"signature-{key}": "Layla Haddad"})
    assert signed.status_code == 303, signed.text
    kept = (await visit.developer.get(f"/v1/cases/{case['id']}/consents")).json()["items"]
    assert [one["signed"]["name"] for one in kept] == ["Layla Haddad"]
    assert "I sign this with my full name." in kept[0]["signed"]["text"]
    assert kept[0]["sentence"] in page.replace('<bdi dir="ltr">', "").replace("</bdi>", "").replace(
        '<span class="money">', ""
    ).replace("</span>", "")


async def test_what_is_left_is_paid_out_by_a_button_of_the_gift_page_once(
    visit: Visit, stranger: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    order = await visit.order()
    reward, address = order["rewards"][0], f"/g/{await visit.link('gift', order['id'])}"
    assert "/cash-out/" not in (await stranger.get(address)).text
    await owner.execute(
        "UPDATE rewards SET terms = terms || jsonb_build_object('cash_out', $1::jsonb) WHERE id = $2",
        json.dumps(reward["balance"]),
        reward["id"],
    )
    page = (await stranger.get(address)).text
    action = re.search(r'action="([^"]+/cash-out/[^"]+)"', page)
    assert action is not None
    for _ in range(2):
        assert (await stranger.post(action[1], data={"csrf": csrf(page)})).status_code == 303
    assert await owner.fetchval("SELECT count(*) FROM transfers WHERE kind = 'cash_out'") == 1
    assert await owner.fetchval("SELECT state FROM rewards WHERE id = $1", reward["id"]) == "redeemed"
    assert "/cash-out/" not in (await stranger.get(address)).text
    assert (await stranger.post(action[1], data={"csrf": "forged"})).status_code == 403
