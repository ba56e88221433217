"""The part of the bank test in which money goes back through a payment processor that errs, and is heard of late."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from compensation.cases.case import CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.report import report
from compensation.core.errors import Problem
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.issuance.order import IssueCase, issue_case
from compensation.issuance.payment import PaymentPort
from compensation.issuance.refund import RefundAnswer, record_refund, refund
from compensation.issuance.reward import Order
from compensation.partners.payment_simulator.api import KEY
from compensation.partners.payment_simulator.book import Book
from compensation.partners.payment_simulator.names import payment_named
from compensation.partners.payment_simulator.server import FILE, PaymentSimulator
from compensation.partners.stripe_refunds import StripeRefunds
from compensation.redemption.reveal import reveal
from tests.cases.desk import INC_19, reading
from tests.ledger.paper import EUR, Card, Paper
from tests.ledger.processor import RANKS, Died, Fate, Owed, Wire
from tests.shop import Fund, fund

HABITS = st.sampled_from(["prompt", "prompt", "pending", "pending-fails", "bounces", "busy", "declined"])
FATES: st.SearchStrategy[Fate] = st.sampled_from(["well", "well", "well", "dies", "lost before", "lost after", "away"])
STATES = {0: "pending", 1: "issued", 2: "redeemed", 3: "needs_review"}
GOODWILL = 200_00
"""More than the goodwill beside any refund of these, so that a case never ends at an empty budget."""

_numbers = itertools.count(1)


class MoneyBack(RuleBasedStateMachine):
    """Cases whose customers get their money back. What is kept here the whole bank has."""

    real: Any
    who: Who
    model: Paper
    processor: PaymentPort
    book: Path
    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.owed: list[Owed] = []

    @rule(target=refunds, amount=st.integers(20_00, 800_00), habit=HABITS)
    def owe(self, amount: int, habit: str) -> Owed:
        """A case: all of a payment is owed, and goodwill comes with it as a card."""
        door, number = self.real.doors[0], next(_numbers)
        short = GOODWILL - self.model.accounts[self.model.of("budget")]
        if short > 0:
            self.real.run(door.write(fund, self.who, Fund(self.model.program, Money(short, EUR))))
            self.model.move(self.model.of("funding"), self.model.of("budget"), short)
        payment = f"pi_sim_{amount}_eur_{number}_{habit}"
        order = {"number": f"SN-{number}", "amount": {"amount": amount, "currency": EUR}, "payment": payment}
        body = INC_19 | {"order": order, "customer": {"reference": f"C-{number}"}}
        found = self.real.run(door.write_together(report, self.who, reading(body))).read(CaseFile)
        self.real.run(door.write(choose, self.who, Choose(case_id=found.id, offer="refund_credit")))
        issued = self.real.run(door.write(issue_case, self.who, IssueCase(found.id))).read(Order)
        (back,) = (reward for reward in issued.rewards if reward.kind == "refund")
        (credit,) = (reward for reward in issued.rewards if reward.kind == "store_credit")
        assert back.principal == Money(amount, EUR)
        code = self.real.run(reveal(door, self.who, credit.id)).code
        assert credit.expires_at is not None
        self.model.issued(Card(credit.id, code, [credit.principal.amount, credit.bonus.amount], credit.expires_at))
        owed = Owed(back.id, payment, habit, amount, self.real.now.timestamp(), answers=[])
        self.model.move(self.model.of("expense.owed"), self._due(owed), amount)
        self.owed.append(owed)
        return owed

    @rule(owed=refunds, fate=FATES)
    def send_money_back(self, owed: Owed, fate: Fate) -> None:
        """The worker's work, once more: whatever it heard before, and whatever becomes of it now."""
        heard, ending = owed.worked(fate, self.real.now.timestamp())
        task = Task(self.who.merchant_id, "out_none", "refund", owed.id, owed.tries, 1)
        wire, ended = Wire(self.processor, fate, owed.answers), None
        try:
            self.real.run(refund(self.real.doors[0], lambda mode: wire, task))
        except Died:
            ended = "died"
        except Problem as problem:
            ended = problem.code
        assert ended == ending
        self._hear(owed, heard)

    @rule(owed=refunds, which=st.integers(0, 20))
    def a_notice_arrives(self, owed: Owed, which: int) -> None:
        """What the processor once said is heard now: late, doubled, out of order, or for the first time."""
        if owed.answers:
            answer = owed.answers[which % len(owed.answers)]
            who = Who(self.who.merchant_id, "system:refund")
            self.real.run(self.real.doors[1].write(record_refund, who, RefundAnswer(owed.id, answer)))
            self._hear(owed, max(owed.heard, RANKS[type(answer)]))

    @rule(seconds=st.sampled_from([6, 3600, 24 * 3600]))
    def a_while_passes(self, seconds: int) -> None:
        self.real.now += timedelta(seconds=seconds)
        self.model.now = self.real.now

    @rule()
    def the_processor_forgets_our_keys(self) -> None:
        with closing(Book(self.book)) as book:
            book.forget_keys()

    @invariant()
    def every_refund_is_where_we_heard_it_is(self) -> None:
        if not self.owed:
            return
        rows = self.real.run(
            self.real.owner.fetch(
                "SELECT id, state FROM rewards WHERE kind = 'refund' AND merchant_id = $1", self.who.merchant_id
            )
        )
        assert {row["id"]: row["state"] for row in rows} == {owed.id: STATES[owed.heard] for owed in self.owed}

    def money_went_back_once(self) -> None:
        """At the end: one refund at the processor where one was made, whatever was lost on the way."""
        with closing(Book(self.book)) as book:
            for owed in self.owed:
                assert len(book.refunds(payment_named(owed.payment))) == (owed.made is not None), owed

    def _hear(self, owed: Owed, heard: int) -> None:
        """The money has left exactly while the furthest that we heard is that it has."""
        gone = f"refunded:{self.who.merchant_id}:{EUR}"
        if heard == 2 != owed.heard:
            self.model.move(self._due(owed), gone, owed.amount)
        if owed.heard == 2 != heard:
            self.model.move(gone, self._due(owed), owed.amount)
        owed.heard = heard

    def _due(self, owed: Owed) -> str:
        return f"refund_due:{owed.id}:{EUR}"


@pytest.fixture
def processor(real: Any, tmp_path: Path) -> Iterator[StripeRefunds]:
    """The payment simulator, which lives by the clock of the bank."""
    simulator = PaymentSimulator(tmp_path / FILE, clock=lambda: real.now.timestamp())
    real.run(simulator.__aenter__())
    port = StripeRefunds(KEY, simulator.url)
    yield port
    real.run(port.close())
    real.run(simulator.__aexit__(None, None, None))
