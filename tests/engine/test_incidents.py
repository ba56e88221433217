"""The sixteen incidents, each with what a fair and lawful decision must at least hold."""

import json

import msgspec
import pytest

from compensation.core.money import Money
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Decision, Offer, Part
from compensation.engine.report import Report
from tests.engine.bench import Bench
from tests.engine.conftest import CATALOG


class Incident(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    customer: str
    report: Report
    required: list[str]
    also_acceptable: list[str]
    forbidden_as_substitute: list[str]
    legal: str | None
    least_value: Money | None


INCIDENTS = {
    incident.id: incident
    for incident in msgspec.convert(
        json.loads((CATALOG / "samples/incidents.json").read_text())["incidents"], list[Incident]
    )
}
every_incident = pytest.mark.parametrize("incident", INCIDENTS.values(), ids=INCIDENTS.keys())


def decided(bench: Bench, name: str) -> Decision:
    return bench.decide(INCIDENTS[name].report, seed=name)


def remedies(offer: Offer) -> set[str]:
    return {line.remedy for line in offer.lines}


def test_all_sixteen_are_here() -> None:
    assert len(INCIDENTS) == 16


@every_incident
def test_one_offer_holds_every_required_remedy_and_the_least_value(bench: Bench, incident: Incident) -> None:
    decision = decided(bench, incident.id)
    least = incident.least_value.amount if incident.least_value else 0
    assert any(
        set(incident.required) <= remedies(offer) and offer.value.amount >= least and offer.consent is None
        for offer in decision.offers
    )


@every_incident
def test_a_forbidden_substitute_appears_only_where_the_rule_allows_consent(bench: Bench, incident: Incident) -> None:
    for offer in decided(bench, incident.id).offers:
        for line in offer.lines:
            if line.part is Part.owed and line.remedy in incident.forbidden_as_substitute:
                rule = bench.books.law.rule(incident.legal or "")
                assert rule is not None
                assert rule.consent is not ConsentForm.never
                assert offer.consent is not None


@every_incident
def test_the_rule_that_the_incident_names_is_the_one_that_applied(bench: Bench, incident: Incident) -> None:
    applied = [obligation.code for obligation in decided(bench, incident.id).assessment.obligations]
    assert [of_the_incident(bench, code, incident) for code in applied] == ([incident.legal] if incident.legal else [])


def of_the_incident(bench: Bench, code: str, incident: Incident) -> str:
    """The rule as the incident names it: of a directive, where the one that applied is its national form."""
    rule = bench.books.law.rule(code)
    assert rule is not None
    return incident.legal if incident.legal and incident.legal in (rule.carries_out or ()) else code


@every_incident
def test_there_is_a_choice(bench: Bench, incident: Incident) -> None:
    assert len(decided(bench, incident.id).offers) >= 2


def test_the_kettle_money_back_and_points_for_the_patience(bench: Bench) -> None:
    refund = decided(bench, "INC-01").offers[0]
    assert refund.key == "refund"
    points = next(line for line in refund.lines if line.remedy == "loyalty_points")
    assert (points.amount, points.part) == (Money(445, "USD"), Part.goodwill)


def test_the_washing_machine_is_repaired_and_the_carpet_paid(bench: Bench) -> None:
    repair = decided(bench, "INC-02").offers[0]
    assert repair.key == "repair"
    carpet = next(line for line in repair.lines if line.remedy == "cash_compensation")
    assert (carpet.amount, carpet.part) == (Money(40_000, "SAR"), Part.owed)


def test_the_laptop_is_repaired_or_replaced_before_anything_else(bench: Bench) -> None:
    decision = decided(bench, "INC-03")
    assert [offer.key for offer in decision.offers] == ["repair", "replacement", "exchange"]
    assert {refusal.rule for refusal in decision.refused} == {"BG-ZCS"}


def test_the_late_gift_is_kept_and_credit_comes_on_top(bench: Bench) -> None:
    decision = decided(bench, "INC-09")
    credit = decision.offer("credit")
    assert decision.owed == Money(0, "EUR")
    assert credit is not None
    line = credit.lines[0]
    assert (line.part, line.amount, line.bonus) == (Part.goodwill, Money(580, "EUR"), Money(58, "EUR"))
    assert credit.consent is None


def test_the_credit_promised_in_kuwait_comes_with_a_tenth_more(bench: Bench) -> None:
    credit = decided(bench, "INC-14").offers[0]
    line = credit.lines[0]
    assert (line.remedy, line.amount, line.bonus) == ("store_credit_bonus", Money(24_500, "KWD"), Money(2_450, "KWD"))
    assert credit.value == Money(26_950, "KWD")
    assert credit.consent is None


def test_the_used_phone_sold_as_new_is_refunded_and_never_repaired(bench: Bench) -> None:
    decision = decided(bench, "INC-15")
    assert decision.offers[0].key == "refund"
    assert decision.owed == Money(43_000, "EUR")
    assert not any("repair_product" in remedies(offer) for offer in decision.offers)


def test_no_fee_is_kept_from_the_order_withdrawn_in_time(bench: Bench) -> None:
    decision = decided(bench, "INC-18")
    assert decision.owed == Money(9_600, "EUR")
    assert "law.no_fee" in [line.reason.code for line in decision.trace]


def test_the_workshop_prepayment_may_become_credit_only_by_express_consent(bench: Bench) -> None:
    credit = decided(bench, "INC-19").offer("credit")
    assert credit is not None
    assert credit.consent is not None
    assert (credit.consent.form, credit.consent.rule) == (ConsentForm.express, "EU-PREPAY")
    assert credit.consent.replaces == Money(54_000, "EUR")


def test_money_taken_twice_goes_back_as_money_and_nothing_else(bench: Bench) -> None:
    decision = decided(bench, "INC-20")
    assert all("refund_original" in remedies(offer) for offer in decision.offers)
    assert {refusal.reason.code for refusal in decision.refused} == {"refused.no_substitute"}


def test_the_campaign_belongs_to_the_incident_and_the_customer_gets_his_own_remedy(bench: Bench) -> None:
    refund = decided(bench, "INC-22").offer("refund")
    assert refund is not None
    campaign = next(line for line in refund.lines if line.remedy == "corrective_campaign")
    assert msgspec.to_builtins(campaign.terms)["owner"] == "incident"
    assert refund.lines[0].amount == Money(6_000, "USD")


def test_a_rumour_is_answered_with_the_truth_and_costs_no_money(bench: Bench) -> None:
    explanation = decided(bench, "INC-23").offers[0]
    assert explanation.key == "explanation"
    assert explanation.value == Money(0, "SAR")
    assert {"honest_explanation", "corrective_campaign", "apology", "personalised_note"} <= remedies(explanation)
