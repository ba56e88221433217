"""A policy over HTTP: written, checked, compared in words, and published by a second person."""

import asyncpg

from compensation.merchants.demo import Demo
from tests.cases.test_rest import Api, api, demo
from tests.catalog.pen import DEFECT, VERSION, earning, named, text

__all__ = ["api", "demo"]


async def test_from_a_text_to_a_decision(api: Api, demo: Demo, owner: asyncpg.Connection) -> None:
    lead = {"agent": await owner.fetchval("SELECT id FROM agents WHERE role = 'lead'")}
    bad = {"text": text((f"version = {VERSION}", "version = "))}
    assert (await api.post("/policies/validate", bad))["line"] == 8
    right = await api.post("/policies/validate", {"text": text()})
    assert (right["valid"], right["line"], right["reason"]) == (True, None, None)
    refused = await api.post("/policies", bad, status=400)
    assert (refused["code"], refused["line"]) == ("bad_document", 8)

    first = await api.post("/policies", {"text": text(earning(20)), "note": "Kinder"}, status=201)
    assert (first["code"], first["version"], first["state"]) == ("default", VERSION + 1, "draft")
    assert f"version = {VERSION + 1}\n" in (await api.get(f"/policies/{first['id']}"))["text"]
    assert (await api.get(f"/policies/{first['id']}/diff", status=404))["code"] == "no_version_before"
    assert (await api.post(f"/policies/{first['id']}/publish", {}, status=403))["code"] == "person_needed"
    assert (await api.post(f"/policies/{first['id']}/shadow", {}))["state"] == "shadow"
    assert (await api.post(f"/policies/{first['id']}/unshadow", {}))["state"] == "draft"
    assert (await api.post(f"/policies/{first['id']}/publish", lead))["state"] == "published"
    assert (await api.post("/assessments", {k: v for k, v in DEFECT.items() if k != "customer"}))["goodwill"] == {
        "amount": 2_000,
        "currency": "EUR",
    }

    second = await api.post("/policies", {"text": text(earning(20), ("per_unit = 100", "per_unit = 90"))}, status=201)
    told = await api.get(f"/policies/{second['id']}/diff", locale="bg")
    assert [one["path"] for one in told["changes"]] == ["points.per_unit", "version"]
    assert (told["older"], told["newer"]) == (named(1), named(2))
    assert len(told["words"]) == 1
    assert "90" in told["words"][0]
    assert "точк" in told["words"][0]
    drafts = (await api.client.get("/v1/policies", params={"status": "draft"})).json()
    assert [one["id"] for one in drafts["items"]] == [second["id"]]
    page = await api.get("/policies", limit=1)
    assert [one["id"] for one in page["items"]] == [second["id"]]
    assert [one["id"] for one in (await api.get("/policies", cursor=page["next"]))["items"]] == [first["id"]]
    again = await api.post(f"/policies/{first['id']}/roll-back", lead)
    assert (again["version"], again["anew_of"], again["state"]) == (VERSION + 3, first["id"], "published")
    assert (await api.post(f"/policies/{again['id']}/retire", lead))["state"] == "retired"
