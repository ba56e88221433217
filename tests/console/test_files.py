"""Files of a case at the desk: added by a form, seen small, saved and never opened."""

import io

from PIL import Image

from tests.cases.test_evidence import PDF, photo_with_a_place
from tests.console.shop import BAD_WEBINAR, Seat, Shop, hidden


async def test_an_agent_keeps_a_photo_and_sees_it_small(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    fields = hidden((await mira.client.get(here)).text, f"{here}/evidence") | {"kind": "photo"}
    photo = photo_with_a_place()
    for _ in range(2):
        added = await mira.client.post(f"{here}/evidence", data=fields, files={"file": ("екран.jpg", photo)})
        assert added.headers["location"] == f"{here}?done=evidence_added"
    assert await shop.count("evidence") == 1, "a form sent twice has one effect"

    page = (await mira.client.get(f"{here}?done=evidence_added")).text
    assert "The file is kept with the case." in page
    assert "екран.jpg" in page
    piece = await shop.owner.fetchval("SELECT id FROM evidence")
    small = await mira.client.get(f"{here}/evidence/{piece}/small")
    assert Image.open(io.BytesIO(small.content)).format == "JPEG"
    assert b"SECRET-CAMERA" not in small.content
    saved = await mira.client.get(f"{here}/evidence/{piece}")
    assert saved.content == photo
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in saved.headers["content-security-policy"]


async def test_what_is_no_picture_is_told_in_words(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    fields = hidden((await mira.client.get(here)).text, f"{here}/evidence") | {"kind": "receipt"}
    for name, what, said in (
        ("run.exe", b"MZ" + bytes(100), "neither a photo"),
        ("empty.pdf", b"", "Choose a file first"),
        ("large.pdf", PDF + bytes(11 * 1024 * 1024), "larger than 10 MB"),
    ):
        answer = await mira.client.post(f"{here}/evidence", data=fields, files={"file": (name, what)})
        assert said in (await mira.client.get(answer.headers["location"])).text
    forged = await mira.client.post(f"{here}/evidence", data=fields | {"csrf": "x"}, files={"file": ("r.pdf", PDF)})
    assert forged.status_code == 403
    assert await shop.count("evidence") == 0
