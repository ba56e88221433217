"""Stories of one letter on its way: a real SMTP server takes it, refuses it, or falls silent."""

import asyncio
import contextlib
import email
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import given
from hypothesis import strategies as st

from compensation.core.errors import Invalid
from compensation.db.embedded.child import free_port
from compensation.partners.smtp import Bounced, Sent, SmtpChannel, TryLater, as_written

NUMBER = "<dlv_01kb3w8q2v@souqnour.example>"


class PostOffice:
    """Takes letters, except for what ``answers`` says of an address or of the letter itself."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[bytes] = []
        self.recipients: list[str] = []
        self.passwords = 0

    # aiosmtpd looks for these by name.
    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("sender", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("recipient", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.get("letter", "250 Taken as 4711")
        if answer.startswith("250"):
            self.taken.append(envelope.original_content)
            self.recipients += envelope.rcpt_tos
        return answer

    def authenticate(self, *_: Any) -> AuthResult:
        self.passwords += 1
        return AuthResult(success=True)


@contextlib.asynccontextmanager
async def open_at(office: PostOffice, host: str = "127.0.0.1", *, international: bool = True) -> AsyncIterator[int]:
    def server() -> SMTP:
        return SMTP(
            office,
            hostname="post.example",
            enable_SMTPUTF8=international,
            authenticator=office.authenticate,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    listening = await asyncio.get_running_loop().create_server(server, host, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def letter(to: str = "layla@example.org", subject: str = "We are sorry (order SN-48213)") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Souq Nour <care@souqnour.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = NUMBER
    message.set_content("نعتذر. Съжаляваме. We are sorry.\n")
    message.add_alternative("<p dir=rtl>نعتذر</p>", subtype="html")
    return message


async def send(office: PostOffice, message: EmailMessage, **how: Any) -> Sent | Bounced | TryLater:
    async with open_at(office, **how) as port:
        return await SmtpChannel(f"smtp://127.0.0.1:{port}", deadline=5).send(message)


async def test_a_letter_arrives_as_it_was_written():
    office = PostOffice()
    answer = await send(office, letter(subject="نعتذر · Съжаляваме"))

    assert isinstance(answer, Sent)
    assert "4711" in answer.detail
    arrived = email.message_from_bytes(office.taken[0], policy=policy.default)
    assert arrived["Subject"] == "نعتذر · Съжаляваме"
    assert arrived["Message-ID"] == NUMBER
    assert arrived["Date"].datetime <= datetime.now(UTC)
    assert office.taken[0].isascii()
    assert office.recipients == ["layla@example.org"]
    text = arrived.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["نعتذر. Съжаляваме. We are sorry."]


@given(
    st.lists(
        st.text(st.sampled_from("لمتكنأОбщинаSale5512:،,."), min_size=1, max_size=25), min_size=1, max_size=12
    ).map(lambda words: "متجر " + " ".join(words))
)
def test_words_of_any_length_arrive_with_their_spaces(words):
    message = letter(subject=words)
    del message["From"]
    message["From"] = f'"{words}" <care@souqnour.example>'
    content = as_written(message, international=False)
    arrived = email.message_from_bytes(content, policy=policy.default)
    assert arrived["Subject"] == words
    # The older reader again: the newer one drops a space that stands at the end of an encoded word.
    sender = str(make_header(decode_header(email.message_from_bytes(content)["From"])))
    assert sender == f"{words} <care@souqnour.example>"
    assert content.isascii()


async def test_a_repeat_bears_the_same_number_so_that_it_is_recognised():
    office = PostOffice()
    await send(office, letter())
    await send(office, letter())
    numbers = {email.message_from_bytes(each)["Message-ID"] for each in office.taken}
    assert (len(office.taken), numbers) == (2, {NUMBER})


@pytest.mark.parametrize(
    ("who", "says", "answer"),
    [
        ("recipient", "550 5.1.1 No such person", Bounced),
        ("recipient", "450 4.2.1 Mailbox busy", TryLater),
        ("letter", "554 5.7.1 Looks like advertising", Bounced),
        ("letter", "451 4.3.0 Disk full", TryLater),
        ("sender", "550 5.7.1 You may not write as him", TryLater),
        ("sender", "421 4.7.0 Too many letters", TryLater),
    ],
)
async def test_a_refusal_of_the_person_bounces_and_everything_else_waits(who, says, answer):
    office = PostOffice(**{who: says})
    outcome = await send(office, letter())

    assert type(outcome) is answer
    assert says.partition(" ")[0] in outcome.detail
    assert office.taken == []


async def test_nobody_there_is_later():
    assert isinstance(await SmtpChannel(f"smtp://127.0.0.1:{free_port()}").send(letter()), TryLater)


async def test_silence_is_later_and_has_an_end():
    # Connections are taken by the kernel and greeted by nobody.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = SmtpChannel(f"smtp://127.0.0.1:{silent.getsockname()[1]}", deadline=0.1)
        assert isinstance(await channel.send(letter()), TryLater)


async def test_an_address_in_any_script_is_reached_where_the_server_can_and_bounces_where_it_cannot():
    office = PostOffice()
    assert isinstance(await send(office, letter("ليلى@example.org")), Sent)
    assert office.recipients == ["ليلى@example.org"]
    assert isinstance(await send(office, letter("ليلى@example.org"), international=False), Bounced)
    assert len(office.taken) == 1


@pytest.mark.parametrize("name", ["Subject", "Reply-To", "X-Case"])
@pytest.mark.parametrize("words", ["Sorry\r\nBcc: thief@example.org", "Sorry\nBcc: thief@example.org", "Sorry\rBcc: x"])
def test_a_line_break_in_a_field_does_not_become_a_message(name, words):
    message = EmailMessage()
    with pytest.raises(ValueError, match=r"linefeed|CR or LF"):
        message[name] = words


@pytest.mark.parametrize("name", ["Subject", "X-Case"])
async def test_a_hidden_line_break_does_not_become_a_field(name):
    """Some versions of the standard library decode it and write the line break out."""
    message = letter()
    del message[name]
    message[name] = "=?utf-8?q?Sorry=0ABcc=3A_thief=40example=2Eorg?="
    office = PostOffice()
    with contextlib.suppress(ValueError):
        await send(office, message)
    for arrived in office.taken:
        assert email.message_from_bytes(arrived)["Bcc"] is None


async def test_a_field_that_breaks_its_line_is_refused():
    """Whatever writes the bytes out: a policy that folds wrongly is found before anything travels."""
    message = letter()
    message.policy = policy.default
    message._headers.append(("X-Case", "1\r\nBcc: thief@example.org"))
    office = PostOffice()
    with pytest.raises(ValueError, match=r"breaks its line|linefeed"):
        await send(office, message)
    assert office.taken == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("Cc", "another@example.org"), ("Bcc", "another@example.org"), ("Message-ID", None), ("To", None), ("From", None)],
)
async def test_a_letter_goes_from_one_to_one_under_its_number(name, value):
    message = letter()
    del message[name]
    if value:
        message[name] = value
    office = PostOffice()
    with pytest.raises(ValueError, match="message"):
        await send(office, message)
    assert office.taken == []


async def test_a_letter_to_two_is_refused():
    with pytest.raises(ValueError, match="exactly one"):
        await send(PostOffice(), letter("layla@example.org, thief@example.org"))


async def test_a_password_goes_to_this_machine_in_the_clear_and_to_no_other():
    """127.0.0.2 stands for another machine: the channel cannot know that it is ours."""
    office = PostOffice()
    async with open_at(office) as port:
        url = f"smtp://care:not-a-secret@127.0.0.1:{port}"
        assert isinstance(await SmtpChannel(url, deadline=5).send(letter()), Sent)
    assert office.passwords == 1

    office = PostOffice()
    async with open_at(office, "127.0.0.2") as port:
        url = f"smtp://care:not-a-secret@127.0.0.2:{port}"
        assert isinstance(await SmtpChannel(url, deadline=5).send(letter()), TryLater)
    assert (office.passwords, office.taken) == (0, [])


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://care:hidden@mail:many"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url):
    with pytest.raises(Invalid, match="COMPENSATION_SMTP_URL") as caught:
        SmtpChannel(url)
    assert "hidden" not in caught.value.detail
