"""Consent: the one sentence by which a customer gives up money he is owed for something else, and how it is given.

The sentence names both sums. The page that asks shows it, the API names it when it is missing, and what is recorded
is that sentence and no other.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases import sql
from compensation.cases.agreement import sign, text_of
from compensation.cases.move import Locked
from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import POINTS, Money
from compensation.core.text import LANGUAGES, clean, language, line, money
from compensation.db.pool import Tx
from compensation.engine.harm import Wording
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Consent, Offer, RemedyLine
from compensation.engine.terms import Kind, PointsTerms, kind_of

_SENTENCES = {
    Kind.store_credit: Wording(
        en="I agree to receive store credit of {amount} instead of {owed} in money.",
        ar="أوافق على أن أحصل على رصيد في المتجر بقيمة {amount} بدلًا من مبلغ {owed} المستحق لي نقدًا.",
        bg="Съгласявам се да получа кредит за магазина на стойност {amount} вместо {owed} в пари.",
    ),
    Kind.gift_card: Wording(
        en="I agree to receive a gift card of {amount} instead of {owed} in money.",
        ar="أوافق على أن أحصل على بطاقة هدية بقيمة {amount} بدلًا من مبلغ {owed} المستحق لي نقدًا.",
        bg="Съгласявам се да получа карта за подарък на стойност {amount} вместо {owed} в пари.",
    ),
    Kind.points: Wording(
        en="I agree to receive {amount} instead of {owed} in money.",
        ar="أوافق على أن أحصل على {amount} بدلًا من مبلغ {owed} المستحق لي نقدًا.",
        bg="Съгласявам се да получа {amount} вместо {owed} в пари.",
    ),
    Kind.discount: Wording(
        en="I agree to receive a discount of {amount} instead of {owed} in money.",
        ar="أوافق على أن أحصل على خصم بقيمة {amount} بدلًا من مبلغ {owed} المستحق لي نقدًا.",
        bg="Съгласявам се да получа отстъпка от {amount} вместо {owed} в пари.",
    ),
}
_ANYTHING = Wording(
    en="I agree to this offer instead of {owed} in money.",
    ar="أوافق على هذا العرض بدلًا من مبلغ {owed} المستحق لي نقدًا.",
    bg="Съгласявам се с това предложение вместо {owed} в пари.",
)


class ConsentGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``sentence`` as it was shown, in any of our languages.

    Where a signed agreement is asked for, ``signature`` is the customer's full name as he typed it beneath the text,
    or ``agreement`` names the paper that he signed.
    """

    sentence: Annotated[str, Meta(min_length=1, max_length=1000)]
    agreement: Annotated[str, Meta(max_length=200)] = ""
    signature: Annotated[str, Meta(max_length=200)] = ""


def sentence(offer: Offer, locale: str) -> str | None:
    """What the customer agrees to by choosing this offer, as marked text (see ``core.text``); None where nothing is
    given up."""
    if offer.consent is None:
        return None
    substitute = _substitute(offer, offer.consent)
    wording = _ANYTHING if substitute is None else _SENTENCES.get(kind_of(substitute.terms), _ANYTHING)
    amount = money(_face(substitute, offer.consent), locale)
    return wording.in_(language(locale)).format(amount=amount, owed=money(offer.consent.replaces, locale))


def check(offer: Offer, given: ConsentGiven | None, locale: str) -> str | None:
    """The language in which consent was given; None where this offer needs none.

    Raises Refused ``consent_required`` with the sentence to agree to, or ``agreement_required`` where the rule asks
    for a signature.
    """
    if offer.consent is None:
        return None
    spoken = next((tag for tag in LANGUAGES if given and line(given.sentence) == line(_bare(offer, tag))), None)
    facts = {
        "sentence": _bare(offer, locale),
        "replaces": msgspec.to_builtins(offer.consent.replaces),
        "form": offer.consent.form.value,
        "rule": offer.consent.rule,
    }
    if given is None or spoken is None:
        raise Refused(
            "consent_required",
            "This offer takes the place of money owed. Show the customer the sentence, and send it as "
            "consent.sentence once he has agreed to it.",
            **facts,
        )
    if offer.consent.form is ConsentForm.signed and not (given.agreement.strip() or given.signature.strip()):
        raise Refused(
            "agreement_required",
            "The rule asks for a signed agreement: show the customer the text, and send the full name that he types "
            "beneath it as consent.signature; or name the paper that he signed in consent.agreement.",
            text=text_of(_bare(offer, locale), locale),
            **facts,
        )
    return spoken


async def record(tx: Tx, case: Locked, offer: Offer, given: ConsentGiven, spoken: str, by: str, at: datetime) -> None:
    """Keep what was agreed to, for ever, and what was signed. ``by`` is the customer himself, or who recorded it for
    him. Raises as ``agreement.sign`` does."""
    bare, agreement = _bare(offer, spoken), clean(given.agreement).strip()
    if given.signature.strip():
        agreement = await sign(tx, case, offer.key, bare, spoken, given.signature, by, at)
    await tx.run(sql.CONSENT, new_id("cons"), case.id, offer.key, bare, agreement, spoken, by, at)


def _bare(offer: Offer, locale: str) -> str:
    return clean(sentence(offer, locale) or "")


def _substitute(offer: Offer, consent: Consent) -> RemedyLine | None:
    """The line that stands in the place of money."""
    remedy = consent.reason.params.get("remedy")
    return next((one for one in offer.lines if one.remedy == remedy and one.settles), None)


def _face(substitute: RemedyLine | None, consent: Consent) -> Money:
    """What it says on the face of the substitute, the bonus included."""
    if substitute is None or substitute.amount is None:
        return consent.replaces
    if isinstance(substitute.terms, PointsTerms):
        return Money(substitute.terms.points, POINTS)
    return substitute.amount + substitute.bonus if substitute.bonus else substitute.amount
