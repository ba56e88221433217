"""Writing orders and rewards down, with the value that moves: one write for all rows, one for all postings."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from compensation.core.ids import new_ids
from compensation.core.states import OrderState, RewardState
from compensation.db.pool import Tx, columns, once
from compensation.issuance import sql
from compensation.issuance.codes import new_codes
from compensation.issuance.kinds import Draft, kind
from compensation.issuance.reward import Order, Reward
from compensation.ledger import Lot, Posting, Transfer, account, post
from compensation.ledger.account import Role

_ROUTES: dict[str, str] = {}
_MOST_ROUTES = 10_000


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be written. ``purse`` is where its goodwill is paid from: the budget, or what a choice reserved."""

    id: str
    program_id: str
    actor: str
    drafts: Sequence[Draft]
    purse: Role
    case_id: str | None = None
    about: str | None = None
    """The case that the rewards belong to where the order is not its own: a case has one order of its choice."""
    customer_id: str | None = None
    reference: str | None = None


class Written(NamedTuple):
    """One reward as it was written: its order, its place there, and what is known of it now."""

    order: Placed
    position: int
    draft: Draft
    reward_id: str
    code: "Sealed | None"


class Sealed(NamedTuple):
    """A code as it is kept."""

    sealed: bytes
    hashed: bytes
    last4: str


async def put(tx: Tx, placed: Sequence[Placed], at: datetime) -> list[Order]:
    """Write orders with their rewards and post what they cost. The purses must be locked and hold enough.

    Seals a fresh code for every kind that carries one, and tells the work that finishes a reward.
    """
    rewards: dict[str, list[Reward]] = {order.id: [] for order in placed}
    for written in await write(tx, placed, at):
        rewards[written.order.id].append(_reward(written, at))
    return [_order(order, rewards[order.id], at) for order in placed]


async def write(tx: Tx, placed: Sequence[Placed], at: datetime, under: str | None = None) -> list[Written]:
    """What ``put`` does, for whoever needs no answer. With ``under`` all value moves by one transfer, about that."""
    drafts = [(order, position, draft) for order in placed for position, draft in enumerate(order.drafts)]
    codes = iter(await _codes(tx, sum(kind(draft.kind).SECRET for _, _, draft in drafts)))
    rewards = [
        Written(order, position, draft, reward_id, _seal(tx, reward_id, codes) if kind(draft.kind).SECRET else None)
        for (order, position, draft), reward_id in zip(drafts, new_ids("rwd", len(drafts)), strict=True)
    ]
    for one in rewards:
        after = kind(one.draft.kind).AFTER
        if after is not None:
            tx.tell(after, one.reward_id)
    terms = _Terms()
    await tx.write(
        sql.PUT,
        at,
        *columns([(order.id, order.case_id, order.customer_id, order.reference) for order in placed], 4),
        *once([(order.program_id, _state(order), order.actor) for order in placed], 3),
        *columns([_own(one) for one in rewards], 9),
        *once([_like_others(one, terms) for one in rewards], 12),
    )
    await _move(tx, rewards, under, at)
    return rewards


async def _move(tx: Tx, rewards: Sequence[Written], under: str | None, at: datetime) -> None:
    """Post what the rewards are worth: what a budget pays becomes spent, and what they hold becomes a liability."""
    lots: dict[str, Lot] = {}
    transfers: list[Transfer] = []
    together: list[Posting] = []
    purses: dict[tuple[str, str], int] = {}
    for one in rewards:
        draft, order = one.draft, one.order
        effect = kind(draft.kind).effect(draft, one.reward_id, tx.merchant_id)
        lots |= effect.lots
        postings = list(effect.postings)
        if draft.drawn.amount:
            currency = draft.worth.currency
            purse, spent = (account(role, order.program_id, currency) for role in (order.purse, Role.spent))
            if under is None:
                postings.insert(0, Posting(purse, spent, draft.drawn.amount))
            else:
                purses[purse, spent] = purses.get((purse, spent), 0) + draft.drawn.amount
        if under is not None:
            together += postings
        elif postings:
            transfers.append(
                Transfer(kind="issue", subject_id=one.reward_id, actor=order.actor, event_at=at, postings=postings)
            )
    if under is not None:
        postings = [Posting(purse, spent, amount) for (purse, spent), amount in purses.items()] + together
        actor = rewards[0].order.actor
        transfers = [Transfer(kind="issue", subject_id=under, actor=actor, event_at=at, postings=postings)]
    if transfers:
        await post(tx, transfers, at, lots)


async def _codes(tx: Tx, count: int) -> list[str]:
    return new_codes(await _route(tx), count) if count else []


async def _route(tx: Tx) -> str:
    """The merchant's route. It stands in every code he ever gave, so it cannot change and is asked once a process."""
    route = _ROUTES.get(tx.merchant_id)
    if route is None:
        if len(_ROUTES) >= _MOST_ROUTES:
            _ROUTES.clear()
        route = _ROUTES[tx.merchant_id] = await tx.value(sql.ROUTE)
    return route


def _seal(tx: Tx, reward_id: str, codes: Iterator[str]) -> Sealed:
    code = next(codes)
    return Sealed(
        tx.vault.seal(tx.merchant_id, reward_id, code.encode()), tx.vault.fingerprint("code", code), code[-4:]
    )


class _Terms(dict[int, str]):
    """The terms of a draft as JSON, written once for all rewards that share it."""

    def of(self, draft: Draft) -> str:
        return self.get(id(draft)) or self.setdefault(id(draft), msgspec.json.encode(draft.terms).decode())


def _own(one: Written) -> tuple[Any, ...]:
    """What is this reward's own."""
    order, _, draft, reward_id, code = one
    return (
        reward_id, order.id, order.case_id or order.about, order.customer_id, *(code or (None, None, None)),
        draft.expires_at, draft.due_at,
    )  # fmt: skip


def _like_others(one: Written, terms: _Terms) -> tuple[Any, ...]:
    """What it often has in common with all that are written with it; never None."""
    order, position, draft, _, _ = one
    return (
        order.program_id, position, draft.kind, draft.remedy, draft.part, draft.state, draft.worth.currency,
        draft.principal.currency, draft.principal.amount, draft.bonus.amount, draft.drawn.amount, terms.of(draft),
    )  # fmt: skip


def _reward(one: Written, at: datetime) -> Reward:
    order, position, draft, reward_id, code = one
    spent_in_parts = draft.kind in ("gift_card", "store_credit", "points")
    return Reward(
        id=reward_id,
        order_id=order.id,
        program_id=order.program_id,
        case_id=order.case_id or order.about,
        customer_id=order.customer_id,
        position=position,
        kind=draft.kind,
        remedy=draft.remedy,
        part=draft.part,
        state=draft.state,
        principal=draft.principal,
        bonus=draft.bonus,
        budget=draft.drawn,
        terms=draft.terms,
        code_last4=code.last4 if code else None,
        balance=draft.principal + draft.bonus if spent_in_parts else None,
        expires_at=draft.expires_at,
        due_at=draft.due_at,
        issued_at=at if draft.state is RewardState.issued else None,
        created_at=at,
        updated_at=at,
    )


def _state(order: Placed) -> OrderState:
    complete = all(draft.state is RewardState.issued for draft in order.drafts)
    return OrderState.issued if complete else OrderState.issuing


def _order(placed: Placed, rewards: list[Reward], at: datetime) -> Order:
    return Order(
        id=placed.id,
        program_id=placed.program_id,
        case_id=placed.case_id,
        customer_id=placed.customer_id,
        state=_state(placed),
        reference=placed.reference,
        created_by=placed.actor,
        created_at=at,
        updated_at=at,
        rewards=rewards,
    )
