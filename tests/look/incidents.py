"""The sixteen incidents as letters: decided by the shipped engine and policy, on one fixed day."""

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from compensation.delivery.compose import Writer
from compensation.delivery.given import Given, foreseen
from compensation.delivery.letter import Letter
from compensation.delivery.occasion import Occasion, cited
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.document import decode
from compensation.engine.law import Law, LegalPack
from compensation.engine.plan import Decision, History, Limits, Offer
from compensation.engine.policy import load_policy
from compensation.engine.remedy import RemedyBook, Shelf
from compensation.engine.report import Report
from compensation.engine.taxonomy import HarmBook, Taxonomy
from compensation.merchants.brand import Brand, checked

CATALOG = Path(__file__).parents[2] / "catalog"
TODAY = dt.date(2026, 11, 22)
WRITER = Writer()
LINK = "https://gifts.souqnour.example/g/dem0-7Q2M"

BRAND = checked(
    Brand(
        id="brd_1",
        merchant_id="mer_1",
        name={"en": "Souq Nour", "ar": "سوق نور", "bg": "Souq Nour"},
        legal_line={
            "en": "Souq Nour Ltd, 14 Harbour Street, Dublin",
            "ar": "شركة سوق نور، شارع سالم المبارك، السالمية، الكويت",
            "bg": "Сук Нур ЕООД, ул. „Шишман“ 8, София",
        },
        signatory={"en": "Mira Stoyanova", "ar": "هدى المطيري", "bg": "Ивайло Димитров"},
        site="souqnour.example",
        sender="care@souqnour.example",
        phone={"en": "+353 1 555 0142", "ar": "+965 2220 5501", "bg": "+359 2 555 0142"},
        hours={
            "en": "every day 9:00 to 20:00",
            "ar": "كل يوم من 9:00 إلى 20:00",
            "bg": "всеки ден от 9:00 до 20:00 ч.",
        },
        colour="#5b2a6e",
    )
)


@cache
def incidents() -> dict[str, dict[str, Any]]:
    told = json.loads((CATALOG / "samples" / "incidents.json").read_text())["incidents"]
    return {each["id"]: each for each in told}


@cache
def decision(incident: str) -> Decision:
    taxonomy, law, shelf = _catalogue()
    policy = load_policy((CATALOG / "policies" / "default.toml").read_bytes(), "default.toml", taxonomy, shelf)
    report = msgspec.convert(incidents()[incident]["report"], Report)
    return decide(assess(report, taxonomy, law, TODAY), policy, law, Limits(), History(), shelf, incident)


def occasion(incident: str, locale: str | None = None) -> Occasion:
    found = decision(incident).assessment
    order = found.report.order
    return Occasion(
        brand=BRAND,
        locale=locale or found.report.locale,
        on=TODAY,
        reported_on=dt.date(2026, 11, 18),
        reason_code=found.report.reason_code,
        order_number=order.number if order else None,
        case_number="C-20931",
        item=order.item if order else None,
        name=incidents()[incident]["customer"],
        dues=found.dues,
        citations=cited(found.obligations),
    )


def asking(incident: str, locale: str | None = None) -> Letter:
    """The letter with every offer of the incident."""
    return WRITER.offers(occasion(incident, locale), decision(incident).offers, LINK, dt.date(2026, 12, 22))


def bringing(incident: str, key: str | None = None, locale: str | None = None) -> Letter:
    """The letter of one offer of the incident, issued today; the first one where none is named."""
    about = occasion(incident, locale)
    return WRITER.remedy(about, given(about, picked(incident, key)), LINK)


def disagreed(incident: str, locale: str | None = None, *, more: bool = False) -> Letter:
    """The answer to a customer who disagreed."""
    reason = "We read the report of the repairer again.\nThe fault was ours."
    return WRITER.dispute(occasion(incident, locale), reason, LINK, more=more)


def picked(incident: str, key: str | None) -> Offer:
    made = decision(incident)
    found = made.offer(key) if key else made.offers[0]
    assert found is not None, f"{incident} has no offer {key}: {[each.key for each in made.offers]}"
    return found


def given(about: Occasion, offer: Offer) -> list[Given]:
    return [foreseen(line, about.settles(line.settles), TODAY) for line in offer.lines]


@cache
def _catalogue() -> tuple[Taxonomy, Law, Shelf]:
    taxonomy = Taxonomy(decode((CATALOG / "harms.toml").read_bytes(), HarmBook, "harms.toml"))
    packs = [decode(path.read_bytes(), LegalPack, path.name) for path in sorted((CATALOG / "legal").glob("*.toml"))]
    shelf = Shelf(decode((CATALOG / "remedies.toml").read_bytes(), RemedyBook, "remedies.toml"))
    return taxonomy, Law(tuple(packs)), shelf
