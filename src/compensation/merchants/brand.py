"""A merchant's face: its names, legal line and people per language, and the colours that were checked for contrast.

``derive`` turns one colour into the eight values a page may take from a brand. Lightness moves in OKLCH, because equal
steps there look equal; contrast is WCAG 2.2. A set that fails is never stored: the product's own teal takes its place.
"""

import math
import re

import msgspec

from compensation.core.errors import Invalid
from compensation.core.text import clean, language, line

INK, WHITE = "#18201c", "#ffffff"
READABLE = 4.5
"""The least contrast of text and its ground, WCAG 2.2 AA."""

# The grounds of tokens.css on which ``act`` is written; the tint of the brand is the fourth.
_LIGHT_GROUNDS = (WHITE, "#f3f4f1", "#eaece8")
_DARK_GROUNDS = ("#1a201d", "#111513", "#252c28")
_STEP = 0.01
_HEX = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::[0-9]+)?|localhost(?::[0-9]+)?")


class Tones(msgspec.Struct, frozen=True):
    """What acts on one paper: buttons and links, the text on them, and the pale ground of notes."""

    act: str
    on_act: str
    tint: str


class Palette(msgspec.Struct, frozen=True):
    """Every colour is ``#rrggbb``. ``brand`` fills the card and the mark; it does not change with the paper."""

    brand: str
    on_brand: str
    light: Tones
    dark: Tones

    def css(self) -> str:
        """The token block of a page, to be put into one nonced ``style`` element."""
        return (
            f":root{{--brand:{self.brand};--on-brand:{self.on_brand};{_tokens(self.light)}}}"
            f"@media(prefers-color-scheme:dark){{:root{{{_tokens(self.dark)}}}}}"
        )

    @property
    def hairline(self) -> str:
        """A line on the brand's own fill, half way to its text; only a mail needs it, a page has opacity."""
        pairs = [(int(self.brand[at : at + 2], 16), int(self.on_brand[at : at + 2], 16)) for at in (1, 3, 5)]
        return "#" + "".join(f"{(one + other) // 2:02x}" for one, other in pairs)

    def lowest(self) -> dict[str, float]:
        """The worst contrast of each part, by name; every value of a stored palette is at least READABLE."""
        return {
            "on_brand": contrast(self.on_brand, self.brand),
            "light": _lowest(self.light, _LIGHT_GROUNDS),
            "dark": _lowest(self.dark, _DARK_GROUNDS),
        }


TEAL = Palette(
    brand="#0b5e57",
    on_brand=WHITE,
    light=Tones("#0b5e57", WHITE, "#e2efec"),
    dark=Tones("#74d2c5", "#06231f", "#17332f"),
)
"""The product's own colours, as tokens.css has them."""


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """Words are keyed by language (``en`` ``ar`` ``bg``); a language that is missing borrows another's words."""

    id: str
    merchant_id: str
    name: dict[str, str]
    legal_line: dict[str, str]
    """Who is answerable and where: company and postal address, as the law wants it at the foot of a letter."""
    signatory: dict[str, str]
    """The person who signs, in each language's own letters."""
    site: str
    """The host customers know, such as ``souqnour.example``; a letter says it beneath its button."""
    sender: str
    """The e-mail address letters come from and replies go to."""
    phone: dict[str, str] = {}
    hours: dict[str, str] = {}
    colour: str | None = None
    palette: Palette = TEAL
    logo: bytes | None = None
    """SVG or PNG, re-encoded by us before it is stored; None draws the product's own mark."""

    def said(self, words: dict[str, str], tag: str | None) -> str:
        """One of this brand's wordings in a reader's language; English, then any, where that one is missing."""
        return words.get(language(tag)) or words.get("en") or next(iter(words.values()), "")


def checked(brand: Brand) -> Brand:
    """The brand as it may be stored: words inert, colours derived anew. Raises Invalid for a lack that shows."""
    fields: dict[str, object] = {}
    for field in ("name", "legal_line", "signatory", "phone", "hours"):
        said = {language(tag): line(text) for tag, text in getattr(brand, field).items()}
        if field in ("name", "legal_line", "signatory") and not all([said, *said.values()]):
            raise Invalid("brand_words_missing", f"A brand needs {field} in at least one language, and none empty.")
        fields[field] = said
    site = clean(brand.site).strip().lower()
    if not _HOST.fullmatch(site):
        raise Invalid("invalid_site", "Write the site as a host name, such as shop.example, without https://.")
    if not re.fullmatch(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+", brand.sender) or line(brand.sender) != brand.sender:
        raise Invalid("invalid_sender", "The sender must be one plain e-mail address.")
    return msgspec.structs.replace(brand, **fields, site=site, palette=derive(brand.colour))


def derive(colour: str | None) -> Palette:
    """The checked palette of one ``#rrggbb`` colour. None, an unreadable colour or a failing result gives TEAL."""
    written = (colour or "").strip().lower()
    if not _HEX.fullmatch(written):
        return TEAL
    light, chroma, hue = _oklch(written)
    palette = _filled(written, light, chroma, hue)
    return palette if min(palette.lowest().values()) >= READABLE else TEAL


def contrast(one: str, other: str) -> float:
    """The WCAG ratio of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _filled(colour: str, light: float, chroma: float, hue: float) -> Palette:
    brand, on_brand = colour, _text_on(colour)
    darker = light
    while on_brand is None and darker > 0:
        darker -= _STEP
        brand = _hex(darker, chroma, hue)
        on_brand = _text_on(brand)
    tint = _hex(0.95, min(chroma, 0.022), hue)
    dark_tint = _hex(0.29, min(chroma, 0.035), hue)
    # A colour that is dark enough already is kept to the letter, not sent through the colour space and back.
    start = None if light <= 0.55 else 0.55
    act = _until(colour, start, light, chroma, hue, (*_LIGHT_GROUNDS, tint), -_STEP)
    dark_act = _until(colour, 0.78, light, min(chroma, 0.11), hue, (*_DARK_GROUNDS, dark_tint), _STEP)
    return Palette(
        brand=brand,
        on_brand=on_brand or WHITE,
        light=Tones(act, WHITE, tint),
        dark=Tones(dark_act, _hex(0.20, min(chroma, 0.04), hue), dark_tint),
    )


def _text_on(ground: str) -> str | None:
    return next((text for text in (WHITE, INK) if contrast(text, ground) >= READABLE), None)


def _until(
    colour: str, start: float | None, light: float, chroma: float, hue: float, grounds: tuple[str, ...], step: float
) -> str:
    level = light if start is None else start
    found = colour if start is None else _hex(level, chroma, hue)
    while min(contrast(found, ground) for ground in grounds) < READABLE and 0 < level < 1:
        level += step
        found = _hex(level, chroma, hue)
    return found


def _lowest(tones: Tones, grounds: tuple[str, ...]) -> float:
    return min(contrast(tones.act, ground) for ground in (*grounds, tones.tint, tones.on_act))


def _tokens(tones: Tones) -> str:
    return f"--act:{tones.act};--on-act:{tones.on_act};--tint:{tones.tint}"


def _linear(colour: str) -> tuple[float, float, float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(colour: str) -> tuple[float, float, float]:
    """Lightness 0-1, chroma, and hue in radians."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return light, math.hypot(a, b), math.atan2(b, a)


def _hex(light: float, chroma: float, hue: float) -> str:
    """The nearest sRGB colour; chroma falls until the screen can show it."""
    parts = _srgb(light, chroma, hue)
    while chroma > 0.0005 and not all(-0.0001 <= part <= 1.0001 for part in parts):
        chroma *= 0.96
        parts = _srgb(light, chroma, hue)
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in parts)


def _srgb(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red, green, blue = (
        part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
        for part in (
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        )
    )
    return red, green, blue
