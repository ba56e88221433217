"""The rewards of an order that have a code or wait for one, each with what its letter calls it."""

from compensation.core.states import RewardState
from compensation.delivery.facts import Facts
from compensation.delivery.letter import Card, Promise
from compensation.delivery.remedies import told
from compensation.delivery.words import Say
from compensation.engine.terms import Kind
from compensation.issuance.reward import Reward


def coded(say: Say, facts: Facts) -> list[tuple[Reward, Card | Promise]]:
    """In the order of the lines, in which the rewards stand too. What is only words has no thing, and no code."""
    assert facts.order is not None, "codes are of an order"
    things = [one for one in facts.given if one.kind is not Kind.words]
    found = []
    for given, reward in zip(things, facts.order.rewards, strict=False):
        thing = told(say, given, facts.occasion.brand_name)
        if _has_code(reward) and isinstance(thing, (Card, Promise)):
            found.append((reward, thing))
    return found


def _has_code(reward: Reward) -> bool:
    """Another brand's card has one only once its supplier gave it, and none if he would not sell it."""
    if reward.kind == Kind.product_card:
        return reward.state is not RewardState.refused
    return reward.code_last4 is not None
