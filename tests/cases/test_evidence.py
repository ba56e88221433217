"""Evidence: what is taken, how it is kept, who may see it, and what is left of it once a customer is erased."""

import asyncio
import io
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from compensation.cases.case import Case
from compensation.cases.close import Cancel, cancel
from compensation.cases.evidence.add import Upload, looks, receive
from compensation.cases.evidence.look import MOST_PIXELS, THUMBNAIL, look_at
from compensation.cases.evidence.piece import MAX_BYTES, MOST, Evidence, EvidenceKind, content, evidence_of
from compensation.cases.evidence.sweep import GRACE, missing, sweep_files
from compensation.core.errors import Conflict, NotFound, Problem, Refused
from compensation.core.vault import Vault
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.partners.objects import Objects
from tests.cases.desk import INC_19, Desk

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
_shades = itertools.count(1)


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **more: object) -> bytes:
    """A photo that no other test has: a few shapes on a ground of its own."""
    shade = next(_shades)
    drawn = Image.new("RGB", size, (shade * 37 % 256, shade * 11 % 256, 120))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((size[0] * 0.1, size[1] * 0.2, size[0] * 0.5, size[1] * 0.9), fill=(240, 230, 20))
    pen.rectangle((size[0] * 0.6, size[1] * 0.1, size[0] * 0.9, size[1] * 0.6), fill=(10, 20, 30))
    out = io.BytesIO()
    drawn.save(out, kind, **more)
    return out.getvalue()


def photo_with_a_place() -> bytes:
    """A photo whose EXIF says who took it and where."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (42.0, 41.0, 51.0)
    return picture(exif=exif)


@pytest.fixture
def files(tmp_path: Path) -> Objects:
    return Objects("", tmp_path)


async def stored(files: Objects) -> list[str]:
    return sorted([found.name async for portion in files.names("evidence") for found in portion])


async def add(desk: Desk, files: Objects, case: Case, what: bytes, who: Who | None = None, **more: str) -> Evidence:
    kind = EvidenceKind(more.get("kind", "photo"))
    upload = Upload(case_id=case.id, kind=kind, name=more.get("name", "photo.jpg"), content=what)
    return (await receive(desk.door, files, who or desk.agent, upload, more.get("key"))).read(Evidence)


async def read(desk: Desk, files: Objects, case: Case, piece: Evidence, *, small: bool = False) -> bytes:
    return (await content(desk.door, files, desk.system.merchant_id, case.id, piece.id, small=small))[1]


@pytest.fixture
async def case(desk: Desk) -> AsyncIterator[Case]:
    """Every story of evidence leaves the audit silent."""
    yield await desk.report(desk.agent, INC_19)
    assert await audit(desk.owner) == {}


async def test_a_photo_is_kept_and_comes_back_as_it_came(desk: Desk, files: Objects, case: Case) -> None:
    photo = picture()
    piece = await add(desk, files, case, photo, name="счупен.jpg")
    assert (piece.media_type, piece.size, piece.given_by) == ("image/jpeg", len(photo), desk.agent.actor)
    assert await read(desk, files, case, piece) == photo
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [(one.id, one.name) for one in await evidence_of(tx, case.id)] == [(piece.id, "счупен.jpg")]
    assert (await desk.history(case))[-1] == "evidence_added"


async def test_a_thief_of_store_and_database_reads_nothing(
    desk: Desk, files: Objects, case: Case, tmp_path: Path
) -> None:
    photo = picture()
    piece = await add(desk, files, case, photo, name="Hannah Weber passport.jpg")
    lying = [path.read_bytes() for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert len(lying) == 2, "the photo and its thumbnail"
    assert not any(photo[:64] in each or b"JFIF" in each for each in lying)
    row = str(dict(await desk.only("evidence")))
    assert "Hannah" not in row
    assert "passport" not in row
    assert piece.id in row


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_thumbnail_is_small_upright_and_drawn_anew(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    seen = look_at(picture(kind, (900, 600), exif=exif))
    assert seen.thumbnail is not None
    small = Image.open(io.BytesIO(seen.thumbnail))
    assert small.size == (THUMBNAIL * 600 // 900, THUMBNAIL)
    assert small.format == "JPEG"


def test_no_place_and_no_camera_is_left_in_a_thumbnail() -> None:
    photo = photo_with_a_place()
    assert b"SECRET-CAMERA" in photo
    small = look_at(photo).thumbnail
    assert small is not None
    assert b"SECRET-CAMERA" not in small
    assert dict(Image.open(io.BytesIO(small)).getexif()) == {}


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (b"", "unknown_file_type"),
        (b"hello", "unknown_file_type"),
        (b"<html><script>alert(1)</script></html>", "unknown_file_type"),
        (b"MZ" + bytes(200), "unknown_file_type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "unknown_file_type"),
        (b"PK\x03\x04" + bytes(100), "unknown_file_type"),
        (picture("GIF"), "unknown_file_type"),
        (picture()[:2000], "unreadable_picture"),
        (picture("PNG")[:-40], "unreadable_picture"),
        (b"\xff\xd8\xff\xe0" + b"not a photo" * 20, "unreadable_picture"),
        (PDF + bytes(MAX_BYTES), "file_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_what_it_must_be_is_refused(what: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        look_at(what)
    assert refusal.value.code == code


def test_a_picture_that_would_fill_the_memory_is_refused_by_its_head() -> None:
    """A few hundred kilobytes may hold a picture of any size: it is told by the head, before it is opened."""
    out = io.BytesIO()
    Image.new("1", (12_000, MOST_PIXELS // 12_000 + 1)).save(out, "PNG")
    for bomb in (out.getvalue(), picture("PNG")[:16] + (60_000).to_bytes(4, "big") * 2 + picture("PNG")[24:]):
        with pytest.raises(Refused) as refusal:
            look_at(bomb)
        assert refusal.value.code == "unreadable_picture"


@given(
    st.binary(max_size=300), st.sampled_from([picture("JPEG"), picture("PNG"), picture("WEBP")]), st.integers(0, 900)
)
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_refused_or_seen_through(noise: bytes, whole: bytes, at: int) -> None:
    """No byte of a stranger's file leads to anything but an answer."""
    try:
        answer = look_at(whole[:at] + noise + whole[at + len(noise) :]).media_type
    except Refused as refusal:
        answer = refusal.code
    assert answer in ("image/jpeg", "image/png", "image/webp", "application/pdf", *_REFUSED)


_REFUSED = ("unknown_file_type", "unreadable_picture")


def test_a_picture_is_known_again_when_it_was_resized_and_compressed(vault: Vault) -> None:
    def drawn(width: int, quality: int, *, other: bool = False) -> set[bytes]:
        image, salt = Image.new("L", (8, 8)), 57 if other else 13
        image.frombytes(bytes((x * 37 + y * 91 + x * y * salt) % 256 for y in range(8) for x in range(8)))
        out = io.BytesIO()
        image.resize((width, width), Image.Resampling.BICUBIC).convert("RGB").save(out, "JPEG", quality=quality)
        return set(looks(vault, look_at(out.getvalue()).bands))

    first = drawn(1200, 95)
    assert len(first) == 8
    assert len(first & drawn(500, 40)) >= 6
    assert len(first & drawn(1200, 95, other=True)) < 6


def test_a_blank_page_looks_like_nothing(vault: Vault) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(out, "PNG")
    assert look_at(out.getvalue()).bands == b""


async def test_the_same_file_twice_is_one_piece(desk: Desk, files: Objects, case: Case) -> None:
    photo = picture()
    first, again = await add(desk, files, case, photo), await add(desk, files, case, photo, name="other.jpg")
    assert again == first
    assert await desk.count("evidence") == 1


async def test_a_request_sent_again_has_one_answer(desk: Desk, files: Objects, case: Case) -> None:
    photo = picture()
    first = await add(desk, files, case, photo, key="k-1")
    assert await add(desk, files, case, photo, key="k-1") == first
    with pytest.raises(Conflict) as refusal:
        await add(desk, files, case, picture(), key="k-1")
    assert refusal.value.code == "idempotency_key_reused"


async def test_twenty_pieces_and_no_more_however_many_come_at_once(desk: Desk, files: Objects, case: Case) -> None:
    papers = [PDF + b"%" + str(n).encode() for n in range(MOST + 4)]
    done = await asyncio.gather(*(add(desk, files, case, paper) for paper in papers), return_exceptions=True)
    refused = [each for each in done if isinstance(each, Problem)]
    assert [each.code for each in refused] == ["too_much_evidence"] * 4
    assert await desk.count("evidence") == MOST


async def test_a_case_that_has_ended_takes_no_more(desk: Desk, files: Objects, case: Case) -> None:
    await desk.door.write(cancel, desk.agent, Cancel(case_id=case.id, reason="a mistake"))
    with pytest.raises(Refused) as refusal:
        await add(desk, files, case, picture())
    assert refusal.value.code == "wrong_state"
    assert await stored(files) == []


async def test_nobody_adds_to_a_strangers_case(desk: Desk, files: Objects, case: Case) -> None:
    for who in (Who(desk.system.merchant_id, "cus_0123456789abcdefghjkmnpqrs"), Who("mer_" + "0" * 26, "agt_x")):
        with pytest.raises(NotFound):
            await add(desk, files, case, picture(), who)
    await add(desk, files, case, picture(), Who(desk.system.merchant_id, case.customer_id))


async def test_of_an_erased_customer_nothing_can_be_read(desk: Desk, files: Objects, case: Case) -> None:
    piece = await add(desk, files, case, picture())
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    for small in (False, True):
        with pytest.raises(NotFound) as refusal:
            await read(desk, files, case, piece, small=small)
        assert refusal.value.code == "evidence_erased"
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert [one.name for one in await evidence_of(tx, case.id)] == [None]
    with pytest.raises(Conflict):
        await add(desk, files, case, picture())
    later = desk.door.clock() + GRACE + timedelta(minutes=1)
    assert await sweep_files(desk.door, files, desk.system.merchant_id, later) == 2
    assert await stored(files) == []


async def test_what_was_never_written_down_is_cleared_away_in_a_day(desk: Desk, files: Objects, case: Case) -> None:
    kept = await add(desk, files, case, picture())
    spoken_of = await stored(files)
    await files.put(f"evidence/{desk.system.merchant_id}/cus_x/00/evd_x", b"left behind")
    now = desk.door.clock()
    assert await sweep_files(desk.door, files, desk.system.merchant_id, now) == 0, "it may still be under way"
    assert await sweep_files(desk.door, files, desk.system.merchant_id, now + GRACE + timedelta(minutes=1)) == 1
    assert await stored(files) == spoken_of
    assert await read(desk, files, case, kept)


async def test_a_file_that_was_lost_is_a_clear_problem_and_found_by_the_audit(
    desk: Desk, files: Objects, case: Case
) -> None:
    piece = await add(desk, files, case, picture())
    names = await stored(files)
    assert [name async for name in missing(desk.owner, files)] == []
    await files.delete(names)
    with pytest.raises(NotFound) as refusal:
        await read(desk, files, case, piece)
    assert refusal.value.code == "evidence_missing"
    assert [name async for name in missing(desk.owner, files)] == names


async def test_a_file_moved_to_another_place_does_not_open(desk: Desk, files: Objects, case: Case) -> None:
    one, other = [await add(desk, files, case, picture()) for _ in range(2)]
    first, second = [name for name in await stored(files) if not name.endswith(".small")]
    moved = await files.get(first)
    assert moved is not None
    await files.put(second, moved)
    victim = one if second.endswith(one.id) else other
    with pytest.raises(Exception, match=victim.id):
        await read(desk, files, case, victim)
