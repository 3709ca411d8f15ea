"""Objects are read again and held against the ledger: on files and on a real S3 server, with real backups."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from tests.support.left_evidence import entries
from tests.support.spooled import Spooler
from typer.testing import CliRunner

from parley.backups import api as backups
from parley.governance.incidents import api as incidents
from parley.inventory.api import Held
from parley.obligations.api import run_due
from parley.obligations.models import Deadline
from parley.project.cli import app
from parley.project.wiring import job_handlers, long_handlers
from parley.recordings import api as recordings
from parley.recordings.models import Part, Rendition
from parley.recordings.scrubbing import api as scrubbing
from parley.recordings.scrubbing import running
from parley.retention import api as retention
from parley.storage.api import ObjectStore
from parley.tenancy import api as tenancy

PERSON = uuid4()


def record(customer: tenancy.Customer, store: ObjectStore, folder: Path, count: int) -> list[UUID]:
    """So many recordings, rendered."""
    spooler = Spooler(folder / "spool", customer)
    made = [recordings.finalize(spooler.close(), store=store, now=datetime.now(UTC)) for _ in range(count)]
    render = partial(recordings.render_recording, store=store, scratch=folder)
    assert run_due(customer, handlers={recordings.RENDER: render}, now=datetime.now(UTC)).failed == 0
    return made


def work(customer: tenancy.Customer) -> None:
    """What is due for the customer and then for the provider, slices that wait for their turn too."""
    for _ in range(4):
        now = datetime.now(UTC) + timedelta(seconds=1)
        assert run_due(customer, handlers=scrubbing.long_handlers(), now=now).failed == 0
        assert run_due(customer, handlers=scrubbing.handlers(), now=now).failed == 0
    assert run_due(tenancy.provider(), handlers=incidents.handlers(), now=now + timedelta(seconds=1)).failed == 0


def scrub(customer: tenancy.Customer) -> scrubbing.ScrubView:
    """A scrub asked for, and run to its end by the worker's handlers."""
    asked = scrubbing.ask(at=datetime.now(UTC))
    work(customer)
    newest = scrubbing.finished()[0]
    assert newest.id == asked
    return newest


def flip(store: ObjectStore, key: str) -> None:
    """One bit of an object, past Parley."""
    content = bytearray(store.get_range(key, 0, store.head(key).size))
    content[len(content) // 2] ^= 1
    store.put(key, bytes(content))


def test_damage_is_found_once_becomes_an_incident_and_is_repaired_from_a_backup(
    installed: ObjectStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    record(customer, installed, tmp_path, 3)
    first = scrub(customer)
    assert (first.recordings, first.objects, first.damaged) == (3, 3 + 9, 0)
    assert first.size == sum(head.size for head in installed.list(str(customer.id)))
    assert {(line.kind, line.objects) for line in first.report} == {("original", 3), ("rendition", 9)}
    backups.take(customer, reason="asked", at=datetime.now(UTC))
    flipped, missing = Part.objects.order_by("id")[0], Rendition.objects.filter(kind="mp3").order_by("-id")[0]
    flip(installed, flipped.object_key)
    installed.delete(missing.object_key)

    assert scrub(customer).damaged == 2
    found = {one.object_key: one for one in scrubbing.findings()}
    assert set(found) == {flipped.object_key, missing.object_key}
    one = found[flipped.object_key]
    assert (one.what, one.state, one.expected) == ("changed", "open", flipped.sha256)
    assert one.found == installed.sha256(flipped.object_key)
    assert (found[missing.object_key].what, found[missing.object_key].found) == ("missing", "")
    assert one.incident_id == found[missing.object_key].incident_id
    affair = incidents.affair(one.incident_id)
    assert (affair.kind, affair.records, len(affair.notices)) == ("integrity", 3, 1)
    assert [kind for kind, _ in entries()].count("storage.damaged") == 2

    assert scrub(customer).damaged == 0, "what is known is not raised again"
    assert [kind for kind, _ in entries()].count("incident.opened") == 1

    for one in found.values():
        scrubbing.ask_repair(one.id, by=PERSON, at=datetime.now(UTC))
    work(customer)
    assert {one.state for one in scrubbing.findings()} == {"repaired"}
    assert installed.sha256(flipped.object_key) == flipped.sha256
    assert installed.sha256(missing.object_key) == missing.sha256
    assert scrubbing.open_findings() == 0
    assert scrub(customer).damaged == 0
    flip(installed, flipped.object_key)
    assert scrub(customer).damaged == 1, "damage after a repair is new"


def test_what_no_backup_has_stays_open_until_a_person_accepts_it(
    installed: ObjectStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    record(customer, installed, tmp_path, 1)
    part = Part.objects.get()
    flip(installed, part.object_key)
    assert scrub(customer).damaged == 1
    (found,) = scrubbing.findings()
    scrubbing.ask_repair(found.id, by=PERSON, at=datetime.now(UTC))
    work(customer)
    (found,) = scrubbing.findings()
    assert (found.state, found.problem) == ("open", "backups.none")
    scrubbing.accept(found.id, by=PERSON, at=datetime.now(UTC))
    with pytest.raises(scrubbing.NoSuchFinding):
        scrubbing.accept(found.id, by=PERSON, at=datetime.now(UTC))
    assert scrub(customer).damaged == 0
    flip(installed, part.object_key)  # whole again, by hand: nothing to say
    assert scrub(customer).damaged == 0
    installed.delete(part.object_key)
    assert scrub(customer).damaged == 1, "other damage than was accepted"
    held = Held(store="recordings", kind="recording", id=found.recording_id, at=found.found_at)
    now = datetime.now(UTC)
    assert retention.dispose([held], cause="customer", reference="test", at=now, by=PERSON).erased.records == 1
    assert not scrubbing.findings()
    assert not list(installed.list(str(customer.id)))


def test_a_row_that_the_ledger_does_not_know_is_found(
    installed: ObjectStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    """Somebody who can write both the object and its row is still told apart by the log."""
    record(customer, installed, tmp_path, 1)
    part = Part.objects.get()
    stored = installed.put(part.object_key, b"another recording")
    Part.objects.filter(id=part.id).update(size=stored.size, sha256=stored.sha256)
    scrub(customer)
    assert [one.what for one in scrubbing.findings()] == ["unledgered"]


def test_a_scrub_goes_on_where_it_was_killed_and_at_its_pace(
    customer: tenancy.Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    store = recordings.installed_store()
    made = record(customer, store, tmp_path, 3)
    monkeypatch.setattr(running, "_SECONDS", 0.0)
    monkeypatch.setattr(settings, "PARLEY_SCRUB_MEGABYTES", 0.001)
    scrubbing.ask(at=datetime.now(UTC))
    now = datetime.now(UTC)
    assert run_due(customer, handlers=scrubbing.long_handlers(), now=now).done == 1
    seen = scrubbing.running_now()
    assert seen is not None and seen.recordings == 1
    (following,) = Deadline.objects.filter(kind=running.SLICE, done_at=None)
    assert following.due - now >= timedelta(seconds=seen.size / 1000)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        assert scrubbing.advance(seen.id, at=now, seconds=0.0).recordings == 2
        raise KeyboardInterrupt
    again = scrubbing.running_now()
    assert again is not None and again.recordings == 1
    later = now + timedelta(hours=1)
    while (again := scrubbing.running_now()) is not None:
        assert run_due(customer, handlers=scrubbing.long_handlers(), now=later).done
        later += timedelta(hours=1)
    assert scrubbing.finished()[0].recordings == len(made)


def test_every_customer_is_read_each_night(customer: tenancy.Customer) -> None:
    now = datetime.now(UTC)
    scrubbing.begin(at=now)
    scrubbing.begin(at=now)
    assert {running.TEND, running.NIGHT} <= set(long_handlers())
    assert set(scrubbing.handlers()) <= set(job_handlers())
    assert run_due(tenancy.provider(), handlers=scrubbing.long_handlers(), now=now).done == 1
    (night,) = Deadline.objects.filter(kind=running.NIGHT)
    assert now < night.due <= now + timedelta(hours=25)
    assert run_due(customer, handlers=scrubbing.long_handlers(), now=night.due).done == 2
    assert scrubbing.finished()[0].began_at == night.due


def test_the_operator_reads_everything_and_is_told(customer: tenancy.Customer, tmp_path: Path) -> None:
    def said(*arguments: str, status: int) -> str:
        result = CliRunner().invoke(app, ["storage", *arguments, customer.handle])
        assert result.exit_code == status, (result.output, result.exception)
        return " ".join(result.output.split())

    store = recordings.installed_store()
    record(customer, store, tmp_path, 1)
    assert "nothing was counted yet" in said("report", status=0)
    assert "1 recordings, 4 objects" in said("scrub", status=0)
    assert "renditions up to 7 days 3" in said("report", status=0)
    key = Part.objects.get().object_key
    store.delete(key)
    assert f"missing: {key}" in said("scrub", status=1)
