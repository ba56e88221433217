"""Whom a letter is for and what it is about: typed facts, and the words an agent wrote for this one case."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from compensation.core.money import Money
from compensation.core.text import isolate, language, line, ltr
from compensation.engine.assess import Obligation
from compensation.engine.dues import Due
from compensation.engine.law import Verification
from compensation.engine.taxonomy import DueKind
from compensation.merchants.brand import Brand


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """Words an agent wrote for one case; what is empty keeps the shipped words. Slots are filled, nothing is run.

    They are used in letters of their own ``locale`` only: in another language the shipped words say it.
    """

    locale: str = "en"
    reason: str = ""
    """What happened, in a few words: ``It stopped heating after two days``."""
    heading: str = ""
    ours: str = ""
    done: str = ""
    prevention: str = ""
    """A key of ``compose.PREVENTIONS``, or a text of one's own."""
    note: str = ""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the letter is for and what it is about. Dates are days in the merchant's own calendar."""

    brand: Brand
    locale: str
    on: dt.date
    reported_on: dt.date | None = None
    reason_code: str | None = None
    """None only where nothing went wrong: rewards that a merchant system ordered by itself."""
    order_number: str | None = None
    item: str | None = None
    case_number: str | None = None
    name: str = ""
    """As the customer's record has it, like the salutation; neither is ever guessed."""
    salutation: str = ""
    """The whole of how he is addressed: ``Dear Ms Weber``, ``السيدة دلال``, ``Уважаема г-жо Петкова``."""
    renewed: bool = False
    """Whether the case was assessed anew, so that its offers take the place of others."""
    dues: tuple[Due, ...] = ()
    citations: tuple[str, ...] = ()
    """Where the rights stand that these dues come from; see ``cited``."""
    edited: Edited = Edited()
    terms: str = ""
    """Where the policy it was decided by is read by everybody; empty where it is not."""

    def __post_init__(self) -> None:
        # What people wrote is kept inert, and what has nothing to be read in it counts as not said.
        for field in ("order_number", "item", "case_number"):
            force_setattr(self, field, line(getattr(self, field) or "") or None)
        for field in ("name", "salutation"):
            force_setattr(self, field, line(getattr(self, field)))

    def settles(self, sources: Sequence[str]) -> DueKind | None:
        """The kind of due that a remedy line meets, by the line's own ``settles``; None for several at once."""
        kinds = {due.kind for due in self.dues if due.source in sources}
        return kinds.pop() if len(kinds) == 1 else None

    @property
    def owed(self) -> Money | None:
        """The money owed whatever is chosen, or None. A right in kind and promised credit are not money."""
        sums = [
            due.amount
            for due in self.dues
            if due.amount is not None and not due.kind.in_kind and due.kind is not DueKind.promise
        ]
        return Money(sum(each.amount for each in sums), sums[0].currency) if sums else None

    @property
    def brand_name(self) -> str:
        return isolate(self.brand.said(self.brand.name, self.locale))

    @property
    def own_words(self) -> Edited:
        """The agent's words where they are in the letter's language; else none."""
        same = language(self.edited.locale) == language(self.locale)
        return self.edited if same else Edited(locale=self.locale)

    @property
    def slots(self) -> dict[str, Any]:
        """What a wording may name. People's words enter here, isolated and inert."""
        return {
            "brand": self.brand_name,
            "order": ltr(self.order_number) if self.order_number else None,
            "item": isolate(self.item) if self.item else None,
            "name": isolate(self.name) if self.name else None,
            "reported": self.reported_on,
        }


def cited(obligations: Sequence[Obligation]) -> tuple[str, ...]:
    """The citations a customer is shown: of rules somebody has read. The others bind us no less, unnamed."""
    read = (each.citation for each in obligations if each.verification is not Verification.unverified)
    return tuple(dict.fromkeys(read))
