"""A card on paper: one page of PDF with the brand's colours, the code in letters, as a QR code and as a barcode.

Words reach the typesetter as data, never as its language, so that no name or note can be a command.
"""

import atexit
import io
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import msgspec
import typst
from fontTools.ttLib import TTFont

from compensation.core.money import Money
from compensation.core.text import direction, language, ltr, money
from compensation.delivery.letter import Card
from compensation.delivery.words import TEMPLATES, Say
from compensation.issuance.scan import bars, qr
from compensation.merchants.brand import Brand

FONTS = TEMPLATES.parent / "node_modules" / "@fontsource"
_WEIGHTS = (400, 700)
FAMILIES = {
    "latin": "noto-sans/files/noto-sans-latin",
    "latin ext": "noto-sans/files/noto-sans-latin-ext",
    "cyrillic": "noto-sans/files/noto-sans-cyrillic",
    "cyrillic ext": "noto-sans/files/noto-sans-cyrillic-ext",
    "arabic": "noto-sans-arabic/files/noto-sans-arabic-arabic",
}
"""The font packages are cut into scripts. Each part gets a name of its own here, for a typesetter looks no further than
the first font of a name."""
_NAMES = (1, 4, 6, 16)
"""The records of a font that hold its family: plain, whole, for PostScript, typographic."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the card, in plain words of one language. ``qr`` and ``bars`` are SVG."""

    brand: str
    name: str
    worth: str
    valid: str
    fees: str
    says_code: str
    groups: list[str]
    qr: str
    bars: str
    uses: list[str]
    law: list[str]
    keep: str
    legal: str


def paper(say: Say, face: Brand, card: Card, left: Money, groups: list[str]) -> Paper:
    """The words of a card that holds so much now. ``groups`` is its code as it is read aloud."""
    code = "".join(groups)
    uses = [
        say("Enter the code when you pay at {site}", site=ltr(face.site)),
        say("Read or show the code at the till"),
        say("Spend any amount; the rest stays yours"),
    ]
    return Paper(
        brand=face.said(face.name, say.locale),
        name=card.name,
        worth=money(left, say.locale),
        valid=card.valid,
        fees=card.fees,
        says_code=say("Your code"),
        groups=groups,
        qr=str(qr(code, say("QR code of your code"))),
        bars=str(bars(code, say("Barcode of your code"), "640")),
        uses=uses + ([say("You may give the code to another person")] if card.giveable else []),
        law=list(card.law),
        keep=say("Anyone who has the code can spend it. Keep it as you would keep cash."),
        legal=face.said(face.legal_line, say.locale),
    )


def card_pdf(paper: Paper, face: Brand, locale: str) -> bytes:
    """The page, A5. Takes some hundredths of a second of a processor: call it in a thread."""
    told: dict[str, Any] = msgspec.to_builtins(paper) | {
        "lang": language(locale),
        "rtl": direction(locale) == "rtl",
        "colour": face.palette.brand,
        "on_colour": face.palette.on_brand,
        "logo": list(face.logo) if face.logo else None,
        "logo_format": "png" if face.logo and face.logo.startswith(b"\x89PNG") else "svg",
        "fonts": list(FAMILIES),
    }
    source, compiler = _typesetter()
    made = compiler.compile(source, format="pdf", sys_inputs={"card": msgspec.json.encode(told).decode()})
    assert isinstance(made, bytes), "one document is one file"
    return made


@cache
def _typesetter() -> tuple[bytes, typst.Compiler]:
    """The template, and what sets it in our fonts only: those of the machine differ from machine to machine."""
    # A font is read when a card first needs it, so the folder stays for as long as the process does.
    folder = Path(mkdtemp(prefix="compensation-fonts-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    for family, file in FAMILIES.items():
        for weight in _WEIGHTS:
            font = _as_ttf(FONTS / f"{file}-{weight}-normal.woff", family)
            (folder / f"{family}-{weight}.ttf").write_bytes(font)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    return (TEMPLATES / "print" / "card.typ").read_bytes(), typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def _as_ttf(path: Path, family: str) -> bytes:
    font = TTFont(path)
    font.flavor = None
    for record in font["name"].names:
        if record.nameID in _NAMES:
            record.string = family
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()
