"""What the stories of the console need: cases to work on, and a browser without a screen that fills in forms."""

import json
import re
from html import unescape
from typing import Any

import asyncpg
import httpx
import msgspec

from compensation.cases.case import CaseFile, case_file
from compensation.cases.report import ReportCase, report
from compensation.core.states import DeliveryState
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.send import MailOutcome, record_outcome
from compensation.delivery.tell import Delivery, Tell, queue
from compensation.issuance.order import IssueCase, issue_case
from compensation.issuance.payment import Succeeded
from compensation.issuance.refund import RefundAnswer, record_refund
from compensation.issuance.reward import Order
from compensation.merchants.demo import Demo
from tests.look.incidents import incidents

KEPT_PREPAYMENT, BAD_WEBINAR, LATE_GIFT = "INC-19", "INC-06", "INC-09"
"""€540 owed, above an agent's authority; a service where credit takes the place of money; nothing owed."""


class Shop(msgspec.Struct):
    """The demo merchant as the tests see it from behind."""

    door: Doorway
    owner: asyncpg.Connection
    demo: Demo
    staff: list[Who]

    @property
    def system(self) -> Who:
        return Who(self.demo.merchant, "api_key:test")

    async def report(self, incident: str, who: Who | None = None, **more: Any) -> CaseFile:
        """One of the sixteen incidents, with its customer."""
        told = incidents()[incident]
        customer = {"name": told["customer"], "email": f"{incident.lower()}@mail.example"}
        body = {**told["report"], "customer": customer, "channel": "self_service", **more}
        what = msgspec.json.decode(json.dumps(body), type=ReportCase)
        return (await self.door.write_together(report, who or self.system, what)).read(CaseFile)

    async def file(self, case_id: str) -> CaseFile:
        async with self.door.read(self.demo.merchant) as tx:
            return await case_file(tx, case_id)

    async def issue(self, case_id: str, *, told: DeliveryState | None = DeliveryState.sent) -> Order:
        """What the worker does with an accepted case; ``told`` is what became of its message."""
        worker = Who(self.demo.merchant, "system:issue")
        order = (await self.door.write(issue_case, worker, IssueCase(case_id))).read(Order)
        for reward in order.rewards:
            if reward.kind == "refund":
                answer = RefundAnswer(reward.id, Succeeded(partner_id="re_1", amount=reward.principal))
                await self.door.write(record_refund, worker, answer)
        if told is not None:
            delivery = (await self.door.write(queue, worker, Tell("remedy", order.id))).read(Delivery)
            await self.door.write(record_outcome, worker, MailOutcome(delivery.id, DeliveryState.sent, "x"))
            if told is not DeliveryState.sent:
                await self.door.write(record_outcome, worker, MailOutcome(delivery.id, told, "x"))
        return order

    async def count(self, table: str) -> int:
        return int(await self.owner.fetchval(f"SELECT count(*) FROM {table}"))

    async def told(self, topic: str) -> int:
        """How often work of a topic was asked for."""
        return int(await self.owner.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", topic))


class Seat:
    """A browser without a screen and without script: it follows what the page says, and nothing else."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def see(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:2000]}"
        return answer.text

    async def log_in(self, email: str, password: str, after: str = "") -> httpx.Response:
        page = await self.see("/console/login" + (f"?next={after}" if after else ""))
        return await self.client.post("/console/login", data={**hidden(page), "email": email, "password": password})

    async def send(self, page: str, to: str, **typed: str) -> httpx.Response:
        """Fill in the form of ``page`` that goes to ``to``, and send it."""
        return await self.client.post(to, data={**hidden(page, to), **typed})


def hidden(page: str, to: str | None = None) -> dict[str, str]:
    """The hidden fields of the form that goes ``to`` an address; of all forms where none is named."""
    forms = re.findall(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL)
    wanted = [body for head, body in forms if to is None or f'action="{to}"' in head]
    assert wanted, f"no form goes to {to}"
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', "".join(wanted))
    return {name: unescape(value) for name, value in fields}


def text(page: str) -> str:
    """What can be read on a page, without its markup."""
    body = re.sub(r"<(head|style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(
        unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(?:br|/p|/td|/th|/li|/h\d|/div|/dt|/summary)>", " ", body))).split()
    )


def title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found is not None
    return unescape(found[1])
