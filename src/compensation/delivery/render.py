"""A letter as a mail: HTML by way of MJML, its text twin and a subject that cannot start a second header.

The environment made here also renders the pages, so that a sum, a date and a name are written the same way in both.
"""

import base64
from pathlib import Path
from typing import Any

import mrml
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.text import NATIVE, direction, html, language, line, ltr, money, plain
from compensation.delivery.letter import Letter, in_fours
from compensation.delivery.words import TEMPLATES, Words


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What is handed to a channel. ``subject`` is one line; ``html`` needs no image, script or other address."""

    subject: str
    html: str
    text: str


def environment(words: Words, folder: Path = TEMPLATES) -> Environment:
    """The one template environment: everything is escaped, and a name nobody gave is an error.

    In a template ``say("…", amount=…)`` is a text in the page's language, ``| marked`` a marked text as markup and
    ``| sum`` an amount; ``| plain`` is for text mails. They read the context's ``locale``.
    """
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=("txt",), default_for_string=True, default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    @pass_context
    def say(context: Context, text: str, **values: Any) -> Markup:
        return html(words.in_(context["locale"])(text, **values))

    @pass_context
    def say_plain(context: Context, text: str, **values: Any) -> str:
        return plain(words.in_(context["locale"])(text, **values))

    @pass_context
    def amount(context: Context, value: Money) -> Markup:
        return html(money(value, context["locale"]))

    @pass_context
    def amount_plain(context: Context, value: Money) -> str:
        return plain(money(value, context["locale"]))

    env.globals.update(
        say=say, say_plain=say_plain, native=NATIVE, ltr=ltr, direction=direction, language=language, in_fours=in_fours
    )
    env.filters.update(
        marked=html, plain=plain, sum=amount, sum_plain=amount_plain, linked=linked, picture=picture, tel=tel
    )
    return env


def mail(env: Environment, letter: Letter) -> Mail:
    """The letter as a mail. Raises Refused ``letter_incomplete`` when it has lost its apology or its personal note."""
    if not letter.heading or not letter.note:
        raise Refused("letter_incomplete", "A letter carries an apology and a personal note.", field="note")
    context = {"letter": letter, "brand": letter.brand, "locale": letter.locale}
    source = env.get_template("messages/letter.mjml").render(context)
    text = env.get_template("messages/letter.txt").render(context)
    return Mail(subject=line(letter.subject), html=mrml.to_html(source).content, text=_tidy(text))


def linked(marked: str, *addresses: str) -> Markup:
    """A marked text whose e-mail addresses and telephone numbers, named here, can be clicked."""
    text = marked if isinstance(marked, Markup) else html(marked)
    for address in filter(None, addresses):
        shown = html(ltr(address))
        href = f"mailto:{address}" if "@" in address else tel(address)
        text = text.replace(shown, Markup('<a class="link" href="{}">{}</a>').format(href, shown))
    return text


def tel(number: str) -> str:
    """A telephone number as a link wants it."""
    return "tel:" + "".join(letter for letter in number if letter.isdigit() or letter == "+")


def picture(logo: bytes) -> str:
    """A stored logo as a data address: a page never fetches a picture from elsewhere."""
    kind = "png" if logo.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(logo).decode()}"


def _tidy(text: str) -> str:
    """Lines without trailing blanks, never more than one empty line between two paragraphs."""
    lines = [each.rstrip() for each in text.splitlines()]
    kept = [each for at, each in enumerate(lines) if each or (at and lines[at - 1])]
    return "\n".join(kept).strip() + "\n"
