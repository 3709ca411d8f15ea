"""Recordings on a real S3 server: it is killed in the middle of an upload, and nothing is lost."""

import hashlib
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from tests.support.object_server import BUCKET, LOCKED, ObjectServer
from tests.support.spooled import Spooler

from parley.daemons.worker import Finaliser
from parley.inventory.api import Held
from parley.recordings.api import finalize, read_closed, using_store, write_closed
from parley.recordings.models import Part, Recording
from parley.recordings.types import ClosedPart
from parley.retention import api as retention
from parley.storage.api import ObjectLockedError, ObjectNotFoundError, clear_abandoned, open_store
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


def test_what_the_store_keeps_by_write_once_is_not_deleted_and_the_refusal_says_until_when(
    object_server: ObjectServer, customer: tenancy.Customer, tmp_path: Path
) -> None:
    """Not by force with the store's own credentials, and not half by Parley; afterwards no version is left."""
    store = open_store(object_server.url("worm", bucket=LOCKED))
    recording_id = finalize(Spooler(tmp_path / "spool", customer).close(), store=store, now=datetime.now(UTC))
    store.put(f"{customer.id}/recordings/{recording_id}/000.mp3.age", b"sealed")
    client, now = object_server.client(), datetime.now(UTC)
    part = f"worm/{Part.objects.get().object_key}"
    until = (now + timedelta(seconds=8)).replace(microsecond=0)
    lock = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    client.put_object_retention(Bucket=LOCKED, Key=part, Retention=lock)
    client.put_object_legal_hold(Bucket=LOCKED, Key=part, LegalHold={"Status": "ON"})
    version = client.head_object(Bucket=LOCKED, Key=part)["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=LOCKED, Key=part, VersionId=version, BypassGovernanceRetention=True)

    held = Held(store="recordings", kind="recording", id=recording_id, at=now)
    dispose = partial(retention.dispose, [held], cause="customer", reference="test", by=uuid4())
    with using_store(store):
        with pytest.raises(ObjectLockedError, match="legal hold of the object store"):
            dispose(at=now)
        client.put_object_legal_hold(Bucket=LOCKED, Key=part, LegalHold={"Status": "OFF"})
        if datetime.now(UTC) < until:
            with pytest.raises(ObjectLockedError, match=f"write-once until {until:%Y-%m-%d %H:%M} UTC"):
                dispose(at=now)
        assert len(list(store.list(str(customer.id)))) == 2, "none of it goes while one is kept"
        assert Recording.objects.filter(id=recording_id).exists()
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1)
        assert dispose(at=now).erased.records == 1
    left = client.list_object_versions(Bucket=LOCKED, Prefix=f"worm/{customer.id}")
    assert not left.get("Versions") and not left.get("DeleteMarkers")
