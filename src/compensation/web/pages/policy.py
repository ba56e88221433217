"""The public page of a policy: the rules that everybody may read, at an address of their own for each version."""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from compensation.catalog.public import PATH, Shown, in_force, shown
from compensation.core.errors import NotFound
from compensation.core.text import day, ltr
from compensation.db.unit import Doorway
from compensation.delivery.compose import Writer
from compensation.delivery.letter import Row
from compensation.delivery.words import Say
from compensation.merchants.brand import Brand
from compensation.merchants.face import Face, face_of
from compensation.web.asked import Door
from compensation.web.console.labels import Labels
from compensation.web.page import page
from compensation.web.pages.link import asked_for, tongues
from compensation.web.public_words import sections
from compensation.web.request import StrictRequest

_MOST = 2**31 - 1
"""No version has a higher number."""


@get("/p/{route:str}/{code:str}")
async def policy_in_force(
    request: StrictRequest, route: FromPath[str], code: FromPath[str], door: Door
) -> Response[str]:
    """The version that decides today."""
    face = await _face(door, route, code)
    async with door.read(face.merchant_id) as tx:
        found = await in_force(tx, code, door.clock().date())
    return _page(request, found, face.brand, f"{PATH}/{route}/{code}")


@get("/p/{route:str}/{code:str}/{version:int}")
async def policy_version_page(
    request: StrictRequest, route: FromPath[str], code: FromPath[str], version: FromPath[int], door: Door
) -> Response[str]:
    """A version that was published once, in force or not."""
    face = await _face(door, route, code)
    if not 0 < version <= _MOST:
        raise NotFound("unknown_policy_version", "There is no such policy to be read.")
    async with door.read(face.merchant_id) as tx:
        found = await shown(tx, code, version, door.clock().date())
    return _page(request, found, face.brand, f"{PATH}/{route}/{code}")


async def _face(door: Doorway, route: str, code: str) -> Face:
    found = await face_of(door, route, code)
    if found is None:
        raise NotFound("unknown_policy_version", "There is no such policy to be read.")
    return found


def _page(request: StrictRequest, found: Shown, brand: Brand, code_path: str) -> Response[str]:
    locale = asked_for(request)
    answer = page(
        request.app.state,
        "pages/policy.html",
        locale=locale,
        brand=brand,
        tongues=tongues(request.url.path),
        csrf="",
        newer="" if found.in_force else f"{code_path}?lang={locale}",
        **rules(request.app.state.post.writer, found, brand, locale),
    )
    # It is there to be found: the only page of ours that may be.
    answer.headers["x-robots-tag"] = "all"
    return answer


def rules(writer: Writer, found: Shown, brand: Brand, locale: str) -> dict[str, Any]:
    """What the page says of a policy, by the names that its template has for it."""
    say, document = writer.words.in_(locale), found.policy.document
    labels = Labels(say, writer.reasons)
    return {
        "ref": _ref(say, labels, found),
        "sections": sections(labels, document, found.terms, brand.sender),
        "version": ltr(found.policy.name),
        "hash": ltr(found.policy.hash),
        "review": day(document.review_by, locale) if document.review_by else "",
    }


def _ref(say: Say, labels: Labels, found: Shown) -> tuple[Row, ...]:
    document = found.policy.document
    since = day(document.valid_from, say.locale)
    until = day(document.valid_until, say.locale) if document.valid_until else ""
    days = say("{since} to {until}", since=since, until=until) if until else say("from {since}", since=since)
    return (Row(say("Policy"), f"{labels.wording(document.name)}, {ltr(found.policy.name)}"), Row(say("Valid"), days))
