"""Recordings on a real S3 server: it is killed in the middle of an upload, and nothing is lost."""

import hashlib
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.object_server import BUCKET, ObjectServer
from tests.support.spooled import Spooler

from parley.daemons.worker import Finaliser
from parley.recordings.api import read_closed, write_closed
from parley.recordings.models import Part, Recording
from parley.recordings.types import ClosedPart
from parley.storage.api import ObjectNotFoundError, clear_abandoned, open_store
from parley.tenancy import api as tenancy


def with_a_large_part(directory: Path) -> str:
    """A second part, large enough that a kill meets it half-way; its hash. Finalising never opens parts."""
    content = os.urandom(1 << 20) * 160
    (directory / "001.age").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    closed = read_closed(directory)
    part = ClosedPart(name="001.age", kind="age", size=len(content), sha256=digest)
    write_closed(directory, replace(closed, parts=(*closed.parts, part)))
    return digest


def test_a_store_killed_in_mid_upload_loses_nothing(
    object_server: ObjectServer, customer: tenancy.Customer, tmp_path: Path
) -> None:
    """The spool keeps the recording, no half object is seen, and the next attempt stores and commits all of it."""
    store = open_store(object_server.url("killed"))
    store.put("kept", b"sealed")
    spool = tmp_path / "spool"
    directory = Spooler(spool, customer).close()
    digest = with_a_large_part(directory)
    finaliser = Finaliser(spool, store)
    turned: list[int] = []

    def finalise() -> None:
        turned.append(finaliser.turn(now=datetime.now(UTC), clock=0.0))

    uploading = threading.Thread(target=finalise)
    uploading.start()
    client = object_server.client()
    large = f"killed/{customer.id}/recordings/{directory.name}/001.age"
    while not client.list_multipart_uploads(Bucket=BUCKET, Prefix=large).get("Uploads"):
        assert uploading.is_alive(), "it was over before it could be killed"
        time.sleep(0.005)
    object_server.kill()
    uploading.join(timeout=90)
    assert turned == [0]
    assert sorted(path.name for path in directory.glob("*.age")) == ["000.age", "001.age"]
    assert not Recording.objects.exists()
    object_server.start()
    assert store.get_range("kept", 0, 10) == b"sealed"
    with pytest.raises(ObjectNotFoundError):
        store.head(large.removeprefix("killed/"))
    assert finaliser.turn(now=datetime.now(UTC), clock=1.0) == 0, "it waits a little longer each time"
    assert finaliser.turn(now=datetime.now(UTC), clock=3.0) == 1
    assert not directory.exists()
    assert store.sha256(Part.objects.get(name="001.age").object_key) == digest
    clear_abandoned(store, prefix="", before=datetime.max.replace(tzinfo=UTC))
    assert not client.list_multipart_uploads(Bucket=BUCKET, Prefix="killed/").get("Uploads")
