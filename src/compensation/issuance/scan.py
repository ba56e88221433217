"""A code as a till reads it: a QR code and a Code 128 barcode, as pictures that hold nothing but lines.

They are black on white whatever the page's colours are, with the quiet zone that the standards ask for: a scanner needs
both.
"""

import barcode
import segno
from markupsafe import Markup

from compensation.issuance.codes import grouped

QUIET = 10
"""Modules left free on either side of a barcode (ISO/IEC 15417)."""
_SQUARE, _HIGH, _WIDE = 168, 64, 640
_FRAME = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}" preserveAspectRatio="none"'
    ' role="img" aria-label="{}"><rect width="100%" height="100%" fill="#fff"/>{}</svg>'
)
_LINES = Markup('<path fill="#000" d="{}"/>')
_WORDS = Markup('<text x="50%" y="{}" text-anchor="middle" font-family="monospace" font-size="28">{}</text>')
_PLACED = Markup('<g transform="translate({} {})">{}</g>')


def qr(code: str, label: str, side: int = _SQUARE) -> Markup:
    """The QR code of ``code``, of which 15 % may be scratched away; ``label`` says what it is to who cannot see it."""
    rows = list(segno.make_qr(code, error="m").matrix_iter(border=4))
    squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return _FRAME.format(len(rows), len(rows), side, side, label, _LINES.format(squares))


def bars(code: str, label: str, width: str = "100%") -> Markup:
    """The barcode of ``code``, as wide as there is room."""
    (modules,) = barcode.get("code128", code).build()
    lines = "".join(f"M{QUIET + x} 0h1v1h-1z" for x, dark in enumerate(modules) if dark == "1")
    return _FRAME.format(len(modules) + 2 * QUIET, 1, width, _HIGH, label, _LINES.format(lines))


def picture(code: str, label: str) -> Markup:
    """Both with the code in letters beneath them, as one picture to keep or to print."""
    parts = (
        _PLACED.format((_WIDE - 2 * _SQUARE) // 2, 0, qr(code, label, 2 * _SQUARE)),
        _PLACED.format(0, 2 * _SQUARE, bars(code, label, str(_WIDE))),
        _WORDS.format(2 * _SQUARE + _HIGH + 48, " ".join(grouped(code))),
    )
    height = 2 * _SQUARE + _HIGH + 80
    return _FRAME.format(_WIDE, height, _WIDE, height, label, Markup("").join(parts))
