"""Reasons and notes that are longer than is kept: the form says by how much, and nothing that was typed is lost."""

from tests.console.shop import KEPT_PREPAYMENT, Seat, Shop, hidden, text

LONG = "причина " * 300
"""2,399 characters once the last space is off."""


async def test_no_form_cuts_what_was_typed(shop: Shop, mira: Seat, omar: Seat) -> None:
    costs = [{"type": "travel", "amount": {"amount": 900, "currency": "EUR"}}]
    case = await shop.report(KEPT_PREPAYMENT, cost_lines=costs)
    here = f"/console/cases/{case.id}"
    events = await shop.count("case_events")
    shown = await mira.see(f"{here}/inspect")
    ticks = dict.fromkeys(_radios(shown), "yes") | {"grade": "A", "disposition": "restock"}
    for path, field, typed in (
        ("cancel", "reason", {}),
        ("costs", "reason", {"line.1": "yes"}),
        ("inspect", "note", ticks),
        ("words", "note", {}),
        ("disagree", "words", {}),
    ):
        page = await mira.see(f"{here}/{path}")
        again = await mira.client.post(f"{here}/{path}", data=hidden(page, f"{here}/{path}") | typed | {field: LONG})
        assert again.status_code == 422, path
        assert "Make it 399 characters shorter" in text(again.text), path
        assert LONG.strip() in again.text, path
    assert await shop.count("case_events") == events
    other = next(one.key for one in case.offers[1:] if one.consent is None)
    page = await mira.see(f"{here}/choose?offer={other}")
    fields = hidden(page, f"{here}/choose") | {"why": "other", "words": LONG}
    again = await mira.client.post(f"{here}/choose", data=fields)
    assert "Make it 399 characters shorter" in text(again.text)
    assert (await shop.file(case.id)).state == "offered"
    page = await omar.see("/console/policies/new")
    kept = await omar.client.post("/console/policies/new", data=hidden(page, "/console/policies/new") | {"note": LONG})
    assert (kept.status_code, "Make it 399 characters shorter" in text(kept.text)) == (422, True)
    assert LONG.strip() in kept.text
    assert await shop.count("policies") == 0


def _radios(page: str) -> set[str]:
    """The names of the items of a checklist."""
    return {"item." + part.split('"')[0] for part in page.split('name="item.')[1:]}
