"""Every verb of stored value, in whatever order and at whatever time: the books are what plain arithmetic says."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from compensation.core.errors import Problem
from compensation.db.audit import audit
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from compensation.redemption.merge import Merge, merge
from compensation.redemption.reveal import reveal
from compensation.redemption.tender import Tender, Tendered, tender
from compensation.redemption.transfer import TransferCredit, transfer_credit
from tests.conftest import make_merchant
from tests.ledger.test_bank import BEGINNING, PARTS, Part, Real, portion, real
from tests.lent import cases
from tests.redemption.model import Card, Held, Model, Use
from tests.redemption.till import Till, eur
from tests.shop import make_program

__all__ = ["real"]

BUDGET = 2000_00


class Counter(RuleBasedStateMachine):
    """One merchant's counter. ``real`` is given by the test."""

    real: Real
    cards = Bundle("cards")
    uses = Bundle("uses")
    held = Bundle("held")

    @initialize()
    def open(self) -> None:
        self.real.now = BEGINNING
        door = self.real.doors[0]
        self.who = self.real.run(make_merchant(self.real.owner))
        program = self.real.run(make_program(self.real.owner, door, self.who, eur(BUDGET)))
        self.model = Model(self.who, program, BUDGET, self.real.now)
        self.till = Till(door, self.who)

    def ask(self, act: Awaitable[Any], refusal: str | None) -> Any:
        """The answer, or None where the refusal is the one that was foreseen."""
        problem, answer = None, None
        try:
            answer = self.real.run(act)
        except Problem as raised:
            problem = raised
        assert (problem.code if problem else None) == refusal, f"{problem or answer}"
        return answer

    @rule(target=cards, kind=st.sampled_from(["gift_card", "gift_card", "store_credit"]), amount=st.integers(1, 40_00),
          bonus=st.sampled_from([0, 5_00]), months=st.integers(1, 2))  # fmt: skip
    def order(self, kind: str, amount: int, bonus: int, months: int) -> Any:
        if self.model.accounts[self.model.of("budget")] < amount + bonus:
            return multiple()
        item = Item(kind=kind, amount=eur(amount), bonus=eur(bonus) if bonus else None, valid_months=months)
        asked = self.till.door.write_together(issue, self.who, OrderRequest(items=(item,)))
        reward = self.real.run(asked).read(Order).rewards[0]
        code = self.real.run(reveal(self.till.door, self.who, reward.id)).code
        lots = {(reward.id, "principal"): amount} | ({(reward.id, "bonus"): bonus} if bonus else {})
        card = Card(reward.id, code, kind, lots, self.real.now, reward.expires_at)
        self.model.issued(card)
        return card

    @rule(target=uses, card=cards, part=PARTS)
    def spend(self, card: Card, part: Part) -> Any:
        amount = portion(card.left, part)
        use = self.ask(self.till.spend(card.code, amount), self.model.spend_refusal(card, amount))
        return self.model.spent(card, use.id, amount) if use else multiple()

    @rule(target=held, card=cards, part=PARTS, minutes=st.sampled_from([10, 7 * 24 * 60]))
    def hold(self, card: Card, part: Part, minutes: int) -> Any:
        amount = portion(card.left, part)
        hold = self.ask(self.till.hold(card.code, amount, minutes), self.model.spend_refusal(card, amount))
        return self.model.holding(card, hold.id, amount, minutes) if hold else multiple()

    @rule(target=uses, held=held, part=PARTS)
    def capture(self, held: Held, part: Part) -> Any:
        amount = portion(sum(held.parts.values()), part)
        done = self.ask(self.till.capture(held, amount), self.model.capture_refusal(held, amount))  # type: ignore[arg-type] # its id is all that counts
        return self.model.captured(held, done.redemption_id, amount) if done else multiple()

    @rule(held=held)
    def release(self, held: Held) -> None:
        refusal = None if held.state == "held" else "hold_ended"
        if self.ask(self.till.release(held), refusal):  # type: ignore[arg-type] # its id is all that counts
            self.model.released(held)

    @rule(use=uses, part=PARTS)
    def bring_back(self, use: Use, part: Part) -> None:
        amount = portion(sum(use.taken.values()), part)
        if self.ask(self.till.give(use.id, amount), self.model.give_refusal(use, amount)):
            self.model.given(use, amount)

    @rule(card=cards)
    def void(self, card: Card) -> None:
        done = self.ask(self.till.void(card.id), self.model.void_refusal(card))
        if done:
            assert done.amount == eur(self.model.taken_back(card, card.left))
            card.state = "voided"

    @rule(card=cards, part=PARTS)
    def claw_back(self, card: Card, part: Part) -> None:
        amount = portion(card.left, part)
        done = self.ask(self.till.claw_back(card.id, amount), None)
        taken = self.model.clawed_back(card, amount)
        assert (done.amount, done.shortfall) == (eur(taken), eur(amount - taken))

    @rule(target=cards, card=cards)
    def reissue(self, card: Card) -> Any:
        done = self.ask(self.till.reissue(card.id), self.model.reissue_refusal(card))
        if done is None:
            return multiple()
        record, code = done
        new = Card(record.to_reward_id, code, card.kind, {}, card.issued_at, card.expires_at, replaces=card)
        self.model.carried(card, new, card.left)
        self.model.gone(card, new)
        self.model.cards.append(new)
        return new

    @rule(card=cards, days=st.integers(-5, 40))
    def extend(self, card: Card, days: int) -> None:
        until = card.expires_at + timedelta(days=days)
        if self.ask(self.till.extend(card.id, until), self.model.extend_refusal(card, until)):
            self.model.extended(card, until)

    @rule(card=cards, to=cards)
    def merge(self, card: Card, to: Card) -> None:
        refusal = self.model.pair_refusal(card, to)
        if refusal is None:
            refusal = "kind_mismatch" if card.kind != to.kind else "value_is_held" if self.model.held(card) else None
        if self.ask(self.till.door.write(merge, self.who, Merge(code=card.code, into=to.code)), refusal):
            self.model.carried(card, to, card.left)
            self.model.gone(card, to)

    @rule(card=cards, to=cards, part=PARTS)
    def transfer(self, card: Card, to: Card, part: Part) -> None:
        amount = portion(card.left, part)
        refusal = self.model.pair_refusal(card, to)
        if refusal is None and (card.kind, to.kind) != ("store_credit", "gift_card"):
            refusal = "kind_mismatch"
        refusal = refusal or self.model.spend_refusal(card, amount)
        what = TransferCredit(code=card.code, into=to.code, amount=eur(amount))
        if self.ask(self.till.door.write(transfer_credit, self.who, what), refusal):
            self.model.carried(card, to, amount)
            if not card.left and not self.model.held(card):
                self.model.gone(card, to)

    @rule(target=uses, some=st.lists(cards, min_size=1, max_size=4, unique_by=lambda card: card.id), part=PARTS)
    def tender(self, some: list[Card], part: Part) -> Any:
        amount = portion(sum(card.left for card in some), part)
        good = all(self.model.usable(card) and card.left for card in some)
        what = Tender(codes=tuple(card.code for card in some), amount=eur(amount))
        written = self.ask(self.till.door.write(tender, self.who, what), None if good else "code_not_usable")
        if written is None:
            return multiple()
        done, due, made = written.read(Tendered), amount, []
        ids = {use.reward_id: use for use in done.redemptions}
        for card in sorted(some, key=lambda card: (card.expires_at, card.id)):
            share = min(card.left, due)
            if share:
                use = ids.pop(card.id)
                assert use.amount == eur(share)
                made.append(self.model.spent(card, use.id, share))
                due -= share
        assert (done.due, ids) == (eur(due), {})
        return multiple(*made)

    @rule(hours=st.sampled_from([1, 30, 24 * 8, 24 * 25]))
    def time_passes(self, hours: int) -> None:
        self.real.now += timedelta(hours=hours)
        self.model.now = self.real.now

    @rule()
    def sweep(self) -> None:
        assert self.ask(self.till.sweep(), None) == self.model.swept()

    @invariant()
    def the_books_are_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        mine = self.who.merchant_id
        rows = self.real.run(
            self.real.owner.fetch("SELECT id, balance FROM accounts WHERE merchant_id = $1 AND balance <> 0", mine)
        )
        assert {row["id"]: row["balance"] for row in rows} == {
            n: sum_ for n, sum_ in self.model.accounts.items() if sum_
        }
        seen = self.real.run(
            self.real.owner.fetch("SELECT id, state, expires_at FROM rewards WHERE merchant_id = $1", mine)
        )
        assert {row["id"]: (row["state"], row["expires_at"]) for row in seen} == {
            card.id: (card.state, card.expires_at) for card in self.model.cards
        }

    def teardown(self) -> None:
        assert self.real.run(audit(self.real.owner)) == {}


def test_the_books_hold_whatever_is_done_with_stored_value(real: Real) -> None:
    class Here(Counter):
        pass

    Here.real = real
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=cases(settings.default.max_examples * 2 // 5),
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
