"""The record of a case: all of it in one file."""

from litestar import Response, Router, get
from litestar.params import FromPath

from compensation.delivery.record import record
from compensation.web.asked import Caller, Door


@get("/", summary="The record of a case, in one file", opt={"download": True})
async def read(case_id: FromPath[str], door: Door, who: Caller) -> Response[bytes]:
    """A ZIP with `record.json` (what was said, found, decided, agreed to, written and issued; the list of the evidence)
    and every signed receipt, byte for byte, for `compensation verify-receipt`.
    """
    async with door.read(who.merchant_id) as tx:
        return zipped(case_id, await record(tx, case_id, door.clock()))


def zipped(case_id: str, packed: bytes) -> Response[bytes]:
    """The record as a download."""
    headers = {"content-disposition": f'attachment; filename="{case_id}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


router = Router("/cases/{case_id:str}/record", route_handlers=[read], tags=["Cases"])
