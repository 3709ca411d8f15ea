"""Where the provider keeps the keys a run seals all anew: it goes on after a death, and ends when it is stopped."""

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.integration.recordings.conftest import Place, Somebody
from tests.support.interrupted import commit_points, interrupted
from tests.support.resealed import AGO, details, now, opened, swept

from parley.governance.access import api as access
from parley.inventory.api import Held
from parley.obligations.api import run_due
from parley.people.api import create_user, set_active
from parley.recordings import api as recordings
from parley.recordings.errors import ResealingRefused
from parley.recordings.models import Part, Recording
from parley.recordings.resealing import anew, running
from parley.recordings.resealing import api as resealing
from parley.recordings.scrubbing.examining import examine
from parley.retention import api as retention
from parley.sealing.api import (
    NoIdentityMatchesError,
    open_bytes,
)
from parley.tenancy import api as tenancy

KILLED = Path(__file__).parents[2] / "support" / "killed_resealing.py"


def rotate_keys() -> None:
    access.rotate_keys(recipients=(), by=uuid4(), party="customer", at=now())


def test_where_the_provider_keeps_the_keys_a_run_does_all_and_goes_on_after_a_death(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [place.recorded(at=now() - AGO + timedelta(minutes=n)) for n in range(4)]
    place.render()
    sound = recordings.rendition(everybody, made[1], "wav", store=place.store).read()
    record = Held(store="recordings", kind="recording", id=made[2], at=now() - AGO + timedelta(minutes=2))
    retention.place_hold(
        title="T", ground="G", owner=uuid4(), review_at=now() + AGO, by=uuid4(), at=now(),
        records=[replace(record, at=Recording.objects.get(id=made[2]).started_at)],
    )  # fmt: skip
    by = create_user(email="o@reseal.example", name="Olga", password=None, role="compliance").id
    with pytest.raises(ResealingRefused):
        resealing.start(by=by, at=now())
    rotate_keys()
    monkeypatch.setattr(running, "_SECONDS", 0.0)  # a recording in each slice
    with recordings.using_store(place.store):
        run = resealing.start(by=by, at=now())
        assert resealing.start(by=by, at=now()) == run
        turns = 0
        while True:
            turns += 1
            with interrupted(next(point for point in commit_points() if point.commit == 1 + turns % 2)):
                run_due(place.customer, handlers={running.RESEAL: running._slice}, now=now())
            for each in made:
                recordings.rendition(everybody, each, "wav", store=place.store).close()
                assert examine(each, store=place.store).damages == ()
            found = resealing.newest()
            if (found and found.finished_at) or turns > 40:
                break
            run_due(place.customer, handlers={running.RESEAL: running._slice}, now=now() + timedelta(minutes=turns))
        assert found and (found.total, found.done, found.refused, found.stopped) == (4, 3, {"hold": 1}, False)
        assert (resealing.former().left, resealing.former().fields) == (1, 0)
        keys = tenancy.keyring().identities(tenancy.current())
        epoch = Recording.objects.get(id=made[2]).epoch
        assert open_bytes(bytes(epoch.wrapped), [keys[0]])[:16] == epoch.id.bytes
        assert opened(place, made[1], keys[0])
        with pytest.raises(NoIdentityMatchesError):
            opened(place, made[1], keys[1])
        assert opened(place, made[2], keys[1])
        assert recordings.rendition(everybody, made[1], "wav", store=place.store).read() == sound
        sealed = details(recordings.get(everybody, made[1]).evidence_id)
        told = details(anew.resealed_entry(made[1], 1))
        assert told["before_sha256"] == sealed["files_sha256"]
        assert {one["name"] for one in told["renditions"]} == {"mp3", "wav", "peaks"}
        assert len(swept(place)) == 4 * 4
        with pytest.raises(ResealingRefused, match="the provider keeps"):
            resealing.reseal(
                everybody, made[2], {}, recipients=tenancy.current().recipients, at=now(), store=place.store
            )


@pytest.mark.parametrize("store_url", ["file"], indirect=True)  # the process is killed in a store of files
def test_a_worker_that_is_killed_leaves_every_recording_whole(place: Place, everybody: Somebody) -> None:
    made = [place.recorded(at=now() - AGO) for _ in range(2)]
    by = create_user(email="k@reseal.example", name="Kim", password=None, role="compliance").id
    former = tenancy.keyring().identities(tenancy.current())
    capture = opened(place, made[0], *former)
    rotate_keys()
    keys = tenancy.keyring().identities(tenancy.current())
    with recordings.using_store(place.store):
        resealing.start(by=by, at=now())
        for point in ("written", "named", "swept"):
            died = subprocess.run(
                [sys.executable, KILLED, str(place.customer.id), place.url, point], capture_output=True, check=False
            )
            assert died.returncode == -signal.SIGKILL, died.stderr.decode()
            fitting = keys[:1] if point == "swept" else former
            for recording in made:
                assert opened(place, recording, *fitting) == capture
                assert examine(recording, store=place.store).damages == ()
        assert resealing.former().left == 0
        run_due(place.customer, handlers=resealing.long_handlers(), now=now() + 2 * AGO)
        left = {head.key for head in place.store.list(f"{place.customer.id}/recordings/")}
        assert left == set(Part.objects.values_list("object_key", flat=True))


def test_a_run_ends_when_it_is_stopped_or_who_asked_may_no_more(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [place.recorded(at=now() - AGO + timedelta(minutes=n)) for n in range(2)]
    create_user(email="a@reseal.example", name="Ada", password=None, role="administrator")
    by = create_user(email="p@reseal.example", name="Pia", password=None, role="compliance").id
    rotate_keys()
    with recordings.using_store(place.store):
        resealing.start(by=by, at=now())
        resealing.stop(at=now())
        run_due(place.customer, handlers=resealing.long_handlers(), now=now())
        found = resealing.newest()
        assert found and (found.stopped, found.done) == (True, 0)
        resealing.start(by=by, at=now())
        set_active(by, active=False, by=uuid4(), at=now())
        run_due(place.customer, handlers=resealing.long_handlers(), now=now())
        found = resealing.newest()
        assert found and (found.stopped, found.done, resealing.former().left) == (True, 0, len(made))
