"""Laws of a letter: it apologises, says whose fault it is, and says the same by mail, in text and on the page."""

import datetime as dt
import html as markup
import re
from itertools import product

import msgspec
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.core.text import money, plain
from compensation.delivery.given import Given, completed, foreseen, merged
from compensation.delivery.letter import Card, Letter, Share, Sum, in_fours
from compensation.delivery.occasion import Edited, cited
from compensation.delivery.promises import name, said
from compensation.delivery.render import mail
from compensation.delivery.tracking import Progress
from compensation.engine.plan import Part, RemedyLine
from compensation.engine.reason import Reason
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import CardTerms, DiscountTerms, Kind, RefundTerms, WordsTerms
from tests.look.incidents import (
    LINK,
    TODAY,
    WRITER,
    asking,
    bringing,
    decision,
    disagreed,
    given,
    incidents,
    occasion,
    picked,
)
from tests.look.sheets import ENV

TONGUES = ("en", "ar", "bg")
EVERY = list(product(sorted(incidents()), TONGUES))
LETTERS = st.text(st.sampled_from("a<>&\"'{}%\r\n\0\u202e\u2066\u2069\u200fع\u2028"), min_size=1, max_size=30)
ATTACKS = ["</style><script>alert(1)</script>", "{{ 7 * 7 }}", "{item}", "a\r\nBcc: all@example.org", "</mj-text>"]
HOSTILE = LETTERS | st.sampled_from(ATTACKS)


def words_of(text: str) -> str:
    """What is read: no markup, no marks, one space between words."""
    return " ".join(re.sub("[\u2066-\u2069\u00ad]", "", text).split())


def read(source: str) -> str:
    """The visible words of an HTML mail."""
    body = re.sub(r"(?s)<head>.*?</head>|<!--.*?-->|<style.*?</style>", " ", source)
    # A block ends a word; an inline element does not.
    body = re.sub(r"</?(?:bdi|span|a|strong)\b[^>]*>", "", body)
    return words_of(markup.unescape(re.sub(r"<[^>]*>", " ", body)))


def told(letter: Letter) -> list[str]:
    """Every text of a letter that its reader must get, by whatever way it comes."""
    pieces = [letter.heading, letter.greeting, *letter.ours, *letter.done, *letter.get]
    pieces += [letter.otherwise, letter.prevention, letter.note, letter.closing, letter.signatory, letter.desk]
    pieces += [*letter.foot]
    pieces += [piece for row in letter.ref[1:] for piece in (row.label, row.value)]
    for card in letter.cards:
        pieces += [card.name, card.valid, card.fees]
    for promise in letter.promises:
        pieces += [promise.name, promise.said]
    for choice in letter.choices:
        pieces += [choice.name, *choice.besides, *(row.value for row in choice.rows)]
    if letter.right:
        pieces += [letter.right.said, letter.right.citation]
    if letter.action:
        pieces += [letter.action.label, letter.action.said]
    return [words_of(plain(piece)) for piece in pieces if piece]


@pytest.mark.parametrize(("incident", "tongue"), EVERY)
def test_every_incident_can_be_offered_and_brought_in_every_language(incident: str, tongue: str) -> None:
    bundles = [bringing(incident, offer.key, tongue) for offer in decision(incident).offers]
    for letter in [asking(incident, tongue), *bundles]:
        assert letter.heading
        assert letter.ours
        assert letter.done
        assert letter.note, "a personal note goes with every remedy"
        assert letter.signatory
        assert letter.action is not None
        assert letter.action.url == LINK
        assert "gifts.souqnour.example" in letter.action.said
        assert letter.get or letter.cards or letter.promises
        assert incidents()[incident]["customer"] not in letter.subject + letter.preview
        assert "{" not in "".join(told(letter))


@pytest.mark.parametrize(("incident", "tongue"), EVERY)
def test_html_and_text_say_the_same(incident: str, tongue: str) -> None:
    for letter in (asking(incident, tongue), bringing(incident, None, tongue)):
        written = mail(ENV, letter)
        shown, text = read(written.html), words_of(written.text)
        sender = {words_of(letter.ref[0].label), words_of(letter.ref[0].value)}
        for piece in told(letter):
            assert piece in shown
            assert piece.casefold() in text.casefold()
        for part in re.split(r"\s*\n\s*|:\s", written.text):
            line = words_of(part).lstrip("*- ")
            # A mail says whom it is from by its mark; only the text twin has that in a line.
            if line and LINK not in part and line not in sender:
                assert line.casefold().rstrip(":") in shown.casefold()
        assert written.html.count(f'href="{LINK}"') == 1
        assert LINK in written.text


@pytest.mark.parametrize(("incident", "tongue"), EVERY)
def test_a_mail_needs_no_picture_no_script_and_no_other_address(incident: str, tongue: str) -> None:
    written = mail(ENV, asking(incident, tongue))
    assert not re.search(r"<img|<script|<link|@import|url\(|@font-face", written.html)
    hosts = set(re.findall(r'(?:href|src)="(https?://[^/"]+)', written.html))
    assert hosts == {"https://gifts.souqnour.example"}
    assert f'lang="{tongue}"' in written.html
    assert f'dir="{"rtl" if tongue == "ar" else "ltr"}"' in written.html
    assert "prefers-color-scheme:dark" in written.html
    assert "max-width:600px" in written.html
    assert len(written.html) < 100_000, "larger mails are cut off by some readers"


def test_the_sum_owed_is_named_with_the_day_it_comes() -> None:
    letter = asking("INC-07")
    assert letter.right is not None
    assert "$249.00" in plain(letter.right.said)
    assert "29\u00a0November 2026" in letter.right.said
    assert "16 CFR Part 435" in letter.right.citation
    assert "$249.00" in plain(letter.otherwise)


def test_where_repair_comes_first_no_money_is_promised() -> None:
    letter = asking("INC-03", "en")
    assert letter.right is not None
    assert "repaired or replaced" in letter.right.said
    assert "money" not in letter.right.said


def test_a_rule_that_nobody_read_is_not_cited_to_a_customer() -> None:
    assert {each.code for each in decision("INC-20").assessment.obligations} == {"GEN-DUP"}
    assert cited(decision("INC-20").assessment.obligations) == ()
    letter = asking("INC-20")
    assert letter.right is not None
    assert letter.right.citation == ""


@pytest.mark.parametrize("incident", sorted(incidents()))
def test_offers_can_be_told_apart_and_nothing_is_chosen(incident: str) -> None:
    letter = asking(incident, "en")
    made = decision(incident).offers
    assert [choice.key for choice in letter.choices] == [offer.key for offer in made]
    assert len({(choice.name, choice.amount) for choice in letter.choices}) == len(made)
    for choice, offer in zip(letter.choices, made, strict=True):
        assert (choice.consent is None) == (offer.consent is None)
        if offer.consent is not None and choice.consent is not None:
            assert str(offer.consent.replaces.decimal) in choice.consent.replace(",", "")
        assert [row.label for row in choice.rows if row.label != "Worth"] == ["Arrives", "Use it", "Expires"]


@pytest.mark.parametrize("incident", sorted(incidents()))
def test_every_remedy_of_an_offer_is_told(incident: str) -> None:
    about, letter = occasion(incident, "en"), asking(incident, "en")
    say = WRITER.words.in_("en")
    for choice, offer in zip(letter.choices, decision(incident).offers, strict=True):
        shown = [choice.name, *choice.besides, *letter.get, *(row.value for row in choice.rows)]
        shown += [money(share.amount, "en") for share in choice.made_of.shares]
        everything = plain(" ".join([*shown, money(choice.amount, "en") if choice.amount else ""])).casefold()
        for one in merged(given(about, offer)):
            if one.kind is Kind.words:
                continue
            sentence = plain(said(say, one, about.brand_name)).casefold()
            assert sentence in everything or name(say, one).casefold() in everything
            hidden = isinstance(one.line.terms, DiscountTerms) and one.line.terms.hidden
            if one.line.amount is not None and not hidden and one.kind is not Kind.task:
                sums = [each for each in (one.line.amount, one.total, one.worth) if each is not None]
                assert any(plain(money(each, "en")).casefold() in everything for each in sums), (
                    f"{choice.key}: {one.line}"
                )


def test_credit_shows_principal_and_bonus_apart() -> None:
    card = bringing("INC-14", "credit").cards[0]
    assert card.total == Money(26950, "KWD")
    assert [(share.amount.amount, share.solid) for share in card.made_of.shares] == [(24500, True), (2450, False)]
    assert card.made_of.solid == "90.91%"


def test_a_remedy_with_nothing_owed_leaves_the_law_as_it_is() -> None:
    assert any("rights by law" in text for text in bringing("INC-09", "credit", "en").get)
    assert bringing("INC-07", "refund").get == ()


def test_two_receipts_are_one_payment() -> None:
    letter = bringing("INC-16", "refund")
    paid = [promise for promise in letter.promises if promise.name == "Your costs paid back"]
    assert [promise.amount for promise in paid] == [Money(8450, "AUD")]


def test_an_agents_own_words_take_the_place_of_ours_in_his_language_only() -> None:
    own = Edited(
        locale="en",
        reason="It stopped heating after two days",
        heading="We are sorry that your {item} stopped heating",
        ours="You bought it to use every day.\n\nIt failed after two.",
        prevention="We have stopped selling this batch.",
        note="I drink my tea too early to be without a {item} myself.",
    )
    about = msgspec.structs.replace(occasion("INC-01"), edited=own)
    letter = WRITER.apology(about)
    assert plain(letter.heading) == "We are sorry that your kettle stopped heating"
    assert letter.ours == ("You bought it to use every day.", "It failed after two.")
    assert "It stopped heating after two days" in [row.value for row in letter.ref]
    assert letter.prevention == "We have stopped selling this batch."
    arabic = WRITER.apology(msgspec.structs.replace(about, locale="ar"))
    assert arabic.heading.startswith("نعتذر")
    assert arabic.prevention == ""


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("more", [False, True])
def test_who_disagreed_reads_the_words_of_whoever_looked_again(tongue: str, more: bool) -> None:
    letter = disagreed("INC-01", tongue, more=more)
    written = mail(ENV, letter)
    for words in ("We read the report of the repairer again.", "The fault was ours."):
        assert words in read(written.html)
        assert words in written.text
    assert LINK in written.text
    assert letter.subject == written.subject
    assert disagreed("INC-01", tongue, more=not more).ours[1] != letter.ours[1]


def test_what_a_reviewer_writes_stays_words() -> None:
    for attack in ATTACKS:
        letter = WRITER.dispute(occasion("INC-01"), attack, LINK, more=False)
        assert "<script" not in mail(ENV, letter).html


@pytest.mark.parametrize("own", [{"note": "Dear {friend}"}, {"heading": "Sorry for {damage}"}])
def test_a_slot_that_nobody_fills_stops_the_letter(own: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        WRITER.apology(msgspec.structs.replace(occasion("INC-01"), edited=Edited(**own)))
    assert refusal.value.code == "letter_incomplete"


def test_a_letter_without_the_day_of_the_report_is_not_composed() -> None:
    with pytest.raises(Refused):
        WRITER.apology(msgspec.structs.replace(occasion("INC-01"), reported_on=None))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/g/abc", ""])
def test_a_button_opens_a_full_address_or_there_is_no_letter(url: str) -> None:
    about = occasion("INC-01")
    with pytest.raises(Refused):
        WRITER.remedy(about, given(about, picked("INC-01", None)), url)


@pytest.mark.parametrize("lost", ["heading", "note"])
def test_a_letter_that_lost_its_apology_is_not_sent(lost: str) -> None:
    with pytest.raises(Refused):
        mail(ENV, msgspec.structs.replace(bringing("INC-01"), **{lost: ""}))


def test_nobody_is_given_a_title_or_a_gender_he_did_not_state() -> None:
    about = occasion("INC-01")
    assert plain(WRITER.apology(about).greeting) == "Dear Grace Miller,"
    formal = msgspec.structs.replace(about, salutation="Dear Ms Miller")
    assert plain(WRITER.apology(formal).greeting) == "Dear Ms Miller,"
    assert WRITER.apology(msgspec.structs.replace(about, name="")).greeting == "Dear customer,"


def test_a_second_apology_knows_of_the_first() -> None:
    line = RemedyLine(
        remedy="apology", part=Part.goodwill, terms=WordsTerms(block="apology", earlier=1), reason=Reason("r")
    )
    assert any("apologised to you before" in text for text in WRITER.apology(occasion("INC-01"), [line]).ours)
    assert not any("before" in text for text in WRITER.apology(occasion("INC-01")).ours)


def test_a_reason_of_the_merchants_own_still_apologises() -> None:
    letter = WRITER.apology(msgspec.structs.replace(occasion("INC-01"), reason_code="ate_my_hat"))
    assert plain(letter.heading) == "We are sorry that we let you down with your kettle"


def test_a_reward_that_no_harm_earned_does_not_apologise() -> None:
    about = msgspec.structs.replace(occasion("INC-01"), reason_code=None, reported_on=None, dues=())
    line = RemedyLine(
        remedy="digital_gift_card",
        part=Part.goodwill,
        terms=CardTerms(valid_months=36),
        reason=Reason("r"),
        amount=Money(2500, "EUR"),
    )
    letter = WRITER.remedy(about, [foreseen(line, None, TODAY)], LINK)
    text = mail(ENV, letter).text
    assert "sorry" not in text
    assert "reward from Souq Nour" in text
    assert letter.get == ()


def test_what_is_not_issued_yet_has_its_foreseen_day() -> None:
    line = RemedyLine(
        remedy="refund_original",
        part=Part.owed,
        terms=RefundTerms(due_in_days=7, same_means=True),
        reason=Reason("r"),
        amount=Money(100, "EUR"),
    )
    [known] = completed([Given(line=line, settles=DueKind.price, due_on=dt.date(2026, 12, 24))], TODAY)
    [unknown] = completed([Given(line=line, settles=DueKind.price)], TODAY)
    assert (known.due_on, unknown.due_on) == (dt.date(2026, 12, 24), dt.date(2026, 11, 29))


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("tongue", TONGUES)
def test_every_state_of_a_case_has_an_answer(state: CaseState, tongue: str) -> None:
    about = occasion("INC-15", tongue)
    told_at = dt.datetime(2026, 11, 18, 9, 12, tzinfo=dt.UTC)
    letter = WRITER.status(about, given(about, picked("INC-15", "refund")), Progress(state=state, reported_at=told_at))
    assert letter.badge is not None
    assert letter.badge.label
    assert letter.get[0]
    assert letter.steps


def test_a_status_promises_a_day_for_all_that_is_to_come_and_ends_when_it_is_done() -> None:
    about = occasion("INC-01")
    moment = dt.datetime(2026, 11, 18, 9, 12, tzinfo=dt.UTC)
    things = given(about, picked("INC-01", "refund"))
    progress = Progress(state=CaseState.issued, reported_at=moment, issued_at=moment)
    open_ = WRITER.status(about, things, progress)
    assert [step.state for step in open_.steps] == ["done", "now", "next"]
    assert all(step.promised and step.stamp for step in open_.steps if step.state == "next")
    assert open_.late
    assert "$89.00" in plain(open_.get[0])
    done = [msgspec.structs.replace(each, done=True) for each in things]
    closed = WRITER.status(about, done, msgspec.structs.replace(progress, state=CaseState.closed))
    assert {step.state for step in closed.steps} == {"done"}
    assert closed.late == ()


def test_a_letter_survives_storage() -> None:
    letter = bringing("INC-14", "credit")
    assert msgspec.json.decode(msgspec.json.encode(letter), type=Letter) == letter


@settings(max_examples=60, deadline=None)
@forall(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(TONGUES))
def test_whatever_people_write_stays_words(name: str, item: str, number: str, tongue: str) -> None:
    inert(tongue, name, item, number)


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("attack", [*ATTACKS, "{order}", "{heading}", "{reported}"])
def test_a_known_attack_stays_words_in_every_field(attack: str, tongue: str) -> None:
    text = inert(tongue, attack, attack, attack)
    if attack.startswith("{"):
        assert text.count(attack) >= 6, "braces in a name are letters: nothing fills them"


def inert(tongue: str, name: str, item: str, number: str) -> str:
    """A mail to somebody who wrote these; returns its text once nothing in it turned out to be alive."""
    about = msgspec.structs.replace(
        occasion("INC-01", tongue), name=name, item=item, order_number=number, salutation=name, case_number=number
    )
    letter = WRITER.offers(about, decision("INC-01").offers, LINK, TODAY)
    written = mail(ENV, letter)
    assert not re.search(r"[\r\n\0]", written.subject)
    assert not re.search("[\u202a-\u202e\u200f\0]", written.html + written.text)
    assert "<script" not in written.html
    assert "Bcc:" not in [line[:4] for line in written.text.splitlines()]
    assert written.html.count("<h1") == 1
    for tag in ("bdi", "p", "table", "td", "div", "style"):
        assert len(re.findall(rf"<{tag}\b", written.html)) == written.html.count(f"</{tag}>"), tag
    return words_of(written.text)


@forall(st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), max_size=4))
def test_the_bar_shows_the_solid_part_of_its_sum(parts: list[tuple[int, bool]]) -> None:
    made_of = Sum(tuple(Share("", Money(amount, "EUR"), solid) for amount, solid in parts))
    whole = sum(amount for amount, _ in parts)
    shown = float(made_of.solid.rstrip("%"))
    assert 0 <= shown <= 100
    if whole:
        assert shown == pytest.approx(100 * sum(amount for amount, solid in parts if solid) / whole, abs=0.01)


def test_a_code_is_read_in_fours() -> None:
    assert in_fours("SN7K-4QM8 XRPD3HWT") == ("SN7K", "4QM8", "XRPD", "3HWT")


def test_store_credit_is_ones_own_and_a_gift_card_may_be_given_away() -> None:
    def card(key: str) -> Card:
        return bringing("INC-09", key).cards[0]

    assert not card("credit").giveable
    assert card("gift_card").giveable
