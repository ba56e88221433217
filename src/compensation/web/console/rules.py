"""The law of a case as an agent reads it: each rule that applied, where it stands, and how far it was checked."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from compensation.catalog.library import library
from compensation.core.text import day, isolate, ltr
from compensation.delivery.letter import Badge
from compensation.delivery.words import word
from compensation.engine.assess import Obligation
from compensation.engine.law import ConsentForm, LegalRule, Verification
from compensation.web.console.labels import Labels

_CHECKED: dict[Verification, tuple[Badge, str]] = {
    Verification.unverified: (
        Badge("warn", word("Not verified")),
        word("Nobody here has read the statute itself. Have it checked before you rely on it."),
    ),
    Verification.excerpt: (
        Badge("moving", word("Excerpt read")),
        word("An excerpt of the text was read, not the whole."),
    ),
    Verification.verified: (Badge("good", word("Verified")), ""),
}
_CONSENTS: dict[ConsentForm, str] = {
    ConsentForm.express: word("Something else in place of it only if the customer expressly agrees."),
    ConsentForm.signed: word("Something else in place of it only by the customer’s signed agreement."),
    ConsentForm.never: word("Nothing else may take its place."),
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Marked texts. ``words`` are the rule's own; of one the catalogue no longer has, what it says of consent."""

    code: str
    words: str
    citation: str
    pack: str
    checked: Badge
    checked_words: str
    source: str = ""
    """The address of the text; empty for a principle that stands in none."""
    overdue: str = ""
    """That its review is past its day; empty where it is not."""
    late: Badge | None = None


def rules(labels: Labels, obligations: Sequence[Obligation], on: dt.date) -> list[Rule]:
    """The rules in the order in which the decision names them, as they stand on that day."""
    return [_rule(labels, obligation, on) for obligation in obligations]


def _rule(labels: Labels, obligation: Obligation, on: dt.date) -> Rule:
    say, law = labels.say, library().law
    known = law.rule(obligation.code)
    pack = next((one for one in law.packs if one.code == obligation.pack), None)
    badge, checked = _CHECKED[obligation.verification]
    dated = day(pack.dated, say.locale) if pack else ""
    return Rule(
        code=ltr(obligation.code),
        words=labels.wording(known.words) if known else say(_CONSENTS[obligation.consent]),
        citation=isolate(obligation.citation),
        pack=say("Legal pack “{pack}”, {date}", pack=labels.wording(pack.name), date=dated) if pack else "",
        checked=msgspec.structs.replace(badge, label=say(badge.label)),
        checked_words=say(checked) if checked else "",
        source=(known.source or "") if known else "",
        overdue=_overdue(labels, known, on) if known else "",
        late=Badge("warn", say("Review overdue")) if known and known.review_by < on else None,
    )


def _overdue(labels: Labels, rule: LegalRule, on: dt.date) -> str:
    text = word("Its review was due on {date}. It binds as before; have it read again.")
    return labels.say(text, date=rule.review_by) if rule.review_by < on else ""
