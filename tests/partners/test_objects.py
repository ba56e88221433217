"""The object store: the same files by the same names in a folder and in a service that speaks S3."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from compensation.core.errors import Invalid, Unavailable
from compensation.partners.objects import Objects
from tests.partners.s3 import Bucket, s3


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    with s3() as (address, seen):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield seen


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return Objects("", tmp_path / "new")
    request.getfixturevalue("bucket")
    return Objects("s3://shop/compensation", tmp_path)


async def names(store: Objects, prefix: str) -> list[str]:
    return sorted([found.name async for portion in store.names(prefix) for found in portion])


async def test_files_are_kept_found_listed_and_removed(store: Objects) -> None:
    assert await store.get("evidence/a/1") is None
    await store.put("evidence/a/1", b"one")
    await store.put("evidence/a/1", b"two")
    await store.put("evidence/ab/1", b"another's")
    assert await store.get("evidence/a/1") == b"two"
    assert await names(store, "evidence/a") == ["evidence/a/1"]
    await store.delete(["evidence/a/1", "evidence/a/never"])
    assert await store.get("evidence/a/1") is None
    assert await names(store, "evidence/a") == []
    assert await names(store, "evidence/ab") == ["evidence/ab/1"]


async def test_a_service_is_asked_by_signed_requests_under_the_prefix(bucket: type[Bucket], tmp_path: Path) -> None:
    await Objects("s3://shop/compensation", tmp_path).put("evidence/a/1", b"one")
    assert list(bucket.files) == ["compensation/evidence/a/1"]
    assert all(bucket.signed)


async def test_a_store_that_is_away_is_told_as_that(tmp_path: Path) -> None:
    barred = tmp_path / "file"
    barred.write_text("no folder")
    with pytest.raises(Unavailable):
        await Objects("", barred / "below").put("evidence/a/1", b"one")


def test_an_address_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Objects("ftp://elsewhere", tmp_path)
