"""Sending one delivery: compose in the customer's language, hand over, write down what came of it."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Protocol

import msgspec

from compensation.core.crash import crashpoint
from compensation.core.errors import NotFound, Refused, Unavailable
from compensation.core.settings import Settings
from compensation.core.states import CaseState, DeliveryState
from compensation.core.text import line
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery import sql
from compensation.delivery.compose import Writer
from compensation.delivery.facts import Facts, case_facts, dispute_facts, order_facts
from compensation.delivery.letter import Letter
from compensation.delivery.links import VALID, LinkKind, address, link_of
from compensation.delivery.render import Mail, environment, mail


class MailAnswer(Protocol):
    """What a channel says of one message: ``Sent``, ``Bounced`` or ``TryLater``, by the name of its type."""

    @property
    def detail(self) -> str: ...


class MailPort(Protocol):
    """The channel e-mail goes out by."""

    async def send(self, message: EmailMessage) -> MailAnswer: ...


class Post:
    """Writes letters. Made once a process: it holds the words of every language and the templates."""

    def __init__(self, settings: Settings) -> None:
        self.writer = Writer()
        self.templates = environment(self.writer.words)
        self.base_url = settings.base_url

    def compose(self, letter: str, facts: Facts, token: str) -> Letter:
        """The letter of a delivery. ``token`` opens its page."""
        occasion = facts.occasion
        if occasion.terms:
            occasion = msgspec.structs.replace(occasion, terms=f"{self.base_url.rstrip('/')}{occasion.terms}")
        if letter == "offers":
            assert facts.case is not None, "only a case has offers"
            until = (facts.case.created_at + VALID["offers"]).date()
            return self.writer.offers(occasion, facts.case.offers, address(self.base_url, "offers", token), until)
        if letter == "dispute":
            assert facts.disputed is not None, "somebody answered"
            more = facts.disputed.dispute.further_case is not None
            url = address(self.base_url, _page_of(facts), token)
            return self.writer.dispute(occasion, facts.disputed.answer or "", url, more=more)
        return self.writer.remedy(occasion, facts.given, address(self.base_url, "gift", token))


class MailOutcome(msgspec.Struct, frozen=True):
    """What became of one delivery. ``message`` is the letter as it was sent, sealed."""

    delivery_id: str
    state: DeliveryState
    subject: str
    error: str = ""
    message: bytes | None = None


class DeliveryMoved(msgspec.Struct, frozen=True):
    id: str
    state: DeliveryState


async def send(door: Doorway, post: Post, port: MailPort, task: Task) -> None:
    """The work ``send``. Repeated after a crash it sends the same message with the same Message-ID again.

    Raises Unavailable while the mail server does not take it.
    """
    async with door.read(task.merchant_id) as tx:
        row = await tx.row(sql.DELIVERY, task.subject_id)
        if row is None:
            raise NotFound("unknown_delivery", "There is no such delivery.")
        if row["state"] != DeliveryState.queued:
            return
        try:
            key = await key_of(tx, row["customer_id"])
            facts, token = await _load(tx, row["letter"], row["case_id"], row["order_id"], door.clock())
        except Unreadable:
            key, facts, token = None, None, ""
    if facts is None or key is None or not facts.email or _void(facts):
        lack = "erased" if facts is None else "no_address" if not facts.email else "cancelled"
        await _record(door, task, MailOutcome(task.subject_id, DeliveryState.failed, "", lack))
        return
    facts = msgspec.structs.replace(facts, given=tuple(one for one in facts.given if not one.cancelled))
    written = mail(post.templates, post.compose(row["letter"], facts, token))
    message = _message(facts, written, task.subject_id)
    crashpoint("deliver.before_send")
    answer = await port.send(message)
    crashpoint("deliver.after_send")
    verdict = type(answer).__name__
    if verdict == "TryLater":
        raise Unavailable("mail_not_taken", answer.detail, retry_after=60)
    # Under the customer's own key: when he is forgotten, what we wrote to him is unreadable too.
    sealed = key.seal(task.subject_id, msgspec.json.encode(written))
    await _record(door, task, MailOutcome(task.subject_id, DeliveryState.sent, written.subject, message=sealed))
    if verdict == "Bounced":
        bounced = MailOutcome(task.subject_id, DeliveryState.bounced, written.subject, "refused_by_mail_server")
        await _record(door, task, bounced)


async def record_outcome(tx: Tx, who: Who, what: MailOutcome, at: datetime) -> DeliveryMoved:
    """Bring the delivery to its new state; saying it again changes nothing."""
    await tx.run(sql.MOVE_DELIVERY, what.delivery_id, what.state, what.subject, what.message, what.error, at)
    return DeliveryMoved(what.delivery_id, what.state)


async def _record(door: Doorway, task: Task, outcome: MailOutcome) -> None:
    await door.write(record_outcome, Who(task.merchant_id, "system:send"), outcome)


def _void(facts: Facts) -> bool:
    """Whether all that the letter would bring was cancelled before it was sent."""
    return bool(facts.given) and all(one.cancelled for one in facts.given)


async def _load(tx: Tx, letter: str, case_id: str | None, order_id: str | None, at: datetime) -> tuple[Facts, str]:
    if letter == "offers":
        assert case_id is not None, "an offers letter is about a case"
        facts, token = await case_facts(tx, case_id, at), await link_of(tx, "offers", case_id)
    elif letter == "dispute":
        assert case_id is not None, "a dispute is about a case"
        facts = await dispute_facts(tx, case_id, at)
        token = await link_of(tx, _page_of(facts), case_id)
    else:
        assert order_id is not None, "a remedy letter is about an order"
        facts, token = await order_facts(tx, order_id, at), await link_of(tx, "gift", order_id)
    if token is None:
        raise Refused("link_revoked", "The link of this letter was revoked; queue a new delivery.")
    return facts, token


def _page_of(facts: Facts) -> LinkKind:
    """Where the answer to a dispute leads: to the offers while they stand, else to where the case stands."""
    return "offers" if facts.case is not None and facts.case.state is CaseState.offered else "status"


def _message(facts: Facts, written: Mail, delivery_id: str) -> EmailMessage:
    brand = facts.occasion.brand
    message = EmailMessage(policy=SMTPUTF8)
    message["From"] = f'"{line(brand.said(brand.name, facts.occasion.locale)).replace(chr(34), "")}" <{brand.sender}>'
    message["To"] = facts.email
    message["Subject"] = written.subject
    message["Message-ID"] = f"<{delivery_id}@{brand.site.partition(':')[0]}>"
    message["Content-Language"] = facts.occasion.locale
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(written.text)
    message.add_alternative(written.html, subtype="html")
    return message
