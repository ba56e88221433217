"""A report is right when it is let in: bounded, in one currency, and with nothing in it that we do not know."""

import json
from typing import Any

import msgspec
import pytest

from compensation.core.errors import Invalid
from compensation.engine.report import Report

GOOD: dict[str, Any] = {
    "harms": [{"type": "material.defective_product", "severity": "high"}],
    "country": "BG",
    "locale": "bg",
    "reason_code": "defect",
    "order": {"number": "SN-1", "amount": {"amount": 10_000, "currency": "EUR"}},
    "cost_lines": [{"type": "repair", "amount": {"amount": 500, "currency": "EUR"}, "accepted": True}],
    "words": "Три клавиша не работят.",
}


def let_in(**changes: Any) -> Report:
    return msgspec.json.decode(json.dumps(GOOD | changes).encode(), type=Report)


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def test_a_good_report_is_let_in_and_comes_back_the_same() -> None:
    report = let_in()
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    assert report.money == "EUR"


@pytest.mark.parametrize(
    "changes",
    [
        {"harms": []},
        {"harms": [{"type": "material.defective_product", "severity": "awful"}]},
        {"harms": [{"type": "material.defective_product"}]},
        {"harms": GOOD["harms"] * 17},
        {"country": "Bulgaria"},
        {"country": "bg"},
        {"locale": "bulgarian"},
        {"reason_code": "DROP TABLE"},
        {"order": {"number": "", "amount": money(1)}},
        {"order": {"number": "a\u0000b", "amount": money(1)}},
        {"order": {"number": "SN-1", "amount": money(1), "colour": "red"}},
        {"order": {"number": "SN-1", "amount": {"amount": 1.5, "currency": "EUR"}}},
        {"order": {"number": "SN-1", "amount": {"amount": "100", "currency": "EUR"}}},
        {"words": "x" * 8_001},
        {"words": "a\u0000b"},
        {"cost_lines": GOOD["cost_lines"] * 51},
        {"facts": {"days_late": -1}},
        {"facts": {"days_late": 3_651}},
        {"facts": {"wants": "revenge"}},
        {"facts": {"age": 70}},
        {"surprise": True},
    ],
)
def test_what_is_out_of_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        let_in(**changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"order": {"number": "SN-1", "amount": money(0)}}, "invalid_amount"),
        ({"order": {"number": "SN-1", "amount": money(-1)}}, "invalid_amount"),
        ({"order": {"number": "SN-1", "amount": money(10**30)}}, "invalid_amount"),
        ({"order": {"number": "SN-1", "amount": money(10_000, "USD")}}, "currency_mismatch"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"facts": {"promised_credit": money(1, "KWD")}}, "currency_mismatch"),
        ({"facts": {"duplicate_amount": money(0)}}, "invalid_amount"),
        ({"order": None, "cost_lines": []}, "currency_needed"),
        ({"order": None, "cost_lines": [], "currency": "XXX"}, "unknown_currency"),
        ({"order": {"number": "SN-1", "amount": money(1, "POINTS")}, "cost_lines": []}, "unknown_currency"),
        ({"order": {"number": "SN-1", "amount": money(1, "EURO")}}, "unknown_currency"),
    ],
)
def test_a_wrong_sum_is_refused_by_name(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        let_in(**changes)
    assert refused.value.code == code
