"""Which work each topic of the outbox means, and how one row of it is done."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from compensation.cases.trials.shadow import ShadowCase, shadow_case
from compensation.cases.trials.simulate import run
from compensation.core.crash import crashpoint
from compensation.core.errors import Problem, Refused
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.outbox import Task, claim, finish, postpone
from compensation.db.unit import Doorway
from compensation.delivery.send import Post, send
from compensation.delivery.tell import tell_dispute, tell_offers, tell_remedy
from compensation.imports.issue import begin_import, do_chunk
from compensation.issuance.order import IssueCase, issue_case
from compensation.issuance.product import supply
from compensation.issuance.refund import refund
from compensation.notices.event import announce
from compensation.notices.notify import notify
from compensation.partners import Partners

log = structlog.get_logger()
DEADLINE = 45.0
"""Seconds one piece of work may take: less than the lease, so that nobody else begins it meanwhile."""
BESIDE = frozenset({"notify", "simulate"})
"""Work that waits for a merchant's own server or for a long reckoning: done beside the rest, never in its way."""
CHUNKS = 2
"""Chunks of files that are issued at a time: one is prepared while the other is written. More would wait for the same
purse, and hold their lines in memory meanwhile."""
MOST_BESIDE = 200
"""How much is done beside the rest at a time; beyond that the rest waits after all."""


class Worker:
    """What work needs: the doorway for writing, the partners for calling out, and the post for letters."""

    def __init__(self, door: Doorway, partners: Partners, post: Post) -> None:
        self.door, self.partners, self.post = door, partners, post
        self._topics: dict[str, Callable[[Task], Awaitable[None]]] = {
            "issue_case": self._issue_case,
            "refund": lambda task: refund(door, partners.payments, task),
            "product": lambda task: supply(door, partners.supplier, task),
            "tell_offers": lambda task: tell_offers(door, task),
            "tell_dispute": lambda task: tell_dispute(door, task),
            "tell_remedy": lambda task: tell_remedy(door, task),
            "send": lambda task: send(door, post, partners.mail, task),
            "issue_import": lambda task: begin_import(door, task),
            "issue_chunk": self._issue_chunk,
            "event": lambda task: announce(door, task),
            "shadow": self._shadow,
            "simulate": lambda task: run(door, task),
            "notify": lambda task: notify(door, partners.receivers, task),
        }
        self._beside: set[asyncio.Task[None]] = set()
        self._chunks = asyncio.Semaphore(CHUNKS)

    async def work_one(self, merchant_id: str, task_id: str | None = None) -> bool:
        """Claim one due row and do it. Whatever happens, the row ends as done, later, or dead. False: nothing due.

        What is done BESIDE may still be under way; ``settle`` waits for it.
        """
        task = await claim(self.door, merchant_id, self.door.clock(), task_id)
        if task is None:
            return False
        crashpoint("outbox.after_claim")
        if task.topic in BESIDE and len(self._beside) < MOST_BESIDE:
            beside = asyncio.create_task(self._do(task))
            self._beside.add(beside)
            beside.add_done_callback(self._ended)
        else:
            await self._do(task)
        return True

    async def settle(self) -> None:
        """Wait for what is being done beside the rest. Whoever does not wait loses nothing: leases run out."""
        while self._beside:
            await asyncio.gather(*self._beside, return_exceptions=True)

    async def _do(self, task: Task) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                await self._topics[task.topic.partition(":")[0]](task)
        except Exception as error:  # written on the row and tried again; a bug shows as a row that dies in the open
            # The name of the fault only: its text may hold an address or a name.
            name = error.code if isinstance(error, Problem) else type(error).__name__
            bug = None if isinstance(error, Problem) else error
            lives = await postpone(self.door, task, self.door.clock(), name)
            log.warning(
                "work_failed", topic=task.topic, subject=task.subject_id, attempt=task.attempts, error=name,
                dead=not lives, exc_info=bug,
            )  # fmt: skip
            return
        crashpoint("outbox.before_done")
        await finish(self.door, task, self.door.clock())

    def _ended(self, beside: "asyncio.Task[None]") -> None:
        self._beside.discard(beside)
        if not beside.cancelled() and beside.exception() is not None:
            # The row could not even be written back, so the database is away: its lease brings the work again.
            log.warning("work_lost_its_lease", error=type(beside.exception()).__name__)

    async def work_all(self, merchant_id: str, at_most: int = 1000) -> int:
        """Do what is due for this merchant, and say how much it was."""
        for count in range(at_most):
            if not await self.work_one(merchant_id):
                return count
        return at_most

    async def _issue_case(self, task: Task) -> None:
        who = Who(task.merchant_id, "system:issue")
        key = f"issue_case:{task.subject_id}:{task.id}"
        try:
            await self.door.write(issue_case, who, IssueCase(task.subject_id), key)
        except Refused as refusal:
            # Somebody called it off before its turn came: there is nothing left to do.
            if refusal.extra.get("state") != CaseState.cancelled:
                raise

    async def _issue_chunk(self, task: Task) -> None:
        async with self._chunks:
            await do_chunk(self.door, task)

    async def _shadow(self, task: Task) -> None:
        await self.door.write(shadow_case, Who(task.merchant_id, "system:shadow"), ShadowCase(task.subject_id))
