"""Reading what was issued."""

from collections.abc import Sequence

from compensation.db.pool import Tx
from compensation.issuance import sql
from compensation.issuance.reward import Order, Reward


async def order(tx: Tx, order_id: str) -> Order | None:
    row = await tx.row(sql.ORDER, order_id)
    if row is None:
        return None
    rewards = [Reward.of(reward) for reward in await tx.rows(sql.REWARDS_OF_ORDER, order_id)]
    return Order(**row, rewards=rewards)


def standing(rewards: Sequence[Reward]) -> list[Reward]:
    """The rewards of an order in the order of its lines: what was replaced gives its place to what replaces it."""
    successors = {reward.replaces: reward for reward in rewards if reward.replaces}

    def last(reward: Reward) -> Reward:
        while reward.id in successors:
            reward = successors[reward.id]
        return reward

    return [last(reward) for reward in rewards if reward.replaces is None]


async def orders_of_case(tx: Tx, case_id: str) -> list[Order]:
    """The orders of a case, newest first, with their rewards."""
    found = [await order(tx, row["id"]) for row in await tx.rows(sql.ORDERS_OF_CASE, case_id)]
    return [one for one in found if one is not None]


async def reward(tx: Tx, reward_id: str) -> Reward | None:
    row = await tx.row(sql.REWARD, reward_id)
    return None if row is None else Reward.of(row)


async def rewards_of_case(tx: Tx, case_id: str) -> list[Reward]:
    """In the order in which they were issued."""
    return [Reward.of(row) for row in await tx.rows(sql.REWARDS_OF_CASE, case_id)]


async def rewards(
    tx: Tx, *, before: str | None, state: str | None, kind: str | None, customer_id: str | None, limit: int
) -> list[Reward]:
    """A page of rewards, newest first; ``before`` is the id of the last one of the page before."""
    rows = await tx.rows(sql.REWARDS_PAGE, before, state, kind, customer_id, limit)
    return [Reward.of(row) for row in rows]
