"""The words of a case's letters, edited before they are sent."""

import msgspec
from litestar import Response, Router, post
from litestar.params import FromPath, JSONBody

from compensation.delivery.edit import EditWords, OwnWords, WordsEdited, edit_words
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key


@post(
    "/", summary="Edit the words of a letter", status_code=200, opt={"example": {"note": "Dear {name}, we heard you."}}
)
async def edit(
    case_id: FromPath[str], data: JSONBody[OwnWords], door: Door, who: Caller, key: Key
) -> Response[WordsEdited]:
    """Before it is sent, in the language of the case; what is left empty keeps the shipped words. The apology is no
    part of it and is always said. `{name}`, `{order}`, `{item}`, `{brand}` and `{reported}` are filled in.
    """
    what = EditWords(case_id=case_id, **msgspec.structs.asdict(data))
    return answered(await door.write(edit_words, who, what, key), 200, WordsEdited)


router = Router("/cases/{case_id:str}/words", route_handlers=[edit], tags=["Cases"])
