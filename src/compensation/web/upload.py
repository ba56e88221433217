"""A file that somebody sends in a form, and a file that we hand out: never run, never shown in our own name.

The form is read as it arrives, into memory and no further: a temporary file would hold unsealed what a customer sent.
"""

import asyncio
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from compensation.cases.evidence.piece import MAX_BYTES, NamedEvidence
from compensation.core.errors import Invalid
from compensation.core.text import line
from compensation.delivery.words import word
from compensation.web.problems import HttpRefusal
from compensation.web.request import StrictRequest

FORM_BYTES = MAX_BYTES + 64 * 1024
"""What a form with one file may have. It is counted while it arrives: more is refused before it is read."""
FILE = "file"
"""The name of the field."""
KINDS: dict[str, str] = {
    "receipt": word("Receipt or invoice"),
    "photo": word("Photo"),
    "identity": word("Proof of identity"),
    "report": word("Report by somebody else"),
    "other": word("Something else"),
}
"""What evidence may show, for customers and agents alike."""
WRONG: dict[str, str] = {
    "file_needed": word("Choose a file first"),
    "file_too_large": word("This file is larger than 10 MB. Choose a smaller one"),
    "unknown_file_type": word("This is neither a photo (JPEG, PNG or WebP) nor a PDF. Choose another file"),
    "unreadable_picture": word("This picture cannot be opened. Choose another one"),
    "too_much_evidence": word("This case has 20 files already, and cannot take more"),
}
"""Why a file was not taken, by the code of the refusal."""
OTHERWISE = word("The file could not be taken. Try again in a minute")
_PATIENCE = 60.0
"""Seconds in which it must have arrived: ten megabytes over a telephone's network."""
_MOST_FIELDS = 20
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/pdf": ".pdf"}


class Sent(msgspec.Struct, frozen=True):
    """A form with a file: ``name`` is what the sender called the file, ``fields`` are the texts beside it."""

    name: str
    content: bytes
    fields: dict[str, str]

    @property
    def is_empty(self) -> bool:
        """A browser sends a nameless file of no bytes where nobody picked one."""
        return not self.content


async def sent_file(request: StrictRequest) -> Sent:
    """Read the form. Raises Invalid ``file_needed`` where it has no field for a file, ``malformed_form``, and
    HttpRefusal for one that is too large or too slow."""
    kind, options = request.content_type
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise _needed()
    try:
        async with asyncio.timeout(_PATIENCE):
            parts = await _parts(request, options["boundary"])
    except TimeoutError:
        raise HTTPException(status_code=408) from None
    except MultipartError as error:
        raise Invalid("malformed_form", f"The form cannot be read: {error}.") from None
    except HTTPException as error:
        if error.status_code != 413:
            raise
        raise HttpRefusal(
            413, "file_too_large", f"A file may have {MAX_BYTES // 1024 // 1024} MB. Send a smaller one."
        ) from None
    files = [(part, body) for part, body in parts if part.name == FILE and part.filename is not None]
    if not files:
        raise _needed()
    fields = {part.name: bytes(body).decode("utf-8", "replace") for part, body in parts if part.filename is None}
    part, body = files[0]
    return Sent(part.filename or "", bytes(body), fields)


async def _parts(request: StrictRequest, boundary: str) -> list[tuple[MultipartSegment, bytearray]]:
    found: list[tuple[MultipartSegment, bytearray]] = []
    with PushMultipartParser(boundary, max_segment_count=_MOST_FIELDS) as parser:
        async for chunk in request.stream():
            for piece in parser.parse(chunk):
                if isinstance(piece, MultipartSegment):
                    found.append((piece, bytearray()))
                elif piece:
                    found[-1][1].extend(piece)
            if parser.closed:
                break
    return found


def handed_out(piece: NamedEvidence, content: bytes) -> Response[bytes]:
    """The file as a download: a browser saves it and opens nothing, whatever stands in it. ``no-store`` and
    ``nosniff`` come with every answer of ours."""
    ending = _ENDINGS[piece.media_type]
    called = line(piece.name or piece.id)
    name = called if called.lower().endswith(ending) else called + ending
    headers = {
        "content-disposition": f"attachment; filename=\"{piece.id}{ending}\"; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    return Response(content, media_type=piece.media_type, headers=headers)


def _needed() -> Invalid:
    return Invalid("file_needed", "Send one file, as the field “file” of a form (multipart/form-data).")
