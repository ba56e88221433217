"""Agents: who works for the merchant, and what each may grant without asking."""

import msgspec
from litestar import Response, Router, get, patch
from litestar.params import FromPath, JSONBody

from compensation.merchants.agent import Agent, staff
from compensation.merchants.authority import Authority, SetAuthority, set_authority
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key

EXAMPLE = {"authority": {"EUR": 20000, "USD": 20000}, "team": "Returns"}


class AgentList(msgspec.Struct, frozen=True):
    items: list[Agent]


@get("/", summary="Your agents")
async def index(door: Door, who: Caller) -> AgentList:
    """Everybody who works here now. `authority` is what an agent may grant one customer in 30 days, in minor units."""
    async with door.read(who.merchant_id) as tx:
        return AgentList(await staff(tx))


@patch("/{agent_id:str}", summary="Set an agent's authority", status_code=200, opt={"example": EXAMPLE})
async def update(
    agent_id: FromPath[str], data: JSONBody[Authority], door: Door, who: Caller, key: Key
) -> Response[Agent]:
    """What you leave out stays as it is. A currency that is not listed is one in which he may grant nothing."""
    asked = SetAuthority(agent_id=agent_id, authority=data.authority, team=data.team)
    return answered(await door.write(set_authority, who, asked, key), 200, Agent)


router = Router("/agents", route_handlers=[index, update], tags=["Authority"])
