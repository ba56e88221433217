"""How money, dates, codes and other people's words are written in a customer's language, so that they stay inert.

A *marked* text is a plain string in which what must keep its own direction stands between Unicode isolates:
LRI for codes, figures and addresses, FSI for names, RLI for a sum of money. One string then serves the page
(``html``), the text twin of a mail (``plain``) and the database. People's own words lose every such character on
their way in (``clean``), so nobody can forge a mark.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from markupsafe import Markup, escape

from compensation.core.money import POINTS, Money, exponent

LANGUAGES = ("en", "ar", "bg")
NATIVE = {"en": "English", "ar": "العربية", "bg": "Български"}

_LRI, _RLI, _FSI, _PDI = "\u2066", "\u2067", "\u2068", "\u2069"
_MARKS = {
    _LRI: (Markup('<bdi dir="ltr">'), Markup("</bdi>")),
    _FSI: (Markup("<bdi>"), Markup("</bdi>")),
    _RLI: (Markup('<span class="money">'), Markup("</span>")),
}
_NBSP = "\u00a0"

# Characters that reorder, hide or join text. The zero-width joiners stay: Persian spelling and emoji need them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("\r\n?|[\u000b\u000c\u0085\u2028\u2029]")

# Nouns of the one asset that is not a currency, by CLDR plural category; ``{n}`` is the figure. Arabic writes one
# and two as words, and the counted noun changes with the number.
_POINTS = {
    "en": {"one": "{n} point", "other": "{n} points"},
    "bg": {"one": "{n} точка", "other": "{n} точки"},
    "ar": {"one": "نقطة واحدة", "two": "نقطتان", "few": "{n} نقاط", "other": "{n} نقطة"},
}


def language(tag: str | None) -> str:
    """The language we speak for a locale tag: ``en_SA`` is ``en``, ``ar-KW`` is ``ar``; one we lack is English."""
    first = re.split("[-_]", tag or "", maxsplit=1)[0].lower()
    return first if first in LANGUAGES else "en"


def direction(tag: str | None) -> str:
    """``rtl`` or ``ltr``, as an HTML ``dir`` attribute wants it."""
    return "rtl" if language(tag) == "ar" else "ltr"


def clean(text: str) -> str:
    """Somebody's words without control characters, direction overrides or invisible letters. Line breaks stay."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _BREAKS.sub("\n", text)))


def line(text: str) -> str:
    """The same, on one line: fit for a mail header, a title or a table cell."""
    return " ".join(clean(text).split())


def ltr(text: str) -> str:
    """Mark a code, order number, phone number, address or time: it reads left to right in every language."""
    return f"{_LRI}{line(text)}{_PDI}"


def isolate(text: str) -> str:
    """Mark a name or product, which keeps the direction of its own letters whatever surrounds it."""
    return f"{_FSI}{line(text)}{_PDI}"


def money(value: Money, tag: str | None) -> str:
    """A marked sum: figures 0-9, the asset's own decimals, never broken over two lines.

    In Arabic the figure alone is isolated and the currency word follows it; elsewhere the whole sum is.
    """
    lang = language(tag)
    if value.currency == POINTS:
        return _points(value.amount, lang)
    if lang == "ar":
        figure = _figure(value, lang)
        symbol = get_currency_symbol(value.currency, "ar").strip("\u200f.\u00a0 ")
        if not _right_to_left(symbol):
            symbol = ltr(symbol)  # US$ would else be read as $US
        return f"{_RLI}{_LRI}{figure}{_PDI}{_NBSP}{symbol}{_PDI}"
    grouped = abs(value.decimal) >= _GROUPED_FROM[lang]
    written = format_currency(value.decimal, value.currency, locale=lang, group_separator=grouped)
    # CLDR puts a space between a code made of letters and the figure; Babel leaves it out.
    written = re.sub(r"(?<=[A-Z])(?=\d)", _NBSP, written)
    return f"{_RLI}{_LRI}{written}{_PDI}{_PDI}"


def money_html(value: Money, tag: str | None) -> Markup:
    """A sum for a page: ``<span class="money"><bdi dir="ltr">26.950</bdi> د.ك</span>``."""
    return html(money(value, tag))


def money_plain(value: Money, tag: str | None) -> str:
    """A sum for a text message or a subject line."""
    return plain(money(value, tag))


def day(value: dt.date, tag: str | None, *, year: bool = True) -> str:
    """A date in the Gregorian calendar with figures 0-9: ``22 November 2026``, ``22 ноември 2026 г.``

    Day and month never part. English is day first, unless the tag says the reader is American.
    """
    if not year:
        return format_skeleton("MMMMd", value, locale=_dates(tag)).replace(" ", _NBSP)
    return format_date(value, "long", locale=_dates(tag)).replace(" ", _NBSP, 1)


def moment(value: dt.datetime, tag: str | None) -> str:
    """A marked day and time of day without the year: ``18 November, 09:12``. The caller chooses the time zone."""
    comma = "،" if language(tag) == "ar" else ","
    return f"{day(value.date(), tag, year=False)}{comma} {ltr(f'{value:%H:%M}')}"


def listed(things: Sequence[str], tag: str | None, style: Literal["standard", "or"] = "standard") -> str:
    """Marked texts as one list of the language: ``a, b and c``."""
    return format_list(things, style, locale=_dates(tag))


def html(marked: str) -> Markup:
    """A marked text as safe HTML: everything escaped, isolates as ``bdi`` elements that always close."""
    out: list[Markup] = []
    closers: list[Markup] = []
    for piece in re.split(f"([{_LRI}{_RLI}{_FSI}{_PDI}])", marked):
        if piece in _MARKS:
            opener, closer = _MARKS[piece]
            out.append(opener)
            closers.append(closer)
        elif piece == _PDI:
            out.append(closers.pop() if closers else Markup(""))
        else:
            out.append(escape(piece))
    return Markup("").join(out + closers[::-1])


def plain(marked: str) -> str:
    """A marked text without markup. Isolates stay only where right-to-left letters make them matter."""
    if _right_to_left(marked):
        return marked
    return re.sub(f"[{_LRI}{_RLI}{_FSI}{_PDI}]", "", marked)


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)


# Bulgarian groups digits from five on: 1850,00 but 12 000,00. CLDR says so; Babel does not read that field.
_GROUPED_FROM = {"en": 0, "ar": 0, "bg": 10_000}


def _figure(value: Money, lang: str) -> str:
    places = exponent(value.currency)
    pattern = "#,##0." + "0" * places if places else "#,##0"
    grouped = abs(value.decimal) >= _GROUPED_FROM[lang]
    return format_decimal(
        value.decimal, pattern, locale=lang, numbering_system="latn", group_separator=grouped, decimal_quantization=True
    )


def _points(amount: int, lang: str) -> str:
    forms = _POINTS[lang]
    noun = forms.get(Locale(lang).plural_form(abs(amount)), forms["other"])
    figure = _figure(Money(amount, POINTS), lang)
    if lang == "ar":
        # Minus two points is not a word; only the plain counts one and two are.
        noun = noun if amount >= 0 else forms["other"]
        return f"{_RLI}{noun.format(n=_LRI + figure + _PDI).replace(' ', _NBSP)}{_PDI}"
    return f"{_RLI}{_LRI}{noun.format(n=figure).replace(' ', _NBSP)}{_PDI}{_PDI}"


def _dates(tag: str | None) -> Locale:
    """The locale of dates and lists. English without a region is the international one: 22 November, a, b and c."""
    lang = language(tag)
    if lang != "en":
        return Locale(lang)
    try:
        known = Locale.parse((tag or "").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "001")
    return known if known.language == "en" and known.territory else Locale("en", "001")
