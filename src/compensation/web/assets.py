"""What a browser loads beside a page: our own files, and the npm packages' files that are named here one by one."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from compensation.core.errors import NotFound

_OWN = Path(__file__).parent / "assets"
_PACKAGES = Path(__file__).resolve().parents[3] / "node_modules"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".png": "image/png"}


def _family(file: str) -> str:
    """The fontsource package of a font file: the longest of the three names it begins with."""
    return next(each for each in ("noto-sans-arabic", "noto-sans-mono", "noto-sans") if file.startswith(each))


_FONTS = [
    f"{name}-{weight}-normal.woff2"
    for name in (
        *("noto-sans-latin", "noto-sans-latin-ext", "noto-sans-cyrillic", "noto-sans-cyrillic-ext"),
        *("noto-sans-arabic-arabic", "noto-sans-mono-latin"),
    )
    for weight in (400, 700)
]
_FILES = {
    **{name: _OWN / name for name in ("tokens.css", "pages.css", "console.css", "fonts.css", "pages.js", "console.js")},
    **{f"fonts/{file}": _PACKAGES / "@fontsource" / _family(file) / "files" / file for file in _FONTS},
    "htmx.js": _PACKAGES / "htmx.org/dist/htmx.min.js",
    "swagger-ui.css": _PACKAGES / "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-bundle.js": _PACKAGES / "swagger-ui-dist/swagger-ui-bundle.js",
}
"""Every address under /assets and its file. What is not here does not exist, whatever the path says."""


class Asset(msgspec.Struct, frozen=True):
    body: bytes
    media_type: str
    version: str
    """The first 12 hex digits of the SHA-256 of the body."""


@cache
def find(name: str) -> Asset | None:
    """The file at ``/assets/{name}``, read once for the life of the process; None for an unknown or missing one."""
    path = _FILES.get(name)
    if path is None or not path.is_file():
        return None
    body = path.read_bytes()
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12])


def asset(name: str) -> str:
    """The address of a file for a page. It changes with the content, so that browsers may keep it for a year."""
    found = find(name)
    return f"/assets/{name}?v={found.version}" if found else f"/assets/{name}"


@get("/assets/{name:path}", include_in_schema=False)
async def assets(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file, to be kept as long as its address says which content it has. Raises NotFound."""
    found = find(name.lstrip("/"))
    if found is None:
        raise NotFound("unknown_asset", "There is no such file.")
    named = request.query_params.get("v") == found.version
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if named else "public, max-age=3600",
        "etag": f'"{found.version}"',
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    return Response(found.body, headers=headers, media_type=found.media_type)
