"""The S3 store against a real S3 server."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.object_server import BUCKET, ObjectServer

from parley.sealing.api import AgeReader, generate_identity, seal_bytes
from parley.storage.api import (
    ObjectHead,
    ObjectNotFoundError,
    ObjectStore,
    StoreAddressError,
    StoreUnavailableError,
    clear_abandoned,
    open_store,
)


@pytest.fixture(scope="module")
def store(object_server: ObjectServer) -> ObjectStore:
    return open_store(object_server.url("cell-1"))


def test_an_object_comes_back_by_range(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(20_000_000)
    path = tmp_path / "part"
    path.write_bytes(data)
    stored = store.put("a/1", path)
    assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert store.sha256("a/1") == stored.sha256
    assert store.head("a/1") == ObjectHead(key="a/1", size=len(data))
    assert store.get_range("a/1", 1_000_000, 1_000_010) == data[1_000_000:1_000_010]
    assert store.get_range("a/1", len(data) - 5, len(data) + 5) == data[-5:]
    assert store.get_range("a/1", len(data), len(data) + 5) == b""
    with store.open("a/1") as file:
        assert file.read() == data
        file.seek(-7, 2)
        assert file.read(100) == data[-7:]


def test_a_sealed_object_is_read_by_range(store: ObjectStore) -> None:
    identity = generate_identity()
    data = os.urandom(1_000_000)
    store.put("sealed.age", seal_bytes(data, [identity.recipient]))
    with store.open("sealed.age") as file:
        assert AgeReader(file, [identity]).read_range(700_000, 720_000) == data[700_000:720_000]


def test_list_and_delete(store: ObjectStore) -> None:
    for key in ("l/2", "l/1/x", "lx/1"):
        store.put(key, b"sealed")
    assert [found.key for found in store.list("l")] == ["l/1/x", "l/2"]
    assert store.delete("l/2")
    assert not store.delete("l/2")
    with pytest.raises(ObjectNotFoundError):
        store.open("l/2")
    with pytest.raises(ObjectNotFoundError):
        store.get_range("l/2", 0, 1)


def test_a_store_that_refuses_us_is_unavailable(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    with pytest.raises(StoreUnavailableError):
        open_store(object_server.url("")).put("x", b"sealed")


def test_a_checksum_that_no_store_knows_is_refused() -> None:
    with pytest.raises(StoreAddressError):
        open_store("s3://parley?checksum=crc32")


def test_uploads_that_nobody_completed_are_aborted(object_server: ObjectServer, store: ObjectStore) -> None:
    client = object_server.client()
    for key in ("cell-1/one/a", "cell-1/two/b"):
        begun = client.create_multipart_upload(Bucket=BUCKET, Key=key)
        client.upload_part(Bucket=BUCKET, Key=key, PartNumber=1, UploadId=begun["UploadId"], Body=b"0" * (5 << 20))
    now = datetime.now(UTC)
    assert clear_abandoned(store, prefix="one", before=now - timedelta(hours=1)) == 0
    assert clear_abandoned(store, prefix="one", before=now + timedelta(minutes=1)) == 1
    left = client.list_multipart_uploads(Bucket=BUCKET, Prefix="cell-1/")["Uploads"]
    assert [one["Key"] for one in left] == ["cell-1/two/b"]
