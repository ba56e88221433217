"""Stories of a policy that is read: everybody says so himself, once, and of what is published only."""

import pytest

from compensation.catalog.publish import Move, retire
from compensation.catalog.reading import Reading, acknowledge, readers, unread
from compensation.core.errors import Forbidden, NotFound, Refused
from tests.cases.desk import Desk
from tests.catalog.pen import earning, live, move, write


async def missing(desk: Desk, policy_id: str) -> list[str]:
    async with desk.door.read(desk.lead.merchant_id) as tx:
        return [one.agent_id for one in (await readers(tx, policy_id)).items if one.at is None]


async def waiting(desk: Desk, agent_id: str) -> list[str]:
    async with desk.door.read(desk.lead.merchant_id) as tx:
        return [one.name for one in await unread(tx, agent_id, desk.door.clock().date())]


async def test_who_has_not_read_a_policy_is_seen_until_he_says_so_himself(desk: Desk) -> None:
    policy = await live(desk, earning(20))
    everybody = await missing(desk, policy.id)
    assert {desk.agent.actor, desk.lead.actor} <= set(everybody)
    first = (await desk.door.write(acknowledge, desk.agent, Move(policy_id=policy.id))).read(Reading)
    again = (await desk.door.write(acknowledge, desk.agent, Move(policy_id=policy.id))).read(Reading)
    assert first == again
    assert set(await missing(desk, policy.id)) == set(everybody) - {desk.agent.actor}
    assert await waiting(desk, desk.agent.actor) == []
    assert await waiting(desk, desk.lead.actor) == [policy.name]
    with pytest.raises(Forbidden):
        await desk.door.write(acknowledge, desk.agent, Move(policy_id=policy.id, agent=desk.lead.actor))
    with pytest.raises(Forbidden):
        await desk.door.write(acknowledge, desk.system, Move(policy_id=policy.id))


async def test_a_new_version_is_to_be_read_anew_and_a_draft_by_nobody(desk: Desk) -> None:
    first = await live(desk, earning(20))
    await desk.door.write(acknowledge, desk.agent, Move(policy_id=first.id))
    second = await live(desk, earning(30))
    assert await waiting(desk, desk.agent.actor) == [second.name]
    await move(desk, retire, desk.lead, second)
    assert await waiting(desk, desk.agent.actor) == []
    draft = await write(desk, earning(40))
    for policy_id, problem in ((draft.id, Refused), (second.id, Refused), ("pol_none", NotFound)):
        with pytest.raises(problem):
            await desk.door.write(acknowledge, desk.agent, Move(policy_id=policy_id))
