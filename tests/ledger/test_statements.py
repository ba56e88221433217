"""Laws of what finance reads: whatever was done in whatever order, every past moment and line can be had again."""

import asyncio
import csv
import io
import itertools
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.sheet import sheet
from compensation.core.vault import Vault
from compensation.customers.contact import Contact
from compensation.customers.wallet import credit_statement, wallet
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.ledger.journal import JournalLine, journal
from compensation.ledger.liability import Liability, liability
from compensation.ledger.statement import Entry, statement
from compensation.ledger.trial import TrialBalance, main, trial_balance
from compensation.redemption.expire import Expire, expire
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.wallet import SpendFrom, WalletSpent, spend_credit
from tests.conftest import make_merchant
from tests.customers.test_customers import met
from tests.ledger.test_bank import BEGINNING, Real, real
from tests.lent import cases
from tests.shop import Fund, fund, make_program

__all__ = ["real"]

EUR = "EUR"
STEPS = st.one_of(
    st.tuples(st.just("give"), st.integers(1, 5000), st.integers(1, 24)),
    st.tuples(st.just("spend"), st.integers(1, 6000), st.just(0)),
    st.tuples(st.just("return"), st.integers(1, 3000), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 200), st.just(0)),
)


class Story:
    """A customer who is given credit, spends it, gives goods back and lets time pass; and what the books then said."""

    def __init__(self, real: Real, who: Who, program: str, customer: str) -> None:
        self.real, self.who, self.program, self.customer = real, who, program, customer
        self.door = real.doors[0]
        self.uses: list[str] = []
        self.lots: list[list[Any]] = []
        """What a model on paper holds: until when, how much; the lots in the order in which they were given."""
        self.then: list[TrialBalance] = []

    async def do(self, step: tuple[str, int, int]) -> None:
        what, amount, more = step
        with suppress(Refused):
            await getattr(self, f"_{what}")(amount, more)
        self.then.append(await self.books(self.real.now))
        self.real.now += timedelta(seconds=1)

    async def _give(self, amount: int, months: int) -> None:
        item = Item(kind="store_credit", amount=Money(amount, EUR), valid_months=months)
        await self.door.write_together(issue, self.who, OrderRequest(items=(item,), customer_id=self.customer))

    async def _spend(self, amount: int, _: int) -> None:
        before = await self.held()
        spent = (await self.door.write(spend_credit, self.who, SpendFrom(self.customer, Money(amount, EUR)))).read(
            WalletSpent
        )
        # Soonest expiring first: whatever was touched but the last is empty, and nothing later was touched.
        after = await self.held()
        assert spent.balance.amount == sum(after.values()) == sum(before.values()) - amount
        order = list(before)
        touched = [use.reward_id for use in spent.redemptions]
        assert touched == order[: len(touched)]
        assert all(reward not in after for reward in touched[:-1])
        self.uses += [use.id for use in spent.redemptions]

    async def _return(self, amount: int, which: int) -> None:
        if self.uses:
            use = self.uses[which % len(self.uses)]
            await self.door.write(give_back, self.who, GiveBack(redemption_id=use, amount=Money(amount, EUR)))

    async def _wait(self, days: int, _: int) -> None:
        self.real.now += timedelta(days=days)
        await self.door.write(expire, self.who, Expire())

    async def held(self) -> dict[str, int]:
        async with self.door.read(self.who.merchant_id) as tx:
            held = (await wallet(tx, self.customer, self.real.now)).held
        return {
            one.reward_id: one.balance.amount for one in sorted(held, key=lambda one: (one.expires_at, one.reward_id))
        }

    async def books(self, at: datetime) -> TrialBalance:
        async with self.door.read(self.who.merchant_id) as tx:
            return await trial_balance(tx, at)

    async def lines(self, page: int) -> list[Entry]:
        entries: list[Entry] = []
        cursor: int | None = None
        while True:
            async with self.door.read(self.who.merchant_id) as tx:
                told = await credit_statement(tx, self.customer, EUR, before=cursor, limit=page)
            entries += told.entries
            assert len(told.entries) <= page
            if told.next is None:
                return entries
            cursor = told.next

    async def owed(self, at: datetime) -> Liability:
        async with self.door.read(self.who.merchant_id) as tx:
            return await liability(tx, at)

    async def journal(self) -> list[JournalLine]:
        begin = datetime(2020, 1, 1, tzinfo=UTC)
        end = self.real.now + timedelta(days=1)
        return [line async for page in journal(self.door, self.who.merchant_id, begin, end) for line in page]


async def adds_up(story: Story, then: TrialBalance) -> None:
    """What was owed then is one sum, however it is cut, and what the books of then say; so at every month's end."""
    found, asked = await story.owed(then.at), {line.role: line.credit for line in then.lines if line.asset == EUR}
    total = asked.get("card", 0)
    for view in (found.by_origin, found.by_age, found.by_expiry):
        assert sum(share.amount for share in view) == total
        assert all(share.amount > 0 < share.lots for share in view)
    months = [month for month in found.by_month if month.asset == EUR]
    assert not months or (len(months) == 12 and months[-1].outstanding == total)
    assert sum(month.broken for month in months) <= asked.get("breakage", 0)
    for month in months[:-1]:
        end = datetime(month.month.year + month.month.month // 12, month.month.month % 12 + 1, 1, tzinfo=UTC)
        past = await story.books(end - timedelta(microseconds=1))
        assert month.outstanding == sum(line.credit for line in past.lines if line.role == "card")


async def _story(real: Real, steps: list[tuple[str, int, int]]) -> Story:
    real.now = BEGINNING
    who = await make_merchant(real.owner)
    program = await make_program(real.owner, real.doors[0], who, Money(10_000_000, EUR))
    story = Story(real, who, program, await met(real.doors[0], who, Contact(reference="ann")))
    for step in steps:
        await story.do(step)
    return story


def test_every_past_moment_can_be_had_again_and_every_statement_adds_up(real: Real) -> None:
    @given(st.lists(STEPS, min_size=1, max_size=25), st.integers(1, 7))
    @example([("give", 1, 1), ("spend", 1, 0), ("wait", 60, 0), ("return", 1, 0)], 1)
    @budget(max_examples=cases(40), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    def law(steps: list[tuple[str, int, int]], page: int) -> None:
        real.run(holds(steps, page))

    async def holds(steps: list[tuple[str, int, int]], page: int) -> None:
        story = await _story(real, steps)
        for then in story.then:
            assert then.balanced
            assert await story.books(then.at) == then
        for then in story.then[-1:]:
            await adds_up(story, then)
        entries = await story.lines(page)
        assert entries == await story.lines(200)
        assert sum(entry.amount.amount for entry in entries) == (entries[0].balance.amount if entries else 0)
        for newer, older in itertools.pairwise(entries):
            assert newer.balance.amount - newer.amount.amount == older.balance.amount >= 0
        assert sum((await story.held()).values()) == (entries[0].balance.amount if entries else 0)
        lines = await story.journal()
        sums: dict[str, int] = {}
        for line in lines:
            for account, amount in ((line.debit, -line.amount.amount), (line.credit, line.amount.amount)):
                sums[account] = sums.get(account, 0) + amount
        now = await story.books(story.real.now)
        assert sum(-amount for amount in sums.values() if amount < 0) == sum(total.debit for total in now.totals)
        assert len({(line.transfer_id, line.line) for line in lines}) == len(lines)
        assert await audit(real.owner) == {}

    law()


def test_a_program_statement_reads_back_to_an_empty_budget(real: Real) -> None:
    async def holds() -> None:
        story = await _story(real, [("give", 700, 12), ("give", 300, 12)])
        account = f"budget:{story.program}:{EUR}"
        async with story.door.read(story.who.merchant_id) as tx:
            told = await statement(tx, [account], EUR)
        assert [(line.kind, line.amount.amount, line.balance.amount) for line in told.entries] == [
            ("issue", -300, 9_999_000), ("issue", -700, 9_999_300), ("fund", 10_000_000, 10_000_000),
        ]  # fmt: skip
        assert told.balance == Money(9_999_000, EUR)
        async with story.door.read(story.who.merchant_id) as tx:
            nothing = await statement(tx, ["budget:prg_none:EUR"], EUR)
        assert msgspec.structs.astuple(nothing) == (Money(0, EUR), (), None)

    real.run(holds())


@given(st.text(max_size=20))
def test_no_cell_of_a_sheet_is_a_formula_and_none_is_lost(text: str) -> None:
    ((cell, number),) = csv.reader(io.StringIO(sheet([[text, -5]]), newline=""))
    assert number == "-5"
    assert cell in (text, "'" + text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


async def test_the_command_prints_both_sides_and_tells_by_its_status_whether_they_balance(
    settings: Settings, owner: asyncpg.Connection, door: Doorway, merchant: Who, capsys: pytest.CaptureFixture[str]
) -> None:
    keyed = msgspec.structs.replace(settings, keys=f"1:{Vault.new_root()}")
    await make_program(owner, door, merchant, Money(1_234_50, EUR))
    assert await asyncio.to_thread(main, keyed, None, merchant.merchant_id) == 0
    assert f"EUR    together{'1,234.50':>31}{'1,234.50':>21}" in capsys.readouterr().out
    await owner.execute("UPDATE accounts SET balance = balance + 1 WHERE role = 'budget'")
    assert await asyncio.to_thread(main, keyed, None, None) == 1
    assert "does not balance" in capsys.readouterr().out
    assert await asyncio.to_thread(main, keyed, datetime(2020, 1, 1, tzinfo=UTC), merchant.merchant_id) == 1


async def test_a_journal_takes_its_first_moment_and_leaves_its_last(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    door.clock = lambda: BEGINNING
    program = await make_program(owner, door, merchant, Money(1_000, EUR))
    await door.write(fund, merchant, Fund(program, Money(500, EUR)))
    second = timedelta(seconds=1)

    async def sums(since: datetime, until: datetime) -> list[int]:
        pages = journal(door, merchant.merchant_id, since, until)
        return [line.amount.amount async for page in pages for line in page]

    assert sorted(await sums(BEGINNING, BEGINNING + second)) == [500, 1_000]
    assert await sums(BEGINNING - second, BEGINNING) == []
    assert await sums(BEGINNING + second, BEGINNING + 2 * second) == []
