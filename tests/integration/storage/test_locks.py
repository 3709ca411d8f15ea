"""Write-once that Parley sets itself: originals that a law keeps are locked by a real S3 server from their upload."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from botocore.exceptions import ClientError
from django.conf import settings
from django.db import transaction
from django.test import Client
from tests.support.departures import ours
from tests.support.installation import MakeCustomer
from tests.support.object_server import BUCKET, LOCKED, ObjectServer
from tests.support.spooled import Spooler, call

from parley.inventory.api import Held
from parley.lifecycle import api as lifecycle
from parley.obligations import api as obligations
from parley.obligations.models import Deadline
from parley.people.api import create_user
from parley.project import up
from parley.project.config import Config
from parley.recordings import api as recordings
from parley.recordings.models import Part
from parley.recordings.scrubbing import api as scrubbing
from parley.retention import api as retention
from parley.storage.api import (
    NotLockableError,
    ObjectLockedError,
    StoreAddressError,
    TieredStore,
    delete_free,
    keep,
    open_store,
    put_kept,
    require_lockable,
)
from parley.tenancy import api as tenancy

NOW = datetime.now(UTC)
FIVE_YEARS = "mifid2-16-7"
PASSWORD = "a sentence that nobody guesses 9"
Install = Callable[[str], str]


@pytest.fixture
def install(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Have this installation keep objects in a bucket with object lock, locked in that mode; their prefix."""

    def chosen(mode: str) -> str:
        prefix = f"lock-{uuid4().hex[:8]}"
        monkeypatch.setattr(settings, "PARLEY_STORE_URL", object_server.url(prefix, bucket=LOCKED))
        monkeypatch.setattr(settings, "PARLEY_STORE_LOCK", mode)
        recordings.installed_store.cache_clear()
        return prefix

    yield chosen
    recordings.installed_store.cache_clear()


def record(customer: tenancy.Customer, folder: Path, *, at: datetime = NOW) -> UUID:
    closed = Spooler(folder / "spool", customer).close(at=at, parts=[call(0.1)])
    return recordings.finalize(closed, store=recordings.installed_store(), now=datetime.now(UTC))


def lock_of(server: ObjectServer, key: str) -> tuple[str, datetime | None]:
    """Mode and end of the lock of an object's newest version; "" and None when there is none."""
    head = server.client().head_object(Bucket=LOCKED, Key=key)
    return head.get("ObjectLockMode", ""), head.get("ObjectLockRetainUntilDate")


def versions(server: ObjectServer, prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.client().list_object_versions(Bucket=LOCKED, Prefix=prefix).get("Versions", [])
    return found


def years_after(start: datetime, years: int) -> datetime:
    """That long after, rounded up to the second, as S3 keeps it."""
    return (start + timedelta(microseconds=999_999)).replace(microsecond=0, year=start.year + years)


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_no_object_is_stored_unlocked_and_no_force_deletes_it(
    mode: str, object_server: ObjectServer, tmp_path: Path
) -> None:
    prefix, until = f"{mode}-{uuid4().hex[:6]}", NOW.replace(microsecond=0) + timedelta(days=2)
    store, client = open_store(object_server.url(prefix, bucket=LOCKED), lock=mode), object_server.client()
    require_lockable(store)
    large = tmp_path / "large"
    large.write_bytes(os.urandom((16 << 20) + 5))  # two pieces
    for key, content in (("small", b"sealed"), ("large", large)):
        digest = put_kept(store, key, content, until=until).sha256
        assert store.sha256(key) == digest
        assert lock_of(object_server, f"{prefix}/{key}") == (mode.upper(), until)
        again = put_kept(store, key, content, until=until + timedelta(hours=1))  # as after a crash
        assert again.sha256 == digest
        (version,) = versions(object_server, f"{prefix}/{key}")
        assert lock_of(object_server, f"{prefix}/{key}")[1] == until + timedelta(hours=1)
        place = {"Bucket": LOCKED, "Key": f"{prefix}/{key}", "VersionId": version["VersionId"]}
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(**place)
        with pytest.raises(ObjectLockedError, match="write-once until"):
            store.delete(key)
        assert not keep(store, key, until=until), "no lock is ever shortened"
    with pytest.raises(ClientError, match="AccessDenied"):
        shorter = {"Mode": mode.upper(), "RetainUntilDate": until}
        client.put_object_retention(Bucket=LOCKED, Key=f"{prefix}/small", Retention=shorter)
    store.put("free", b"a rendition")
    put_kept(store, "unlawful", b"nothing keeps it", until=None)
    freed = delete_free(store, ["small", "large", "free", "unlawful"], lift=True)
    if mode == "governance":
        assert (freed.removed, freed.kept, versions(object_server, prefix)) == (4, {}, [])
    else:
        assert (freed.removed, set(freed.kept), freed.until) == (2, {"small", "large"}, until + timedelta(hours=1))
        assert len(versions(object_server, prefix)) == 2


def test_a_bucket_that_cannot_lock_is_refused_before_anything_is_stored(object_server: ObjectServer) -> None:
    url = object_server.url("plain", bucket=BUCKET)
    store = open_store(url, lock="compliance")
    with pytest.raises(NotLockableError, match=r"store\.lock is set, and the bucket 'parley' locks nothing") as refused:
        up.run(Config(store_url=url, store_lock="compliance"), narrate=lambda *_told, **_facts: None)
    assert "store.url" in refused.value.remedy and "object lock" in refused.value.remedy
    with pytest.raises(NotLockableError):
        put_kept(store, "one", b"sealed", until=NOW + timedelta(days=1))
    assert list(store.list()) == []
    for wrong in ("file:///tmp/objects", url + "&checksum=none"):
        with pytest.raises(StoreAddressError, match=r"store\.lock"):
            open_store(wrong, lock="compliance")


def test_originals_that_a_law_keeps_are_locked_as_long_and_nothing_else_is(
    object_server: ObjectServer, install: Install, customer: tenancy.Customer, tmp_path: Path
) -> None:
    prefix, started = install("compliance"), NOW - timedelta(days=400)
    free = record(customer, tmp_path, at=started)
    by = uuid4()
    retention.declare_law(FIVE_YEARS, by=by, at=NOW)
    kept = record(customer, tmp_path, at=started)
    store = recordings.installed_store()
    render = {recordings.RENDER: lambda work: recordings.render_recording(work, store=store, scratch=tmp_path)}
    assert obligations.run_due(customer, handlers=render, now=datetime.now(UTC)).failed == 0

    def locks(recording: UUID) -> dict[str, datetime | None]:
        folder = f"{prefix}/{customer.id}/recordings/{recording}"
        return {
            one["Key"].rpartition("/")[2]: lock_of(object_server, one["Key"])[1]
            for one in versions(object_server, folder)
        }

    until = years_after(started, 5)
    assert {name: end for name, end in locks(kept).items() if end} == {"000.age": until}
    assert len(locks(kept)) == 4, "its renditions are there"
    assert not any(locks(free).values()), "nothing kept it when it was stored"

    scrub(retained=NOW)  # what a law reaches that was declared later is locked by the next night
    assert locks(free)["000.age"] == until
    retention.declare_law(FIVE_YEARS, by=by, at=NOW, extended=True)
    scrub(retained=NOW)
    assert locks(kept)["000.age"] == locks(free)["000.age"] == years_after(started, 7)

    held = [Held(store="recordings", kind="recording", id=kept, at=started)]
    refused = retention.dispose(held, cause="customer", reference="t", at=NOW, by=by)
    assert refused.kept[0].verdict.clause_or_law == "MiFID II Art. 16(7)"
    retention.withdraw_law(FIVE_YEARS, by=by, at=NOW)  # Parley forgets the law; the store does not
    with pytest.raises(ObjectLockedError, match=f"{years_after(started, 7):%Y-%m-%d}"):
        retention.dispose(held, cause="customer", reference="t", at=NOW, by=by)
    assert Part.objects.filter(recording=kept).exists()


def scrub(*, retained: datetime) -> None:
    """One reading of everything."""
    with transaction.atomic():
        row = scrubbing.started(at=retained)
    while row.finished_at is None:
        with transaction.atomic():
            row = scrubbing.advance(row.id, at=retained, seconds=9)


def test_a_lock_of_governance_goes_with_its_object_to_the_cold_store(
    object_server: ObjectServer, tmp_path: Path
) -> None:
    name, until = uuid4().hex[:6], NOW.replace(microsecond=0) + timedelta(days=2)

    def opened(mode: str, cold: str = LOCKED) -> tuple[TieredStore, str]:
        warm = object_server.url(f"w-{mode}-{name}", bucket=LOCKED)
        store = open_store(warm, cold=object_server.url(f"c-{mode}-{name}", bucket=cold), lock=mode)
        assert isinstance(store, TieredStore)
        return store, put_kept(store, "one", b"sealed", until=until).sha256

    store, digest = opened("governance")
    assert store.copy_cold("one", sha256=digest, scratch=tmp_path) == 6
    assert store.drop_warm("one")
    assert versions(object_server, f"w-governance-{name}") == []
    assert lock_of(object_server, f"c-governance-{name}/one") == ("GOVERNANCE", until)
    assert keep(store, "one", until=until + timedelta(days=1)), "it is lengthened where it lies"
    with pytest.raises(ObjectLockedError):
        store.delete("one")

    for mode, cold in (("governance", BUCKET), ("compliance", LOCKED)):
        store, digest = opened(mode, cold)
        with pytest.raises(ObjectLockedError):
            store.copy_cold("one", sha256=digest, scratch=tmp_path)
        assert [one.key for one in store.cold.list()] == ([] if cold == BUCKET or mode == "compliance" else ["one"])


def departing(customer: tenancy.Customer) -> UUID:
    """The contract ends at once, and its end is confirmed; everything that is due then is done."""
    with tenancy.scope(customer):
        lifecycle.end(at=NOW, by="test", ends_at=None, choice="delete", reason="")
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    lifecycle.confirm_end(found.id, by="test", at=NOW)
    work(NOW)
    return found.id


def work(at: datetime) -> None:
    obligations.run_due(tenancy.provider(), handlers=ours(), now=at)


def test_the_end_of_a_contract_lifts_locks_of_governance(
    object_server: ObjectServer, install: Install, make_customer: MakeCustomer, tmp_path: Path
) -> None:
    prefix, customer = install("governance"), make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(customer):
        retention.declare_law(FIVE_YEARS, by=uuid4(), at=NOW)
        record(customer, tmp_path)
    (locked,) = versions(object_server, f"{prefix}/{customer.id}/recordings")
    assert lock_of(object_server, locked["Key"])[0] == "GOVERNANCE"
    departure = departing(customer)
    assert lifecycle.departure(departure).state == "certified"
    assert versions(object_server, f"{prefix}/{customer.id}") == []


def test_what_compliance_keeps_beyond_the_end_is_stated_until_when_and_for_which_law(
    object_server: ObjectServer, install: Install, make_customer: MakeCustomer, tmp_path: Path
) -> None:
    """The keys go on their day all the same, and there is no certificate while an object is left."""
    prefix, customer = install("compliance"), make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(customer):
        retention.declare_law(FIVE_YEARS, by=uuid4(), at=NOW)
        record(customer, tmp_path)
    departure = departing(customer)
    until = years_after(NOW, 5)
    assert len(versions(object_server, f"{prefix}/{customer.id}")) == 1
    assert not tenancy.keyring().holds(customer_id=customer.id)
    told = lifecycle.statements(departure)
    assert len(told) == 2
    for statement in told:
        (line,) = [one for one in statement.remains if one["what"] == "sealed objects"]
        assert (line["count"], line["until"]) == (1, until.isoformat())
        assert line["why"] == "the object store keeps them by write-once: MiFID II Art. 16(7)"
    assert lifecycle.certificate(departure) is None
    with tenancy.scope(tenancy.provider()):
        waits = Deadline.objects.get(kind="lifecycle.verify", payload__departure=str(departure))
    assert (waits.attempts, waits.failed_at, waits.last_error) == (0, None, "storage.locked")
    assert waits.due < until, "somebody may lift the lock past Parley: it looks each day"


def test_the_certificate_comes_when_the_store_lets_the_last_object_go(
    object_server: ObjectServer, install: Install, make_customer: MakeCustomer, tmp_path: Path
) -> None:
    prefix, customer = install(""), make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(customer):
        record(customer, tmp_path)
    (one,) = versions(object_server, f"{prefix}/{customer.id}")
    client = object_server.client()
    client.put_object_legal_hold(Bucket=LOCKED, Key=one["Key"], LegalHold={"Status": "ON"})
    departure = departing(customer)
    (line,) = [one for one in lifecycle.statements(departure)[-1].remains if one["what"] == "sealed objects"]
    assert (line["until"], line["why"]) == (None, "the object store keeps them by write-once")
    client.put_object_legal_hold(Bucket=LOCKED, Key=one["Key"], LegalHold={"Status": "OFF"})
    later = datetime.now(UTC) + timedelta(days=2)
    work(later)
    work(later + timedelta(days=1))
    made = lifecycle.certificate(departure)
    assert made is not None
    document = json.loads(made.document)
    assert {"what": "objects that write-once kept", "count": 1}.items() <= document["destroyed"][-2].items()
    assert "sealed objects" not in {one["what"] for one in document["remains"]}
    assert versions(object_server, f"{prefix}/{customer.id}") == []


def test_the_page_says_what_is_locked(install: Install, customer: tenancy.Customer) -> None:
    create_user(email="a@locks.example", name="Ada", password=PASSWORD, role="administrator")
    home, page = f"/c/{customer.handle}/", Client(HTTP_HOST="127.0.0.1")
    assert page.post(home + "sign-in", {"email": "a@locks.example", "password": PASSWORD}).status_code == 302

    def shown() -> str:
        return page.get(home + "storage/").content.decode()

    assert "Write-once" not in shown()
    install("compliance")
    assert "you declared no law" in shown()
    retention.declare_law(FIVE_YEARS, by=uuid4(), at=NOW)
    assert "a law keeps them that you declared: MiFID II Art. 16(7)." in shown()
