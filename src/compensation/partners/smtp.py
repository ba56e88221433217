"""Mail by SMTP: one message to one person, and what the mail server's answer means for its delivery.

A message is checked as the bytes that will travel: header fields that its maker did not write cannot be in it. Its
Message-ID comes from the delivery, so a repeat after a lost answer bears the same one and mail systems can tell.
"""

import asyncio
import re
from datetime import UTC, datetime
from email import policy
from email.header import Header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import msgspec
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from compensation.core.errors import Invalid
from compensation.core.text import line

DEADLINE = 30.0
"""Seconds one message may take, from connecting to the server's last word."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Folding(policy.EmailPolicy):
    """Folds words beyond ASCII by the older ``Header``, whose encoded words read back as one text.

    The newer folding of ``EmailPolicy`` loses a space between two of its encoded words, or puts one in the middle of a
    long name (seen in CPython 3.11): a customer would read it in the subject.
    """

    def fold(self, name: str, value: str) -> str:
        if value.isascii():
            return str(super().fold(name, value))
        if not isinstance(value, AddressHeader):
            return f"{name}: {Header(value, 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"
        address = value.addresses[0]
        words = Header(address.display_name, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words + ' ' if words else ''}<{address.addr_spec}>{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode()


_EIGHT_BITS = _Folding(linesep="\r\n", utf8=True)
# Not every server on the way takes bytes above 127, and one that does need not be asked.
_SEVEN_BITS = _Folding(linesep="\r\n", cte_type="7bit")


class Sent(msgspec.Struct, frozen=True):
    """The mail server took it over. ``detail`` is its own word, often with its number for the message."""

    detail: str


class Bounced(msgspec.Struct, frozen=True):
    """The mail server will not take it for this person, today or later."""

    detail: str


class TryLater(msgspec.Struct, frozen=True):
    """It was not taken now, or we do not know. The same message may be sent again: it keeps its Message-ID."""

    detail: str


class SmtpChannel:
    """Sends through one mail server, by ``smtp://`` (TLS where offered) or ``smtps://``, ``user:password@`` included.

    A password is sent to another machine over TLS only, and then a server without TLS is an error.
    """

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        """Raises Invalid for an address that is not one; its text is not repeated, for it may hold a password."""
        try:
            address = urlsplit(url)
            port = address.port
        except ValueError:
            raise _wrong_address() from None
        if address.scheme not in ("smtp", "smtps") or not address.hostname:
            raise _wrong_address()
        self._deadline = deadline
        self._host, self._port, self._tls = address.hostname, port, address.scheme == "smtps"
        self._user = unquote(address.username) if address.username else None
        self._password = unquote(address.password) if address.password else None
        secret_travels = self._user is not None and self._host not in _LOOPBACK
        self._start_tls = True if secret_travels and not self._tls else None

    async def send(self, message: EmailMessage) -> Sent | Bounced | TryLater:
        """Send a message that has one From, one To and a Message-ID; where it has no Date, it is given this moment.

        Raises ValueError for any other message: that is a bug of whoever wrote it.
        """
        sender, recipient = _only_address(message, "From"), _only_address(message, "To")
        international = not (sender + recipient).isascii()
        content = as_written(message, international=international)
        try:
            async with asyncio.timeout(self._deadline), self._server() as server:
                options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
                _, word = await server.sendmail(sender, recipient, content, mail_options=options)
                return Sent(_detail(word))
        except TimeoutError:
            return TryLater(f"The mail server did not answer within {self._deadline:g} s.")
        except (SMTPException, OSError) as error:
            return _as_answer(error)

    def _server(self) -> SMTP:
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=self._start_tls,
            timeout=self._deadline,
        )


def _as_answer(error: SMTPException | OSError) -> Bounced | TryLater:
    """Only a lasting refusal of the person or of the message is a bounce; our sender or password is not his fault."""
    if isinstance(error, SMTPRecipientsRefused):
        return _as_answer(error.recipients[0])
    if isinstance(error, SMTPNotSupported):
        return Bounced(_detail(error.message))
    if not isinstance(error, SMTPResponseException):
        return TryLater(type(error).__name__)
    detail = _detail(f"{error.code} {error.message}")
    about_this_letter = isinstance(error, SMTPRecipientRefused | SMTPDataError)
    return Bounced(detail) if about_this_letter and error.code >= 500 else TryLater(detail)


def _only_address(message: EmailMessage, name: str) -> str:
    fields = message.get_all(name, [])
    if len(fields) != 1 or len(fields[0].addresses) != 1:
        raise ValueError(f"A message needs exactly one address in {name}.")
    return str(fields[0].addresses[0].addr_spec)


def as_written(message: EmailMessage, *, international: bool) -> bytes:
    """The bytes of the message. Raises ValueError when its head would hold a line that is no field of its own.

    The standard library decodes "=?utf-8?q?=0A?=" in a field and, in some versions, writes the line break out again.
    """
    for name in ("Cc", "Bcc"):
        if name in message:
            raise ValueError(f"A message goes to one person; it cannot have {name}.")
    if len(message.get_all("Message-ID", [])) != 1:
        raise ValueError("A message needs a Message-ID made from its delivery.")
    if "Date" not in message:
        message["Date"] = datetime.now(UTC)
    content = message.as_bytes(policy=_EIGHT_BITS if international else _SEVEN_BITS)
    head = content.partition(b"\r\n\r\n")[0]
    starts = [each for each in re.split(rb"\r\n|\r|\n", head) if not each.startswith((b" ", b"\t"))]
    if [each.partition(b":")[0].decode() for each in starts] != message.keys():
        raise ValueError("A field of the message breaks its line.")
    return content


def _detail(text: str) -> str:
    return line(text)[:300]


def _wrong_address() -> Invalid:
    return Invalid("invalid_settings", "COMPENSATION_SMTP_URL must be like smtp://user:password@mail.example:587.")
