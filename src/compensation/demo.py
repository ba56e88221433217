"""The shipped incidents, sent through the REST API as a merchant's system would, and a table of what became of each."""

import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from compensation.core.errors import Conflict, Unavailable
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.text import money_plain

SAMPLES = Path(__file__).resolve().parents[2] / "catalog" / "samples" / "incidents.json"
PATIENCE = 60.0
"""Seconds in which the worker must have issued and told everything."""


class Incident(msgspec.Struct, frozen=True):
    """One sample: the report, and what any good decision about it must and must not offer."""

    id: str
    customer: str
    report: dict[str, Any]
    required: tuple[str, ...]
    forbidden_as_substitute: tuple[str, ...] = ()
    least_value: Money | None = None


class Samples(msgspec.Struct, frozen=True):
    incidents: tuple[Incident, ...]


class Outcome(msgspec.Struct):
    """One line of the table."""

    incident: str
    case: dict[str, Any]
    chosen: dict[str, Any]
    faults: list[str]
    message: str = ""
    link: str = ""


def main(settings: Settings) -> int:
    """The command. Exit status 1 when an incident was not offered all it must be, or was offered what it must not."""
    with _api(settings) as api:
        run = f"demo-{time.time_ns():x}"
        outcomes = [_decide(api, incident, run) for incident in samples()]
        _watch(api, outcomes)
    for row in _table(outcomes):
        print(row)
    faults = [f"{outcome.incident}: {fault}" for outcome in outcomes for fault in outcome.faults]
    print("\n".join(faults) if faults else f"{len(outcomes)} incidents, every one offered what it must be.")
    return 1 if faults else 0


def samples() -> tuple[Incident, ...]:
    return msgspec.json.decode(SAMPLES.read_bytes(), type=Samples).incidents


def faults(incident: Incident, offers: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with these offers: a remedy that no offer holds, or a forbidden substitute without consent."""
    given = {line["remedy"] for offer in offers for line in offer["lines"]}
    wrong = [f"no offer holds {remedy}" for remedy in incident.required if remedy not in given]
    for offer in offers:
        if offer["consent"] is None:
            substitutes = {line["remedy"] for line in offer["lines"] if line["part"] == "owed"}
            wrong += [
                f"{offer['key']} puts {remedy} in place of a sum owed, without consent"
                for remedy in sorted(substitutes & set(incident.forbidden_as_substitute))
            ]
    least = incident.least_value
    if least is not None and max(offer["value"]["amount"] for offer in offers) < least.amount:
        wrong.append(f"no offer is worth {least.decimal} {least.currency}")
    return wrong


def _decide(api: httpx.Client, incident: Incident, run: str) -> Outcome:
    """Report one incident and choose the offer that holds all it requires and replaces nothing owed."""
    key = f"{run}-{incident.id}"
    case = _post(api, "/v1/cases", _body(incident, run), f"{key}-report")
    offers = case["offers"]
    whole = [
        offer
        for offer in offers
        if offer["consent"] is None and set(incident.required) <= {line["remedy"] for line in offer["lines"]}
    ]
    chosen = (whole or offers)[0]
    outcome = Outcome(incident.id, case, chosen, faults(incident, offers))
    _post(api, f"/v1/cases/{case['id']}/choose", {"offer": chosen["key"]}, f"{key}-choose")
    return outcome


def _body(incident: Incident, run: str) -> dict[str, Any]:
    """The report as a merchant's system sends it: with the customer, and a payment of the simulator's to refund."""
    report = dict(incident.report)
    if report.get("order"):
        paid = report["order"]["amount"]
        twice = 2 if report.get("facts", {}).get("duplicate_charge") else 1
        payment = f"pi_sim_{paid['amount'] * twice}_{paid['currency'].lower()}_{run}-{incident.id.lower()}"
        report["order"] = report["order"] | {"payment": payment}
    name = incident.id.lower()
    return report | {
        "customer": {"reference": f"{run}-{name}", "name": incident.customer, "email": f"{name}@demo.example"}
    }


def _watch(api: httpx.Client, outcomes: Sequence[Outcome]) -> None:
    """Wait until all are issued and told, saying how far it is."""
    limit = time.monotonic() + PATIENCE
    waiting = list(outcomes)
    while waiting and time.monotonic() < limit:
        for outcome in list(waiting):
            outcome.case = _get(api, f"/v1/cases/{outcome.case['id']}")
            outcome.message = outcome.case["delivery"] or outcome.case["state"]
            if outcome.case["state"] in ("issued", "closed") and outcome.message in ("sent", "failed", "bounced"):
                outcome.link = _link(api, outcome.case["id"])
                waiting.remove(outcome)
        done = len(outcomes) - len(waiting)
        print(f"\r{done} of {len(outcomes)} cases issued and told", end="", file=sys.stderr, flush=True)
        if waiting:
            time.sleep(0.25)
    print(file=sys.stderr)
    for outcome in waiting:
        outcome.faults.append(f"still {outcome.message} after {PATIENCE:g} s; is the worker running?")


def _link(api: httpx.Client, case_id: str) -> str:
    orders = _get(api, f"/v1/orders?case_id={case_id}")["items"]
    return _post(api, f"/v1/orders/{orders[0]['id']}/link", None, "")["link"] if orders else ""


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    head = ("incident", "case", "harms", "offers", "chosen", "value", "cost", "law", "message", "link")
    rows = [head, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)) + "  " + row[-1]


def _row(outcome: Outcome) -> tuple[str, ...]:
    case, chosen = outcome.case, outcome.chosen
    laws = sorted({obligation["code"] for obligation in case["assessment"]["obligations"]})
    return (
        outcome.incident,
        f"C-{case['number']}",
        " ".join(harm.split(".")[1] for harm in case["harms"]),
        " ".join(offer["key"] for offer in case["offers"]),
        " ".join(line["remedy"] for line in chosen["lines"] if line["terms"]["kind"] != "words") or "apology",
        _money(chosen["value"]),
        _money(chosen["cost"]),
        " ".join(laws) or "-",
        outcome.message,
        outcome.link,
    )


def _money(amount: dict[str, Any]) -> str:
    return money_plain(Money(**amount), "en")


def _api(settings: Settings) -> httpx.Client:
    """A client with the demo merchant's key. Raises Conflict when there is no demo merchant here."""
    try:
        demo = tomllib.loads((settings.data / "demo.toml").read_text(encoding="utf-8"))
    except OSError:
        raise Conflict(
            "no_demo", "There is no demo merchant here. Run scripts/up first, and leave it running."
        ) from None
    return httpx.Client(base_url=settings.base_url, headers={"Authorization": f"Bearer {demo['api_key']}"}, timeout=15)


def _post(api: httpx.Client, path: str, body: Any, key: str) -> Any:
    return _read(api, "POST", path, json=body, headers={"Idempotency-Key": key} if key else {})


def _get(api: httpx.Client, path: str) -> Any:
    return _read(api, "GET", path)


def _read(api: httpx.Client, method: str, path: str, **more: Any) -> Any:
    try:
        answer = api.request(method, path, **more)
    except httpx.TransportError:
        raise Unavailable("nobody_answers", f"Nobody answers at {api.base_url}. Is scripts/up running?") from None
    if answer.is_error:
        raise Conflict("refused", f"{method} {path}: {answer.json().get('detail', answer.text)}")
    return answer.json()
