"""The rewards of an order that have a code, each with what its letter calls it."""

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
        if reward.code_last4 and isinstance(thing, (Card, Promise)):
            found.append((reward, thing))
    return found
