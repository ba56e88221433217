"""Every customer page, rendered from the incidents, and the mails: what the look is checked on."""

import datetime as dt
from functools import cache
from typing import Any

import msgspec
from markupsafe import Markup

from compensation.cases.case import CaseFile, assessed
from compensation.cases.dispute.dispute import Dispute, Outcome, Spoken
from compensation.catalog.library import library
from compensation.catalog.public import Shown
from compensation.core.money import Money
from compensation.core.states import CaseState, RewardState
from compensation.core.text import moment
from compensation.delivery.letter import Held, Letter, Tongue
from compensation.delivery.remedies import by_law
from compensation.delivery.render import environment, mail
from compensation.delivery.tracking import Progress
from compensation.engine.harm import Wording
from compensation.engine.public_terms import NotReturned, PublicTerms, Returns
from compensation.engine.terms import CardTerms
from compensation.web.assets import asset
from compensation.web.console.labels import Labels
from compensation.web.pages.disputed import told
from compensation.web.pages.policy import rules
from compensation.web.pages.why import plain
from compensation.web.upload import KINDS, WRONG
from tests.look.incidents import BRAND, WRITER, asking, bringing, decision, disagreed, given, occasion, picked

ENV = environment(WRITER.words)
WORDS = WRITER.words
NONCE = "look"
CODE = "SN7K-4QM8-XRPD-3HWT-C6VB-ZNEY"


def page(name: str, letter: Letter | None, **more: Any) -> str:
    """A page as the web renders it."""
    locale = letter.locale if letter else more.pop("locale")
    context = {
        "letter": letter,
        "brand": letter.brand if letter else BRAND,
        "locale": locale,
        "nonce": NONCE,
        "asset": asset,
        "tongues": tuple(Tongue(each, f"?lang={each}") for each in ("en", "ar", "bg")),
        "here": "/t/dem0-7Q2M",
        "why": "/t/dem0-7Q2M/why",
        "goods_first": False,
        "missing": (),
        "disputes": (),
        "disagree": "/t/dem0-7Q2M/disagree",
        "csrf": Markup('<input type="hidden" name="csrf" value="not-a-secret">'),
    }
    return ENV.get_template(f"pages/{name}.html").render(context | more)


def evidence(locale: str, **more: Any) -> str:
    say = WORDS.in_(locale)
    context = {
        "kinds": [(code, say(text)) for code, text in KINDS.items()],
        "files": [
            (
                say(KINDS["receipt"]),
                "касова бележка.pdf",
                moment(dt.datetime(2026, 11, 18, 9, 12, tzinfo=dt.UTC), locale),
            ),
            (say(KINDS["photo"]), "IMG_4711.jpg", moment(dt.datetime(2026, 11, 18, 9, 14, tzinfo=dt.UTC), locale)),
        ],
        "case_number": "C-1042",
        "takes": True,
        "wrong": None,
        "done": not more,
        "back": "/t/dem0-7Q2M",
    }
    return page("evidence", None, locale=locale, **context | more)


def offer(incident: str, locale: str | None = None, **more: Any) -> str:
    return page("offer", asking(incident, locale), **{"chosen": None, "wrong": None, "gone": ""} | more)


def gift(
    incident: str, key: str, locale: str | None = None, *, revealed: bool = False, code: str = CODE, **more: Any
) -> str:
    letter = bringing(incident, key, locale)
    held = [
        Held(
            reward_id=f"rwd_{number}",
            card=msgspec.structs.replace(card, elsewhere=code != CODE),
            name=card.name,
            state=RewardState.issued,
            last4=("ZNEY", "6NTA")[number],
            code=code if revealed else "",
            balance=card.total,
            reveal="/g/dem0-7Q2M/reveal",
        )
        for number, card in enumerate(letter.cards)
    ]
    return page("gift", letter, held=more.get("held", held))


def status(incident: str, key: str, locale: str | None = None, state: CaseState = CaseState.issued, **more: Any) -> str:
    about = occasion(incident, locale)
    moments = {
        "reported_at": dt.datetime(2026, 11, 18, 9, 12, tzinfo=dt.UTC),
        "offered_at": dt.datetime(2026, 11, 18, 9, 13, tzinfo=dt.UTC),
        "chosen_at": dt.datetime(2026, 11, 21, 19, 5, tzinfo=dt.UTC),
        "issued_at": dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC),
    }
    letter = WRITER.status(about, given(about, picked(incident, key)), Progress(state=state, **moments))
    return page("status", letter, **more)


def disagree(locale: str, **more: Any) -> str:
    context = {
        "case_number": "C-1042",
        "due": WORDS.in_(locale)("{date}", date=dt.date(2026, 11, 30)),
        "typed": "",
        "wrong": None,
        "files": "/t/dem0-7Q2M/evidence",
        "back": "/t/dem0-7Q2M",
    }
    return page("disagree", None, locale=locale, **context | more)


def disputed(locale: str) -> list[Any]:
    """One that waits for its answer, and one before it that has it."""
    at = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)
    fields = {"case_id": "case_look", "decision": "evt_look", "opened_by": "cus_look", "opened_at": at}
    fields |= {"due_at": at + dt.timedelta(days=7), "further_case": None}
    waits = Dispute(id="dsp_1", outcome=None, answered_by=None, answered_at=None, **fields)
    had = Dispute(id="dsp_0", outcome=Outcome.upheld, answered_by="agt_look", answered_at=at, **fields)
    before = Spoken(dispute=had, words="Too little.\nوانتظرت ثلاثة أسابيع", answer="We read the report again.")
    return told(WORDS.in_(locale), [before, Spoken(dispute=waits, words="Пак не е достатъчно.", answer=None)])


def why(incident: str, key: str | None = None, locale: str | None = None) -> str:
    """The plain receipt of an incident, as its customer reads it once ``key`` was chosen."""
    about, made = occasion(incident, locale), decision(incident)
    report, now = made.assessment.report, dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)
    case = CaseFile(
        id="case_look", number=20931, state=CaseState.offered, program_id="prg_look", customer_id="cus_look",
        incident=None, channel="api", country=report.country, locale=about.locale, reason_code=report.reason_code,
        harms=tuple(harm.type for harm in made.assessment.harms), severity="high", order_number="",
        order_amount=report.order.amount if report.order else None, owed=made.owed, goodwill=made.goodwill,
        agent_id=None, chosen=key, chosen_by=None, priority=False, answer_due=now, created_at=now, updated_at=now,
        assessment=assessed(made), offers=made.offers, receipt_id="rcpt_01m82msefq2rdvq3a50qaba5pv",
    )  # fmt: skip
    told = plain(Labels(WORDS.in_(about.locale), WRITER.reasons), case, about.on)
    return page("why", WRITER.apology(about), plain=told, back="/t/dem0-7Q2M")


def policy(locale: str, **more: Any) -> str:
    """The public page of the policy that ships, with public terms that have everything a page can say."""
    ships = library().books("default", dt.date(2026, 11, 22)).policy
    because = Wording("Food spoils.", "الطعام يفسد.", "Храната се разваля.")
    words = Wording("We tell you what we found.", "نخبركم بما وجدناه.", "Казваме Ви какво сме установили.")
    terms = PublicTerms(
        returns=Returns(condition=words, not_returned=(NotReturned(categories=("food",), because=because),)),
        warranty_months=24, sums=True, disputes=words, limits=words,
    )  # fmt: skip
    told = rules(WRITER, Shown(ships, terms, True), BRAND, locale)
    return page("policy", None, locale=locale, **{"newer": ""} | told | more)


@cache
def sheets() -> dict[str, str]:
    """Every page by a name that says which."""
    spent = bringing("INC-09", "gift_card", "bg")
    return {
        "offer.en": offer("INC-01"),
        "offer.ar": offer("INC-14"),
        "offer.bg": offer("INC-15"),
        **{f"evidence.{each}": evidence(each) for each in ("en", "ar", "bg")},
        "evidence.wrong.ar": evidence("ar", wrong=WORDS.in_("ar")(WRONG["unknown_file_type"]), files=[]),
        "evidence.ended.en": evidence("en", takes=False),
        "disagree.en": disagree("en"),
        "disagree.bg": disagree("bg"),
        "disagree.wrong.ar": disagree(
            "ar", typed="كلام طويل " * 300, wrong=WORDS.in_("ar")("Write what you disagree with")
        ),
        "offer.disputed.bg": offer("INC-15", disputes=disputed("bg"), disagree=""),
        "status.disputed.ar": status("INC-14", "credit", disputes=disputed("ar"), disagree=""),
        "offer.gone.ar": offer("INC-14", gone="رصيد في المتجر", wrong="customer_cap_reached"),
        "offer.wrong.en": offer("INC-01", chosen="credit", wrong="consent_missing"),
        "offer.missing.ar": offer(
            "INC-14", goods_first=True, missing=("صورة",), chosen="credit", wrong="documents_missing"
        ),
        "offer.none.ar": offer("INC-02", wrong="none_chosen"),
        "gift.en": gift("INC-01", "gift_card"),
        "gift.shown.en": gift("INC-01", "gift_card", revealed=True),
        "gift.ar": gift("INC-14", "credit"),
        "gift.shown.ar": gift("INC-14", "credit", revealed=True),
        "gift.elsewhere.ar": gift("INC-14", "credit", revealed=True, code="K5XE-P6U6-RE4F-SJV2-0123456789ABCDEF"),
        "gift.bg": gift("INC-09", "credit"),
        "gift.shown.bg": gift("INC-09", "credit", revealed=True),
        "gift.spent.bg": gift(
            "INC-09",
            "gift_card",
            "bg",
            held=[
                Held(
                    reward_id="rwd_9",
                    card=spent.cards[0],
                    name=spent.cards[0].name,
                    state=RewardState.redeemed,
                    last4="ZNEY",
                    balance=Money(0, "EUR"),
                )
            ],
        ),
        "gift.rest.ar": gift(
            "INC-09",
            "gift_card",
            "ar",
            held=[
                Held(
                    reward_id="rwd_7",
                    card=msgspec.structs.replace(
                        bringing("INC-09", "gift_card", "ar").cards[0],
                        valid=WORDS.in_("ar")("Never expires"),
                        law=by_law(WORDS.in_("ar"), CardTerms(valid_months=None, cash_out=Money(500, "EUR"))),
                    ),
                    name="بطاقة هدية",
                    state=RewardState.partly_redeemed,
                    last4="ZNEY",
                    balance=Money(499, "EUR"),
                    reveal="/g/dem0-7Q2M/reveal",
                    cash_out="/g/dem0-7Q2M/cash-out",
                )
            ],
        ),
        "gift.code.bg": gift(
            "INC-03",
            "repair",
            held=[
                Held(
                    reward_id="rwd_8",
                    card=None,
                    name="Отстъпка за следваща поръчка",
                    state=RewardState.issued,
                    last4="ZNEY",
                    code=CODE,
                    reveal="/g/dem0-7Q2M/reveal",
                )
            ],
        ),
        "gift.plain.en": gift("INC-22", "replacement"),
        "status.en": status("INC-01", "refund"),
        "status.ar": status("INC-20", "refund"),
        "status.bg": status("INC-15", "refund"),
        "status.offered.ar": status("INC-14", "credit", state=CaseState.offered),
        "why.en": why("INC-01", "refund"),
        "why.ar": why("INC-20"),
        "why.bg": why("INC-15", "refund"),
        "why.repair.bg": why("INC-03"),
        "why.nothing.ar": why("INC-23"),
        **{f"policy.{each}": policy(each) for each in ("en", "ar", "bg")},
        "policy.old.en": policy("en", newer="/p/dem0/default?lang=en"),
        "apology.bg": page("letter", WRITER.apology(occasion("INC-09"))),
        "problem.ar": page("problem", None, locale="ar"),
        "problem.en": page("problem", None, locale="en", brand=None, tongues=()),
    }


@cache
def mails() -> dict[str, str]:
    """The HTML of the mails by a name that says which."""
    return {
        "mail.offers.en": mail(ENV, asking("INC-01")).html,
        "mail.offers.ar": mail(ENV, asking("INC-14")).html,
        "mail.dispute.ar": mail(ENV, disagreed("INC-14", "ar")).html,
        "mail.dispute.bg": mail(ENV, disagreed("INC-15", "bg", more=True)).html,
        "mail.remedy.en": mail(ENV, bringing("INC-01", "gift_card")).html,
        "mail.remedy.ar": mail(ENV, bringing("INC-14", "credit")).html,
        "mail.remedy.bg": mail(ENV, bringing("INC-15", "refund")).html,
    }
