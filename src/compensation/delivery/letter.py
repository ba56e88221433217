"""A letter: what one customer is told once, in one language, by mail, in the text twin and on a page alike.

Texts are *marked* (see ``core.text``): the filter ``html`` turns them into safe markup, ``plain`` into a mail's text.
Sums stay ``Money`` wherever a bar or a figure is drawn from them.

What the templates of ``templates/pages`` are given. Every page gets

    letter      Letter; its ``locale`` and ``brand`` dress the page
    nonce       the nonce of this answer's Content-Security-Policy
    asset       callable: ``asset("pages.css")`` is the address of a file we serve
    tongues     tuple[Tongue, …], this page in the other languages; may be empty
    csrf        the field of the CSRF token as safe markup, for every form; may be empty
and beside these
    offer.html    letter of kind ``offers``; ``chosen``, a key, and ``wrong``, of WRONG, after a refused post, else None
    gift.html     letter of kind ``remedy``; ``held`` tuple[Held, …], the rewards that have a code or a choice
                  and ``here``, the path of the page, below which files are sent
    status.html   letter of kind ``status``, and ``here``; empty where a case takes no more files
    letter.html   any other letter, such as ``apology``: the words alone
    problem.html  no letter: ``locale``, and ``brand`` or None; one answer for every link that does not open
"""

import datetime as dt
from fractions import Fraction
from typing import Literal

import msgspec

from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.core.text import language
from compensation.merchants.brand import Brand

LetterKind = Literal["offers", "remedy", "apology", "status", "dispute"]
WRONG = ("none_chosen", "consent_missing", "signature_missing")
"""Why an offer form comes back: nothing was picked, the box of the picked offer was not ticked, or it lacks a name."""


class Row(msgspec.Struct, frozen=True):
    """One line of a list of facts: ``About``, ``Order SN-48213, kettle``."""

    label: str
    value: str


class Share(msgspec.Struct, frozen=True):
    """A part of a sum. Solid is owed or principal, hatched is goodwill or bonus, everywhere we draw one."""

    label: str
    amount: Money
    solid: bool


class Sum(msgspec.Struct, frozen=True):
    """What an amount is made of; drawn as a bar when it has more than one share."""

    shares: tuple[Share, ...]

    @property
    def solid(self) -> str:
        """The width of the solid part as an SVG attribute, ``95.24%``."""
        whole = sum(share.amount.amount for share in self.shares)
        part = sum(share.amount.amount for share in self.shares if share.solid)
        hundredths = round(Fraction(part * 10_000, whole)) if whole else 10_000
        return f"{hundredths // 100}.{hundredths % 100:02d}%"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """Value with a code: store credit or a gift card. ``name`` is what it is called in this language."""

    name: str
    total: Money
    made_of: Sum
    valid: str
    """``Valid until 22 November 2029``."""
    fees: str
    giveable: bool
    """Whether another person may use it; store credit stays with the account."""
    law: tuple[str, ...] = ()
    """What the law says of such value, each in one sentence; of another brand's card, where and how it is used."""
    elsewhere: bool = False
    """Another brand's card: it is used there and not with us, and its code is shown as that brand writes it."""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """Anything else one gets: money on its way, points, a tier, a task. ``said`` is the whole of it in words."""

    name: str
    said: str
    amount: Money | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One offer as a radio card: same rows in the same order as its neighbours, nothing chosen beforehand."""

    key: str
    name: str
    amount: Money | None
    made_of: Sum
    rows: tuple[Row, ...]
    besides: tuple[str, ...] = ()
    """What else comes with it, each in one sentence."""
    consent: str | None = None
    """The sentence the customer agrees to, kept with the choice; None where nothing owed is replaced."""
    signed: bool = False
    """The law wants more than a tick: ``consent`` is then signed with a full name."""


class Right(msgspec.Struct, frozen=True):
    """What the law gives, in one sentence a tired person can use, and where it stands."""

    said: str
    citation: str


class Action(msgspec.Struct, frozen=True):
    """The one thing to do: a button, and which site it opens."""

    label: str
    url: str
    said: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the timeline. ``at`` is when it happened; ``promised`` says by when one still to come will."""

    label: str
    state: Literal["done", "now", "next"]
    at: str = ""
    stamp: str = ""
    """The same moment or date for machines, ISO 8601."""
    promised: str = ""
    note: str = ""


class Badge(msgspec.Struct, frozen=True):
    """A shape and a word. ``look`` is the class of the shape: waiting (empty), moving, good, warn or bad."""

    look: Literal["", "moving", "good", "warn", "bad"]
    label: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The five moves in their order: the harm, that it is ours, what we did, what you get, what you do."""

    kind: LetterKind
    locale: str
    brand: Brand
    on: dt.date
    subject: str
    """Harm and order; nothing secret, no name. One plain line."""
    preview: str
    ref: tuple[Row, ...]
    heading: str
    greeting: str
    ours: tuple[str, ...]
    done: tuple[str, ...] = ()
    get: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    promises: tuple[Promise, ...] = ()
    right: Right | None = None
    ask: str = ""
    """The heading over the choices."""
    choices: tuple[Choice, ...] = ()
    otherwise: str = ""
    """What happens when the customer does nothing."""
    badge: Badge | None = None
    steps: tuple[Step, ...] = ()
    late: tuple[str, ...] = ()
    """What we do when the promised date passes; the first is the heading."""
    prevention: str = ""
    note: str = ""
    """The personal note; never empty in a letter that brings a remedy."""
    action: Action | None = None
    why: str = ""
    """Where the decision stands in plain words; empty where nothing was decided."""
    terms: str = ""
    """Where the written rules stand that it was decided by; empty where they are not public."""
    closing: str
    signatory: str
    desk: str
    foot: tuple[str, ...]

    @property
    def lang(self) -> str:
        """The language on the page: ``en``, ``ar`` or ``bg``."""
        return language(self.locale)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A reward on the gift page beside its card. ``code`` is set only in the answer to the reveal itself."""

    reward_id: str
    card: Card | None
    name: str
    state: RewardState
    last4: str = ""
    code: str = ""
    balance: Money | None = None
    reveal: str = ""
    """Where the reveal is posted to; empty when there is no code to show."""
    cash_out: str = ""
    """Where paying out what is left is posted to; empty when the law does not ask for it, or too much is left."""
    qr: str = ""
    bars: str = ""
    """The code as a till scans it, drawn; only where ``code`` is set."""
    picture: str = ""
    """Where the picture to keep is asked for by a post."""
    print: str = ""
    """Where the card to print is asked for by a post."""

    @property
    def elsewhere(self) -> bool:
        """Another brand's card."""
        return self.card is not None and self.card.elsewhere


class Tongue(msgspec.Struct, frozen=True):
    """This page in one language: ``locale`` and where it is."""

    locale: str
    url: str


def in_fours(code: str) -> tuple[str, ...]:
    """A code as it is read out: groups of four, without the dashes it may be written with."""
    bare = "".join(letter for letter in code if letter.isalnum())
    return tuple(bare[at : at + 4] for at in range(0, len(bare), 4))
