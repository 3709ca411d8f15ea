"""Originals and WAV files of older recordings in a cold store, a real S3 server; the warm one is of files."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from tests.support.left_evidence import entries
from tests.support.object_server import LOCKED, ObjectServer
from tests.support.spooled import Spooler, call
from typer.testing import CliRunner

from parley.backups import api as backups
from parley.inventory.api import Held
from parley.lifecycle.closing import destroy_objects
from parley.lifecycle.destroying import traces
from parley.obligations.api import run_due
from parley.people.api import create_user, viewer
from parley.project.cli import app
from parley.recordings import api as recordings
from parley.recordings.models import Part, Recording, Rendition
from parley.recordings.scrubbing import api as scrubbing
from parley.recordings.scrubbing import moving
from parley.recordings.scrubbing.models import Move
from parley.retention import api as retention
from parley.storage.api import ObjectLockedError, StoreUnavailableError, TieredStore, open_store, tiers
from parley.tenancy import api as tenancy

PASSWORD = "a sentence that nobody guesses 9"
KILLED = Path(__file__).parents[2] / "support" / "killed_move.py"
DAYS = 30


@pytest.fixture
def cold_url(object_server: ObjectServer) -> str:
    return object_server.url(f"cold-{uuid4().hex[:8]}")


@pytest.fixture
def store(cold_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TieredStore]:
    """The store of this installation: files, and an S3 bucket for what is older than DAYS."""
    monkeypatch.setenv("PARLEY_STORE_COLD_URL", cold_url)  # as commands and further processes read it
    monkeypatch.setenv("PARLEY_STORE_COLD_DAYS", str(DAYS))
    monkeypatch.setattr(settings, "PARLEY_STORE_COLD_URL", cold_url)
    monkeypatch.setattr(settings, "PARLEY_STORE_COLD_DAYS", DAYS)
    recordings.installed_store.cache_clear()
    opened = recordings.installed_store()
    assert isinstance(opened, TieredStore)
    yield opened
    recordings.installed_store.cache_clear()


def record(customer: tenancy.Customer, folder: Path, *, days: int, count: int = 1) -> list[UUID]:
    """So many recordings of so many days ago, rendered."""
    spooler, store, now = Spooler(folder / "spool", customer), recordings.installed_store(), datetime.now(UTC)
    closed = [spooler.close(at=now - timedelta(days=days), parts=[call(0.1), call(0.1)]) for _ in range(count)]
    made = [recordings.finalize(one, store=store, now=now) for one in closed]
    render = partial(recordings.render_recording, store=store, scratch=folder)
    assert run_due(customer, handlers={recordings.RENDER: render}, now=datetime.now(UTC)).failed == 0
    return made


def work(customer: tenancy.Customer, *, after: timedelta = timedelta(0)) -> None:
    """The worker's slices to their end."""
    for turn in range(1, 6):
        now = datetime.now(UTC) + after + timedelta(seconds=turn)
        assert run_due(customer, handlers=scrubbing.long_handlers(), now=now).failed == 0


def move(customer: tenancy.Customer) -> None:
    scrubbing.moving.ask(at=datetime.now(UTC))
    work(customer)


def keys(store: TieredStore, customer: tenancy.Customer) -> dict[str, set[str]]:
    return {name: {head.key for head in one.list(str(customer.id))} for name, one in tiers(store).items()}


def large(*ids: UUID) -> set[str]:
    """The keys of what is to move of these recordings."""
    originals = Part.objects.filter(recording__in=ids).values_list("object_key", flat=True)
    return {*originals, *Rendition.objects.filter(recording__in=ids, kind="wav").values_list("object_key", flat=True)}


def test_older_originals_move_and_everything_still_finds_them(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    old, young = record(customer, tmp_path, days=DAYS + 1, count=2), record(customer, tmp_path, days=DAYS - 1)
    before = keys(store, customer)["warm"]
    sizes = {head.key: head.size for head in store.list(str(customer.id))}
    move(customer)
    there = keys(store, customer)
    assert there == {"warm": before - large(*old), "cold": large(*old)}
    assert {head.key: head.size for head in store.list(str(customer.id))} == sizes
    assert [head.key for head in store.list(str(customer.id))] == sorted(sizes)
    (passed,) = scrubbing.moves()
    assert (passed.recordings, passed.objects, passed.size) == (2, 6, sum(sizes[one] for one in large(*old)))
    assert [kind for kind, _clause in entries()].count("storage.moved") == 1

    for one in Part.objects.all():  # however it is asked for
        assert store.sha256(one.object_key) == one.sha256
        with store.open(one.object_key) as file:
            whole = file.read()
            file.seek(7)
            assert file.read(9) == whole[7:16] == store.get_range(one.object_key, 7, 16)
        assert store.head(one.object_key).size == len(whole) == one.size
    eyes = viewer(create_user(email="a@cold.example", name="Ada", password=PASSWORD, role="administrator"))
    with recordings.part(eyes, old[0], "000.age") as sealed:
        assert sealed.read(21) == b"age-encryption.org/v1"

    scrubbing.ask(at=datetime.now(UTC))
    work(customer)
    read = scrubbing.finished()[0]
    assert (read.recordings, read.damaged) == (3, 0)
    found = {(line.tier, line.kind): line.objects for line in read.report}
    assert found == {
        ("warm", "original"): 2, ("warm", "rendition"): 7, ("cold", "original"): 4, ("cold", "rendition"): 2,
    }  # fmt: skip
    taken = backups.take(customer, reason="asked", at=datetime.now(UTC))
    assert taken.objects == len(sizes)

    move(customer)
    assert keys(store, customer) == there, f"nothing more was old enough: {young}"


def test_a_damaged_copy_in_the_cold_store_is_found_and_put_back_and_moves_again(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(customer, tmp_path, days=DAYS + 1)
    move(customer)
    backups.take(customer, reason="asked", at=datetime.now(UTC))
    part = Part.objects.order_by("number")[0]
    store.cold.put(part.object_key, b"another")
    scrubbing.ask(at=datetime.now(UTC))
    work(customer)
    (found,) = scrubbing.findings()
    scrubbing.ask_repair(found.id, by=uuid4(), at=datetime.now(UTC))
    work(customer)
    assert [one.state for one in scrubbing.findings()] == ["repaired"]
    assert store.warm.sha256(part.object_key) == part.sha256
    monkeypatch.setattr(moving, "_ALL_AGAIN", timedelta(0))
    move(customer)
    assert part.object_key not in keys(store, customer)["warm"]
    assert store.cold.sha256(part.object_key) == part.sha256


def test_what_is_rendered_anew_in_the_middle_of_its_move_stays(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    record(customer, tmp_path, days=DAYS + 1)
    with transaction.atomic():
        row = moving.started(at=datetime.now(UTC))
        assert row is not None
        row = moving.advance(row.id, at=datetime.now(UTC), seconds=9)
    wav = Rendition.objects.get(kind="wav")
    again = store.put(wav.object_key, b"x" * store.head(wav.object_key).size)
    Rendition.objects.filter(id=wav.id).update(sha256=again.sha256)
    with transaction.atomic():
        row = moving.advance(row.id, at=datetime.now(UTC), seconds=9)
    assert row.finished_at is not None
    assert store.sha256(wav.object_key) == again.sha256
    assert not keys(store, customer)["warm"] & set(Part.objects.values_list("object_key", flat=True))


def test_what_is_not_as_the_log_says_is_not_moved(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    (old,) = record(customer, tmp_path, days=DAYS + 1)
    part = Part.objects.order_by("number")[0]
    store.warm.put(part.object_key, b"another")
    move(customer)
    assert keys(store, customer)["cold"] == large(old) - {part.object_key}
    assert store.get_range(part.object_key, 0, 99) == b"another"


@pytest.mark.parametrize("point", ["copied", "counted", "deleted"])
def test_a_move_that_is_killed_comes_to_the_same_end(
    point: str, store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    old = record(customer, tmp_path, days=DAYS + 1, count=2)
    before, hashes = keys(store, customer)["warm"], dict(Part.objects.values_list("object_key", "sha256"))
    scrubbing.moving.ask(at=datetime.now(UTC))
    now = datetime.now(UTC) + timedelta(seconds=1)
    environment = os.environ | {"PARLEY_STORE_URL": settings.PARLEY_STORE_URL}
    command = [sys.executable, str(KILLED), str(customer.id), now.isoformat(), point]
    assert subprocess.run(command, env=environment, check=False, timeout=120).returncode == -9
    there = keys(store, customer)
    assert there["cold"], "it was killed after something was copied"
    assert len(there["warm"]) == len(before) - (point == "deleted")
    assert all(store.sha256(key) == digest for key, digest in hashes.items())
    assert Move.objects.get().objects_moved == (0 if point == "copied" else 6)

    work(customer, after=timedelta(minutes=5))
    assert keys(store, customer) == {"warm": before - large(*old), "cold": large(*old)}
    assert all(store.sha256(key) == digest for key, digest in hashes.items())
    (passed,) = scrubbing.moves()
    assert (passed.objects, passed.recordings, bool(passed.finished_at)) == (6, 2, True)
    assert [kind for kind, _clause in entries()].count("storage.moved") == 1


def test_erasure_and_the_end_of_a_customer_leave_nothing_in_either_tier(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    made = record(customer, tmp_path, days=DAYS + 1, count=3)
    move(customer)
    twice = sorted(large(made[0]))[0]  # as between the copy and the deletion of a move
    store.warm.put(twice, store.cold.get_range(twice, 0, store.cold.head(twice).size))
    now = datetime.now(UTC)
    held = [Held(store="recordings", kind="recording", id=one, at=now) for one in made[:2]]
    erased = retention.dispose(held, cause="customer", reference="test", at=now, by=uuid4()).erased
    assert (erased.records, erased.objects) == (2, 2 * 5)
    there = keys(store, customer)
    assert there["cold"] == large(made[2])
    assert all(f"/{made[2]}/" in key for key in there["warm"])
    with tenancy.scope(tenancy.provider()):
        assert "objects" in set(traces(customer, support_later=False))
    assert destroy_objects(str(customer.id)).removed == 5
    assert not any(keys(store, customer).values())


def test_erasure_waits_for_both_stores_and_takes_nothing_from_one_alone(
    object_server: ObjectServer, customer: tenancy.Customer, tmp_path: Path
) -> None:
    prefix = f"worm-{uuid4().hex[:8]}"
    warm = f"file://{tmp_path}/warm"
    locked = open_store(warm, cold=object_server.url(prefix, bucket=LOCKED))
    locked.put("one", b"warm")
    assert isinstance(locked, TieredStore)
    locked.cold.put("two", b"cold")
    object_server.client().put_object_legal_hold(Bucket=LOCKED, Key=f"{prefix}/two", LegalHold={"Status": "ON"})
    with pytest.raises(ObjectLockedError):
        locked.delete_many(["one", "two"])
    away = open_store(warm, cold="s3://nobody/x?endpoint=http://127.0.0.1:9&region=x")
    with pytest.raises(StoreUnavailableError):
        away.delete_many(["one"])
    assert away.get_range("one", 0, 9) == b"warm", "what is warm is read and written without the cold store"
    away.put("three", b"3")
    assert locked.warm.head("one").size == 4


def test_whoever_reads_while_an_object_moves_goes_on_reading(object_server: ObjectServer, tmp_path: Path) -> None:
    name = uuid4().hex[:8]
    store = open_store(object_server.url(f"w-{name}"), cold=object_server.url(f"c-{name}"))
    assert isinstance(store, TieredStore)
    content = os.urandom(3 << 20)
    digest = store.put("one", content).sha256
    with store.open("one") as file:
        first = file.read(100_000)
        assert store.copy_cold("one", sha256=digest, scratch=tmp_path) == len(content)
        assert store.drop_warm("one")
        assert first + file.read() == content
    assert not list(tmp_path.iterdir())


def test_the_page_the_interface_and_the_operator_see_each_tier(
    store: TieredStore, customer: tenancy.Customer, tmp_path: Path
) -> None:
    record(customer, tmp_path, days=DAYS + 1)
    said = CliRunner().invoke(app, ["storage", "move", customer.handle])
    assert said.exit_code == 0 and "3 objects" in " ".join(said.output.split()), said.output
    scrubbing.ask(at=datetime.now(UTC))
    work(customer)
    create_user(email="a@tiers.example", name="Ada", password=PASSWORD, role="administrator")
    home = f"/c/{customer.handle}/"
    page = Client(HTTP_HOST="127.0.0.1")
    assert page.post(home + "sign-in", {"email": "a@tiers.example", "password": PASSWORD}).status_code == 302
    shown = page.get(home + "storage/").content.decode()
    assert "moved away" in shown and "Size by place" in shown
    assert ">3</td>" in shown, "the renditions of both places are counted together"
    answer = page.get(home + "api/v1/storage")
    assert answer.status_code == 200
    told = json.loads(answer.content)
    cold = sum(head.size for head in store.cold.list(str(customer.id)))
    assert {one["tier"]: one["bytes"] for one in told["tiers"]}["cold"] == cold > 0
    assert told["moves"][0]["objects"] == 3
    assert Recording.objects.count() == 1
