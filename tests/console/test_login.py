"""Stories of the door: who comes in, what a wrong password tells, and when it is over."""

import re
from datetime import timedelta

import asyncpg
import pytest

from compensation.merchants.demo import Demo
from compensation.web.console.session import SESSION
from compensation.web.limits import LOGINS
from tests.console.conftest import Login
from tests.console.shop import KEPT_PREPAYMENT, Seat, Shop, hidden, text, title


async def test_an_agent_logs_in_and_stands_before_the_queue(visitor: Seat, demo: Demo) -> None:
    mira = demo.desks[0]
    answer = await visitor.log_in(mira.email, mira.password)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(SESSION))
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)
    page = await visitor.see("/console")
    assert "Mira Stoyanova" in page
    assert "No case is open" in text(page)


async def test_an_unknown_address_and_a_wrong_password_read_the_same(
    visitor: Seat, demo: Demo, owner: asyncpg.Connection
) -> None:
    sessions = await owner.fetchval("SELECT count(*) FROM credentials")
    answers = []
    for email, password in ((demo.desks[0].email, "not the word"), ("nobody@souqnour.example", demo.desks[0].password)):
        answer = await visitor.log_in(email, password)
        assert answer.status_code == 401
        assert title(answer.text).startswith("Error:")
        assert f'value="{email}"' in answer.text, "what was typed stays"
        assert password not in answer.text
        answers.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert answers[0] == answers[1]
    assert SESSION not in visitor.client.cookies
    assert await owner.fetchval("SELECT count(*) FROM credentials") == sessions


async def test_after_too_many_wrong_passwords_even_the_right_one_waits(visitor: Seat, demo: Demo) -> None:
    desk = demo.desks[0]
    for _ in range(LOGINS.times):
        assert (await visitor.log_in(desk.email, "guess")).status_code == 401
    answer = await visitor.log_in(desk.email, "guess")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (await visitor.log_in(desk.email.upper(), desk.password)).status_code == 429
    assert SESSION not in visitor.client.cookies


async def test_no_other_site_can_log_somebody_in(visitor: Seat, demo: Demo) -> None:
    desk = demo.desks[0]
    page = await visitor.see("/console/login")
    right = {**hidden(page), "email": desk.email, "password": desk.password}
    for forged in ({"csrf": ""}, {"csrf": "x" * 26}):
        answer = await visitor.client.post("/console/login", data={**right, **forged})
        assert answer.status_code == 403
    visitor.client.cookies.clear()
    assert (await visitor.client.post("/console/login", data=right)).status_code == 403
    assert SESSION not in visitor.client.cookies


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/console/cases/new", "/console/cases/new"),
        ("/console%3Fview%3Dmine", "/console?view=mine"),
        ("//evil.example", "/console"),
        ("https://evil.example/console", "/console"),
        ("/console%5C%5Cevil.example", "/console"),
        ("/consolation", "/console"),
        ("/console/../v1/orders", "/console"),
        ("/console%0d%0aset-cookie:a=b", "/console"),
    ],
)
async def test_logging_in_leads_into_the_console_and_nowhere_else(
    visitor: Seat, demo: Demo, wanted: str, led: str
) -> None:
    answer = await visitor.log_in(demo.desks[0].email, demo.desks[0].password, after=wanted)
    assert answer.headers["location"] == led


async def test_without_a_session_every_page_leads_to_the_door(visitor: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    here = f"/console/cases/{case.id}"
    for path in ("/console", "/console/you", "/console/cases/new", here, f"{here}/receipt", f"{here}/message",
                 f"{here}/choose?offer=refund", f"{here}/reject"):  # fmt: skip
        answer = await visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/login?next=%2Fconsole")
        assert "Hannah" not in answer.text
    for path in ("/console/cases/new", f"{here}/choose", f"{here}/approve", "/console/logout"):
        answer = await visitor.client.post(path, data={"offer": "refund"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert (await shop.file(case.id)).state == "offered"


async def test_logging_out_ends_the_session_and_not_only_its_cookie(mira: Seat) -> None:
    token = mira.client.cookies[SESSION]
    page = await mira.see("/console/you")
    answer = await mira.send(page, "/console/logout")
    assert answer.headers["location"] == "/console/login"
    assert SESSION not in mira.client.cookies
    mira.client.cookies.set(SESSION, token, domain="127.0.0.1", path="/")
    assert (await mira.get("/console")).status_code == 303


async def test_who_works_here_no_more_is_outside_at_once(mira: Seat, owner: asyncpg.Connection) -> None:
    await mira.see("/console")
    await owner.execute("UPDATE agents SET retired_at = now()")
    assert (await mira.get("/console")).headers["location"].startswith("/console/login")


async def test_the_language_one_asks_for_is_kept(mira: Seat) -> None:
    for tag, way in (("ar", "rtl"), ("bg", "ltr"), ("en", "ltr")):
        await mira.see(f"/console/you?lang={tag}")
        assert f'<html lang="{tag}" dir="{way}">' in await mira.see("/console")
    assert '<html lang="en"' in await mira.see("/console?lang=xx")


async def test_a_visitor_is_met_in_the_first_language_of_his_browser_that_we_speak(visitor: Seat) -> None:
    visitor.client.headers["accept-language"] = "fr-FR,fr;q=0.9,bg;q=0.8,en;q=0.5"
    assert '<html lang="bg" dir="ltr">' in await visitor.see("/console/login")


async def test_single_keys_can_be_switched_off(mira: Seat) -> None:
    page = await mira.see("/console/you")
    assert "data-keys" in page
    await mira.send(page, "/console/you", keys="off")
    page = await mira.see("/console/you")
    assert "data-keys" not in page
    await mira.send(page, "/console/you", keys="on")
    assert "data-keys" in await mira.see("/console")


async def test_a_form_of_another_session_does_nothing(login: Login, mira: Seat, shop: Shop) -> None:
    omar = await login(1)
    case = await shop.report(KEPT_PREPAYMENT)
    to = f"/console/cases/{case.id}/choose"
    theirs = await omar.see(f"{to}?offer=refund")
    answer = await mira.client.post(to, data=hidden(theirs, to))
    assert answer.status_code == 403
    assert "This form has run out" in text(answer.text)
    assert (await shop.file(case.id)).state == "offered"


async def test_a_form_whose_session_ended_is_kept_through_the_login(
    mira: Seat, visitor: Seat, shop: Shop, owner: asyncpg.Connection
) -> None:
    form = hidden(await mira.see("/console/cases/new"), "/console/cases/new") | {
        "words": "two\nlines",
        "amount": "12,3",
    }
    await owner.execute("UPDATE credentials SET expires_at = now() - interval '1 hour' WHERE kind = 'session'")
    door = await mira.client.post("/console/cases/new", data=form)
    assert door.status_code == 401
    assert "what you typed is still there" in door.text
    assert "two" not in door.text.replace("two\nlines", "two") or "lines" not in door.text, "it is sealed"
    back = hidden(door.text, "/console/login")

    # A wrong password loses nothing, and somebody else gets nothing of it.
    email, password = shop.demo.desks[0].email, shop.demo.desks[0].password
    wrong = await mira.client.post("/console/login", data={**back, "email": email, "password": "wrong"})
    assert hidden(wrong.text, "/console/login")["kept"] == back["kept"]
    other = shop.demo.desks[1]
    theirs = hidden(await visitor.see("/console/login"), "/console/login") | {"kept": back["kept"]}
    answer = await visitor.client.post(
        "/console/login", data={**theirs, "email": other.email, "password": other.password}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")

    again = await mira.client.post("/console/login", data={**back, "email": email, "password": password})
    assert again.status_code == 200
    assert await shop.count("cases") == 0, "nothing is sent by itself"
    held = hidden(again.text, "/console/cases/new")
    assert (held["words"], held["amount"], held["once"]) == ("two\nlines", "12,3", form["once"])
    shown = await mira.client.post("/console/cases/new", data=held)
    assert shown.status_code == 422, "the form is back with its faults"
    assert "two\nlines" in shown.text


async def test_a_form_that_is_not_of_the_ended_session_is_not_kept(mira: Seat, owner: asyncpg.Connection) -> None:
    form = hidden(await mira.see("/console/cases/new"), "/console/cases/new") | {"words": "two"}
    ended = "UPDATE credentials SET expires_at = now() - $1::interval WHERE kind = 'session'"
    await owner.execute(ended, timedelta(hours=1))
    for forged in ({**form, "csrf": "x" * 26}, {"csrf": form["csrf"], "once": form["once"]}):
        answer = await mira.client.post("/console/cases/new", data=forged)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    await owner.execute(ended, timedelta(hours=25))
    assert (await mira.client.post("/console/cases/new", data=form)).status_code == 303
