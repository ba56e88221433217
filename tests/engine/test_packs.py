"""The legal packs: each provision says where it stands and how far it was read, and each has its effect on a case."""

import datetime
from pathlib import Path

import msgspec
import pytest

from compensation.catalog.legal import flaws, overdue
from compensation.catalog.library import Library
from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.document import decode
from compensation.engine.law import Law
from compensation.engine.plan import Offer, Part
from compensation.engine.provision import LegalPack
from compensation.engine.receipt import Books
from compensation.engine.terms import CardTerms, CreditTerms
from tests.engine.bench import Bench, report
from tests.engine.conftest import CATALOG, TODAY

SHELF = ("harms.toml", "remedies.toml", "reasons.toml", "inspection.toml", "products.toml")
PACKS = sorted((CATALOG / "legal").glob("*.toml"))
UNION = {"eu", "de", "fr", "bg", "ie"}
PROMISED = UNION | {"general", "us", "us-ca", "gb", "sa", "ae", "kw", "qa", "jo", "eg", "ca", "au"}


def read(path: Path) -> LegalPack:
    return decode(path.read_bytes(), LegalPack, path.name)


def test_every_promised_jurisdiction_has_its_pack(books: Books) -> None:
    assert {pack.code for pack in books.law.packs} == PROMISED


@pytest.mark.parametrize("path", PACKS, ids=[path.stem for path in PACKS])
def test_a_pack_has_no_flaw(books: Books, path: Path) -> None:
    assert list(flaws(read(path), books.shelf)) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('harms = ["material.defective_product"]', 'harms = ["material.bad_luck"]', "no harm 'material.bad_luck'"),
        ('"prepaid_card", "loyalty_points"', '"prepaid_card", "apology"', "'apology' is no remedy"),
        ("review_by = 2027-06-01", "review_by = 2026-01-01", "review is due after the date of the pack"),
        ("effective_from = 2022-01-01", "effective_from = 2022-01-01\neffective_until = 2021-01-01", "cannot end"),
        ("read_on = 2026-11-22", "", "say when the text was read"),
        ("read_on = 2026-11-22", "read_on = 2026-11-23", "say when the text was read"),
        ('source = "http://data.europa.eu/eli/dir/2011/83/oj"\n', "", "name the address"),
        ('source = "http://data.europa.eu', 'source = "javascript:', "regex"),
        ('facts = ["within_withdrawal_window"]', 'facts = ["in_a_bad_mood"]', "not a fact"),
    ],
)
def test_a_pack_that_says_something_wrong_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    for name in (*SHELF, "policies/default.toml", "legal/eu.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((CATALOG / name).read_bytes())
    pack = tmp_path / "legal/eu.toml"
    assert old in pack.read_text()
    pack.write_text(pack.read_text().replace(old, new, 1))
    with pytest.raises(Invalid) as refused:
        Library(tmp_path)
    assert reason in refused.value.detail
    assert "eu.toml, line " in refused.value.detail


def test_a_national_form_may_add_to_what_it_carries_out_and_never_take_away(books: Books) -> None:
    packs = {pack.code: pack for pack in books.law.packs}
    (first, *others) = packs["fr"].rule
    for weaker in ({"deadline_days": 30}, {"deadline_days": None}, {"same_means": False}, {"refuses": ()}):
        rule = msgspec.structs.replace(first, **weaker)
        packs["fr"] = msgspec.structs.replace(packs["fr"], rule=(rule, *others))
        with pytest.raises(ValueError, match="FR-L221-24 carries out EU-CRD13"):
            Law(tuple(packs.values()))
    packs["fr"] = msgspec.structs.replace(packs["fr"], rule=(msgspec.structs.replace(first, deadline_days=7), *others))
    assert Law(tuple(packs.values()))


def test_the_same_right_is_told_once_by_the_law_of_the_country(books: Books) -> None:
    for country in ("DE", "FR", "BG"):
        codes = [ready.rule.code for ready in books.law.rules(country, TODAY)]
        assert "EU-CRD13" not in codes
        assert "EU-SGD" not in codes
        assert "EU-261" in codes
    assert "EU-CRD13" in [ready.rule.code for ready in books.law.rules("RO", TODAY)]


def test_a_review_that_is_past_its_day_is_named(books: Books) -> None:
    assert overdue(books.law, datetime.date(2027, 6, 1)) == ()
    late = overdue(books.law, datetime.date(2027, 6, 2))
    assert {one.code for one in late} == {one.code for pack in books.law.packs for one in pack.provisions}


def credit_of(bench: Bench, country: str, region: str | None, currency: str, paid: int = 10_000) -> Offer:
    """The offer of store credit in the place of money, in a country where no rule forbids it."""
    more = {"region": region} if region else {}
    told = report("financial.direct_financial_loss high", country=country, currency=currency, paid=paid,
                  facts={"cancelled_by_merchant": True}, **more)  # fmt: skip
    offer = bench.decide(told).offer("credit")
    assert offer is not None
    assert offer.consent is not None
    return offer


def owed_terms(offer: Offer) -> CreditTerms:
    terms = next(line.terms for line in offer.lines if line.part is Part.owed)
    assert isinstance(terms, CreditTerms)
    return terms


@pytest.mark.parametrize(
    ("country", "region", "currency", "months", "cash_out"),
    [
        ("US", None, "USD", 60, None),
        ("US", "NY", "USD", 60, None),
        ("US", "CA", "USD", None, Money(1_499, "USD")),
        ("US", "CA", "EUR", None, None),
        ("CA", None, "CAD", 36, None),
        ("CA", "ON", "CAD", None, None),
        ("CA", "QC", "CAD", None, Money(500, "CAD")),
        ("IE", None, "EUR", 60, None),
        ("AU", None, "AUD", 36, None),
        ("JP", None, "JPY", 36, None),
    ],
)
def test_value_in_the_place_of_money_lasts_as_long_as_the_law_says_and_its_rest_is_paid_out(
    bench: Bench, country: str, region: str | None, currency: str, months: int | None, cash_out: Money | None
) -> None:
    terms = owed_terms(credit_of(bench, country, region, currency))
    assert terms.valid_months == months
    assert (terms.cash_out or None) == cash_out


def test_goodwill_keeps_the_validity_of_the_policy_and_carries_the_texts_of_the_law(bench: Bench) -> None:
    told = report(
        "emotional.frustration_resentment high", country="US", region="CA", currency="USD", customer_tier="gold"
    )
    card = bench.decide(told).offer("gift_card")
    assert card is not None
    terms = next(line.terms for line in card.lines if line.remedy == "digital_gift_card")
    assert isinstance(terms, CardTerms)
    assert (terms.valid_months, terms.cash_out or None) == (36, None)
    assert terms.notices == ("US-PROMO", "US-CA-PROMO")


def test_the_reasons_for_it_stand_in_the_trace(bench: Bench) -> None:
    told = report(
        "financial.direct_financial_loss high",
        country="CA",
        region="QC",
        currency="CAD",
        facts={"cancelled_by_merchant": True},
    )
    trace = {line.rule: line.reason.code for line in bench.decide(told).trace}
    assert trace["CA-QC-EXPIRY"] == "law.no_expiry"
    assert trace["CA-QC-CASH"] == "law.cash_out"


def test_a_repair_is_due_by_the_deadline_of_its_rule(books: Books) -> None:
    """No pack sets one for a deed today; where one does, it binds like any other."""
    packs = {pack.code: pack for pack in books.law.packs}
    (rule,) = packs["jo"].rule
    packs["jo"] = msgspec.structs.replace(packs["jo"], rule=(msgspec.structs.replace(rule, deadline_days=3),))
    bench = Bench(msgspec.structs.replace(books, law=Law(tuple(packs.values()))), TODAY)
    repair = bench.decide(report("material.defective_product low", country="JO", facts={"repairable": True})).offers[0]
    assert repair.key == "repair"
    assert msgspec.to_builtins(repair.lines[0].terms)["due_in_days"] == 3
