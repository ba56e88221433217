"""Writing orders and rewards down, with the value that moves: one statement for all rows, one for all postings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.ids import new_id
from compensation.core.states import OrderState, RewardState
from compensation.db.pool import Tx, columns
from compensation.issuance import sql
from compensation.issuance.codes import new_code
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
    customer_id: str | None = None
    reference: str | None = None


async def put(tx: Tx, placed: Sequence[Placed], at: datetime) -> list[Order]:
    """Write orders with their rewards and post what they cost. The purses must be locked and hold enough.

    Seals a fresh code for every kind that carries one, and tells the work that finishes a reward.
    """
    route = await _route(tx)
    orders, rows, transfers, lots = [], [], [], {}
    for order in placed:
        rewards = []
        for position, draft in enumerate(order.drafts):
            reward_id = new_id("rwd")
            transfer, opened = _transfer(tx.merchant_id, order, draft, reward_id, at)
            if transfer is not None:
                transfers.append(transfer)
                lots.update(opened)
            sealed, hashed, last4 = _seal(tx, reward_id, route) if kind(draft.kind).SECRET else (None, None, None)
            rows.append(_row(order, position, draft, reward_id, sealed, hashed, last4))
            rewards.append(_reward(order, position, draft, reward_id, last4, at))
            after = kind(draft.kind).AFTER
            if after is not None:
                tx.tell(after, reward_id)
        orders.append(_order(order, rewards, at))
    head = [(o.id, o.program_id, o.case_id, o.customer_id, o.state, o.reference, o.created_by) for o in orders]
    await tx.run(sql.PUT, at, *columns(head, 7), *columns(rows, 21))
    if transfers:
        await post(tx, transfers, at, lots)
    return orders


async def _route(tx: Tx) -> str:
    """The merchant's route. It stands in every code he ever gave, so it cannot change and is asked once a process."""
    route = _ROUTES.get(tx.merchant_id)
    if route is None:
        if len(_ROUTES) >= _MOST_ROUTES:
            _ROUTES.clear()
        route = _ROUTES[tx.merchant_id] = await tx.value(sql.ROUTE)
    return route


def _transfer(
    merchant_id: str, order: Placed, draft: Draft, reward_id: str, at: datetime
) -> tuple[Transfer | None, dict[str, Lot]]:
    currency, effect = draft.worth.currency, kind(draft.kind).effect(draft, reward_id, merchant_id)
    postings = list(effect.postings)
    if draft.drawn.amount:
        purse, spent = (account(role, order.program_id, currency) for role in (order.purse, Role.spent))
        postings.insert(0, Posting(purse, spent, draft.drawn.amount))
    if not postings:
        return None, {}
    transfer = Transfer(kind="issue", subject_id=reward_id, actor=order.actor, event_at=at, postings=postings)
    return transfer, effect.lots


def _seal(tx: Tx, reward_id: str, route: str) -> tuple[bytes, bytes, str]:
    code = new_code(route)
    return tx.vault.seal(tx.merchant_id, reward_id, code.encode()), tx.vault.fingerprint("code", code), code[-4:]


def _row(
    order: Placed, position: int, draft: Draft, reward_id: str, sealed: bytes | None, hashed: bytes | None,
    last4: str | None,
) -> tuple[Any, ...]:  # fmt: skip
    return (
        reward_id, order.id, order.program_id, order.case_id, order.customer_id, position, draft.kind, draft.remedy,
        draft.part, draft.state, draft.worth.currency, draft.principal.currency, draft.principal.amount,
        draft.bonus.amount, draft.drawn.amount, draft.terms, sealed, hashed, last4, draft.expires_at, draft.due_at,
    )  # fmt: skip


def _reward(order: Placed, position: int, draft: Draft, reward_id: str, last4: str | None, at: datetime) -> Reward:
    spent_in_parts = draft.kind in ("gift_card", "store_credit", "points")
    return Reward(
        id=reward_id,
        order_id=order.id,
        program_id=order.program_id,
        case_id=order.case_id,
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
        code_last4=last4,
        balance=draft.principal + draft.bonus if spent_in_parts else None,
        expires_at=draft.expires_at,
        due_at=draft.due_at,
        issued_at=at if draft.state is RewardState.issued else None,
        created_at=at,
        updated_at=at,
    )


def _order(placed: Placed, rewards: list[Reward], at: datetime) -> Order:
    complete = all(reward.state is RewardState.issued for reward in rewards)
    return Order(
        id=placed.id,
        program_id=placed.program_id,
        case_id=placed.case_id,
        customer_id=placed.customer_id,
        state=OrderState.issued if complete else OrderState.issuing,
        reference=placed.reference,
        created_by=placed.actor,
        created_at=at,
        updated_at=at,
        rewards=rewards,
    )
