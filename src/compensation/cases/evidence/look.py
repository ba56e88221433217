"""What a file is, told by its content: one of four kinds, a picture that really opens, how it looks, its thumbnail."""

import io

import msgspec
import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError

from compensation.cases.evidence.piece import MAX_BYTES, PICTURES
from compensation.core.errors import Refused

ACCEPTED = ("image/jpeg", "image/png", "image/webp", "application/pdf")
MOST_PIXELS = 50_000_000
"""The largest picture a telephone takes in its usual setting; a decoded one fills 150 MB."""
THUMBNAIL = 480
"""The longer side of a thumbnail, in pixels: sharp at the size the console shows it."""
_HEAD = 4096
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_FLAT = 16
"""Below this difference between its lightest and darkest part, a picture has no looks that tell it from another."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """``bands`` are the eight rows of the difference hash, none for what has no looks. ``thumbnail`` is a JPEG that
    was drawn anew: nothing of the file's own bytes, and so no place, time or camera, is left in it."""

    media_type: str
    thumbnail: bytes | None = None
    bands: bytes = b""


def look_at(content: bytes) -> Looked:
    """Judge a file. It takes up to a second and 150 MB for a large picture: do it in a thread, a few at a time.

    Raises Refused ``file_too_large``, ``unknown_file_type``, ``unreadable_picture``.
    """
    if len(content) > MAX_BYTES:
        raise too_large()
    media_type = _media_type(content)
    if media_type not in PICTURES:
        return Looked(media_type=media_type)
    try:
        picture = Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]])
        if picture.width * picture.height > MOST_PIXELS:
            raise _unreadable(f"It has more than {MOST_PIXELS // 1_000_000} million pixels.")
        # JPEG can be decoded at a fraction of its size, which still reads, and so checks, every byte of it.
        picture.draft("RGB", (THUMBNAIL * 2, THUMBNAIL * 2))
        upright = ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _unreadable(f"It has more than {MOST_PIXELS // 1_000_000} million pixels.") from None
    # Pillow's decoders raise what the format's own code raises; all of it says that the picture is broken.
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise _unreadable("It is cut off or damaged.") from error
    small = upright.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    # A picture made of the pixels alone: whatever the file said besides stays behind.
    bare = Image.new("RGB", small.size)
    bare.paste(small)
    drawn = io.BytesIO()
    bare.save(drawn, "JPEG", quality=80)
    return Looked(media_type=media_type, thumbnail=drawn.getvalue(), bands=_bands(bare))


def too_large() -> Refused:
    return Refused(
        "file_too_large",
        f"A file may have {MAX_BYTES // 1024 // 1024} MB. Send a smaller one, such as a photo of it.",
    )


def _media_type(content: bytes) -> str:
    """By the first bytes, never by a name or by what the sender says."""
    try:
        guesses = [str(guess.mime_type) for guess in puremagic.magic_string(content[:_HEAD])] if content else []
    except puremagic.PureError:
        guesses = []
    if not guesses or guesses[0] not in ACCEPTED:
        raise Refused(
            "unknown_file_type",
            "Send a photo (JPEG, PNG or WebP) or a PDF. This file is neither, whatever its name says.",
            accepted=list(ACCEPTED),
        )
    return guesses[0]


def _bands(picture: Image.Image) -> bytes:
    """The difference hash: for eight rows of nine greys, whether each grey is lighter than the next."""
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    if max(grey) - min(grey) < _FLAT:
        return b""
    rows = (grey[at : at + 9] for at in range(0, 72, 9))
    return bytes(sum((row[i] > row[i + 1]) << i for i in range(8)) for row in rows)


def _unreadable(why: str) -> Refused:
    return Refused("unreadable_picture", f"This picture cannot be opened. {why} Send another one.")
