"""Assessments: a dry run. Harms in, offers out, nothing written."""

from litestar import Router, post
from litestar.params import JSONBody

from compensation.cases.preview import Preview, Previewed, preview
from compensation.web.api.cases import EXAMPLE
from compensation.web.asked import Caller, Door

_EXAMPLE = {name: value for name, value in EXAMPLE.items() if name != "customer"}


@post("/", summary="See what a report would lead to", status_code=200, opt={"example": _EXAMPLE})
async def create(data: JSONBody[Preview], door: Door, who: Caller) -> Previewed:
    """The same decision as for a case, at this moment. No Idempotency-Key is needed: nothing is written."""
    async with door.read(who.merchant_id) as tx:
        return await preview(tx, data, door.clock())


router = Router("/assessments", route_handlers=[create], tags=["Assessments"])
