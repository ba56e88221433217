"""What is owed: by what harm and rule, how much, and never twice."""

import datetime

import msgspec
import pytest

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.assess import Assessment, assess
from compensation.engine.report import CostLine, Report
from compensation.engine.taxonomy import DueKind
from tests.engine.bench import Bench, report


def assessed(bench: Bench, told: Report) -> Assessment:
    return assess(told, bench.books.taxonomy, bench.books.law, bench.today)


def dues(bench: Bench, told: Report) -> dict[DueKind, int]:
    found: dict[DueKind, int] = {}
    for due in assessed(bench, told).dues:
        found[due.kind] = found.get(due.kind, 0) + due.amount.amount
    return found


def test_a_cost_that_two_families_claim_is_owed_once(bench: Bench) -> None:
    told = report(
        "material.defective_product high",
        "financial.additional_costs high",
        facts={"keeps_goods": True},
        costs=[("repair", 6_000)],
    )
    assert dues(bench, told)[DueKind.costs] == 6_000
    decision = bench.decide(told)
    shares = {share.type: share for share in decision.shares}
    assert shares["financial.additional_costs"].owed == Money(6_000, "EUR")
    assert shares["material.defective_product"].reason.code == "share.counted_elsewhere"
    assert "facts.counted_once" in [line.reason.code for line in decision.trace]


def test_what_a_financial_harm_shares_is_told_under_it(bench: Bench) -> None:
    told = report(
        "emotional.loss_of_trust high",
        "financial.direct_financial_loss high",
        facts={"promised_credit": {"amount": 5_000, "currency": "EUR"}},
    )
    shares = {share.type: share.owed.amount for share in bench.decide(told).shares}
    assert shares == {"emotional.loss_of_trust": 0, "financial.direct_financial_loss": 5_000}


def test_the_same_receipt_twice_is_one_cost_and_two_tickets_are_two(bench: Bench) -> None:
    told = report("financial.additional_costs low")
    ticket = CostLine(type="travel", amount=Money(500, "EUR"), accepted=True)
    receipt = CostLine(type="travel", amount=Money(500, "EUR"), accepted=True, reference="R-1")
    tickets = msgspec.structs.replace(told, cost_lines=(ticket, ticket))
    receipts = msgspec.structs.replace(told, cost_lines=(receipt, receipt))
    assert dues(bench, tickets)[DueKind.costs] == 1_000
    assert dues(bench, receipts)[DueKind.costs] == 500


def test_a_cost_that_was_not_accepted_is_not_owed(bench: Bench) -> None:
    told = report("financial.additional_costs low")
    claimed = CostLine(type="travel", amount=Money(500, "EUR"))
    assert dues(bench, msgspec.structs.replace(told, cost_lines=(claimed,))) == {}


def test_what_was_refunded_already_is_not_owed_again(bench: Bench) -> None:
    told = report(
        "material.defective_product low",
        facts={"wants": "refund"},
        order={"already_refunded": Money(4_000, "EUR")},
    )
    assert dues(bench, told) == {DueKind.price: 6_000}


def test_the_same_harm_told_twice_counts_once_at_its_worst(bench: Bench) -> None:
    told = report("material.delivery_delay low", "material.delivery_delay critical", "material.delivery_delay medium")
    [harm] = assessed(bench, told).harms
    assert harm.severity == "critical"


@pytest.mark.parametrize(
    ("country", "harm", "facts", "rule"),
    [
        ("US", "material.delivery_delay", {"not_shipped": True}, "US-435"),
        ("US", "material.delivery_delay", {"not_shipped": True, "agreed_to_delay": True}, None),
        ("SA", "material.delivery_delay", {"days_late": 16}, "KSA-EC14"),
        ("SA", "material.delivery_delay", {"days_late": 15}, None),
        ("BG", "financial.additional_costs", {"within_withdrawal_window": True}, "BG-ZZP50"),
        ("RO", "financial.additional_costs", {"within_withdrawal_window": True}, "EU-CRD13"),
        ("JP", "financial.additional_costs", {"within_withdrawal_window": True}, None),
        ("FR", "material.defective_product", {}, "FR-L217-9"),
        ("IT", "material.defective_product", {}, "EU-SGD"),
        ("FR", "material.defective_product", {"within_withdrawal_window": True}, "FR-L221-24"),
        ("FR", "material.defective_product", {"within_withdrawal_window": True, "wants": "repair"}, "FR-L217-9"),
        ("DE", "material.defective_product", {"within_withdrawal_window": True}, "DE-355"),
        ("DE", "material.defective_product", {}, "DE-439"),
        ("AE", "material.defective_product", {}, "AE-CP10"),
        ("AE", "material.unsatisfactory_service", {"repairable": True}, "AE-CP-SERVICE"),
        ("KW", "financial.additional_costs", {"within_withdrawal_window": True}, "KW-24-1"),
        ("KW", "material.defective_product", {}, "KW-24-2"),
        ("QA", "material.defective_product", {}, "QA-CP5"),
        ("QA", "material.unsatisfactory_service", {"repairable": True}, "QA-CP11"),
        ("JO", "material.defective_product", {}, "JO-CP-DEFECT"),
        ("EG", "material.defective_product", {}, "EG-21"),
        ("EG", "material.unsatisfactory_service", {"repairable": True}, "EG-25"),
        ("EG", "material.delivery_delay", {"days_late": 31}, "EG-LATE"),
        ("EG", "material.delivery_delay", {"days_late": 30}, None),
        ("SA", "financial.additional_costs", {"within_withdrawal_window": True}, "KSA-EC13"),
        ("CA", "material.defective_product", {}, None),
        ("GB", "material.unsatisfactory_service", {"repairable": True}, "UK-CRA"),
        ("GB", "material.defective_product", {}, "UK-CRA24"),
        ("DE", "emotional.loss_of_trust", {"cancelled_by_merchant": True, "prepaid_unreturned": True}, "EU-PREPAY"),
        ("AU", "financial.direct_financial_loss", {"duplicate_charge": True}, "GEN-DUP"),
    ],
)
def test_which_rule_applies(bench: Bench, country: str, harm: str, facts: dict[str, object], rule: str | None) -> None:
    told = report(f"{harm} medium", country=country, facts=facts)
    assert [obligation.code for obligation in assessed(bench, told).obligations] == ([rule] if rule else [])


def test_a_cancelled_flight_is_repaid_and_a_voucher_takes_a_signature(bench: Bench) -> None:
    told = report(
        "material.delivery_delay high",
        country="IE",
        facts={"cancelled_by_merchant": True},
        order={"category": "flight"},
    )
    credit = bench.decide(told).offer("credit")
    assert credit is not None
    assert credit.consent is not None
    assert (credit.consent.form, credit.consent.rule) == ("signed", "EU-261")


def test_a_rule_is_asked_only_while_it_is_in_force(bench: Bench) -> None:
    told = report("material.defective_product high", country="FR")
    before = assess(told, bench.books.taxonomy, bench.books.law, datetime.date(2021, 12, 31))
    after = assess(told, bench.books.taxonomy, bench.books.law, datetime.date(2022, 1, 1))
    assert [obligation.code for obligation in before.obligations] == []
    assert [obligation.code for obligation in after.obligations] == ["FR-L217-9"]


def test_when_repair_failed_the_money_is_owed(bench: Bench) -> None:
    told = report("material.defective_product high", country="FR", facts={"repairable": True, "repair_failed": True})
    assert dues(bench, told) == {DueKind.price: 10_000}


def test_a_service_that_cannot_be_done_again_is_cheaper(bench: Bench) -> None:
    told = report("material.unsatisfactory_service medium", facts={"repairable": False})
    assert dues(bench, told) == {DueKind.reduction: 5_000}
    assert bench.decide(told).offers[0].lines[0].remedy == "partial_refund"


def test_a_service_that_was_worth_nothing_is_refunded_in_full(bench: Bench) -> None:
    told = report("material.unsatisfactory_service critical", facts={"repairable": False})
    assert bench.decide(told).offers[0].lines[0].remedy == "refund_original"


def test_one_more_harm_takes_nothing_away_from_what_is_owed(bench: Bench) -> None:
    # A prepayment that was kept is owed, though the law of the place answers a poor service with a part of the price.
    kept, poor = "financial.direct_financial_loss low", "material.unsatisfactory_service low"
    facts = {"prepaid_unreturned": True}
    assert bench.decide(report(kept, country="QA", facts=facts)).owed == Money(10_000, "EUR")
    both = bench.decide(report(kept, poor, country="QA", facts=facts)).assessment.dues
    assert [(due.kind, due.amount, due.harms) for due in both] == [
        (DueKind.price, Money(10_000, "EUR"), ("financial.direct_financial_loss",))
    ]
    # Goods that stay with the customer lost more than the service that came with them, whichever is told first.
    broken = "material.defective_product critical"
    facts = {"keeps_goods": True}
    alone = bench.decide(report(broken, facts=facts)).owed
    assert bench.decide(report(broken, poor, facts=facts)).owed == alone
    assert bench.decide(report(poor, broken, facts=facts)).owed == alone


def test_days_late_are_counted_from_the_promise_to_the_delivery_or_to_today(bench: Bench) -> None:
    promised = bench.today - datetime.timedelta(days=10)
    came = report(
        "material.delivery_delay low",
        order={"promised_on": promised, "delivered_on": promised + datetime.timedelta(days=4)},
    )
    waiting = report("material.delivery_delay low", order={"promised_on": promised})
    early = report("material.delivery_delay low", order={"promised_on": bench.today, "delivered_on": promised})
    assert [assessed(bench, told).circumstances.days_late for told in (came, waiting, early)] == [4, 10, 0]


def test_an_unknown_harm_is_told_what_there_is(bench: Bench) -> None:
    with pytest.raises(Invalid, match="Allowed: emotional") as refused:
        assessed(bench, report("material.bad_weather low"))
    assert refused.value.code == "unknown_harm"
    assert "material.delivery_delay" in refused.value.extra["allowed"]


def test_an_unknown_type_of_cost_is_told_what_there_is(bench: Bench) -> None:
    with pytest.raises(Invalid, match="bank_charge") as refused:
        assessed(bench, report("financial.additional_costs low", costs=[("champagne", 1)]))
    assert refused.value.code == "unknown_cost_type"


def test_a_defect_needs_its_order(bench: Bench) -> None:
    told = report("material.defective_product low")
    without = msgspec.structs.replace(told, order=None, currency="EUR")
    with pytest.raises(Invalid) as refused:
        assessed(bench, without)
    assert refused.value.code == "order_needed"


def test_hurt_feelings_need_none(bench: Bench) -> None:
    told = msgspec.structs.replace(report("emotional.loss_of_trust high"), order=None, currency="EUR")
    decision = bench.decide(told)
    assert decision.owed == Money(0, "EUR")
    assert decision.offers
