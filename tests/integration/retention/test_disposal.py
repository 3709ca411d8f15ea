"""The one erasing function: it fails closed, remembers what it erased, and comes to the same end after any kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections, transaction
from tests.integration.retention.conftest import ANNA, NOW, House, left
from tests.support.interrupted import commit_points, interrupted
from tests.support.left_evidence import trail
from tests.support.recorded_rows import add_recording

from parley.agreement.api import Span
from parley.inventory.api import Erased, Held, connect_stores, stores
from parley.obligations.api import run_due
from parley.recordings.models import NumberIndex, Part, Recording
from parley.retention import api as retention
from parley.retention import deletion, tombstones
from parley.retention.models import Tombstone
from parley.tenancy import api as tenancy
from parley.tenancy import selection

SUPPORT = Path(__file__).parents[2] / "support"


class Faulty:
    """A store that does not do what it says: for failures only."""

    name, offering, kinds = "faulty", "shared-services", {"thing": "thing"}
    models: frozenset[str] = frozenset()

    def __init__(self, *, reports: int, leaves: bool) -> None:
        self.reports, self.leaves, self.gone = reports, leaves, False

    def find(self, _subject: object) -> Sequence[Held]:
        return []

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset(ids if self.leaves or not self.gone else ())

    def erase(self, _ids: Sequence[UUID]) -> Erased:
        self.gone = True
        return Erased(records=self.reports)


@contextmanager
def answering(*chosen: object) -> Iterator[None]:
    before = tuple(stores())
    connect_stores(lambda: chosen)  # type: ignore[arg-type,return-value]
    try:
        yield
    finally:
        connect_stores(lambda: before)


def evidence_of(kind: str) -> list[Mapping[str, object]]:
    return [dict(one.details or {}) for one in trail([kind])]


def test_im_9_rights_erasing_leaves_nothing_but_its_evidence(house: House) -> None:
    """control.erasure"""
    calls = house.calls(3, 2, 1)
    done = retention.dispose(calls, cause="request", reference="R-1", at=NOW, by=house.by, clause="IM-9.rights")
    assert (done.erased.records, done.kept) == (3, ())
    assert not Recording.objects.exists() and not Part.objects.exists() and not NumberIndex.objects.exists()
    (proof,) = evidence_of("retention.erased")
    assert proof["records"] == {"recordings/recording": 3}
    assert (proof["cause"], proof["reference"], proof["by"]) == ("request", "R-1", str(house.by))
    assert proof["ids_sha256"] == retention.ids_hash(calls)
    assert ANNA not in str(proof)


def test_an_erasure_without_a_store_for_all_that_is_found_by_person_stays_open(house: House) -> None:
    call = house.call(days=1)
    with (
        answering(*(one for one in stores() if one.name != "mail")),
        pytest.raises(retention.ErasureIncomplete) as open_,
    ):
        retention.dispose([call], cause="request", reference="R-1", at=NOW, by=house.by)
    assert open_.value.missing == ("mail.Message", "mail.Recipient")
    assert left() == {call.id} and not evidence_of("retention.erased")


@pytest.mark.parametrize(("reports", "leaves"), [(0, False), (1, True), (0, True)])
def test_a_store_that_erased_less_than_it_had_undoes_everything(house: House, reports: int, leaves: bool) -> None:
    call = house.call(days=1)
    faulty = Faulty(reports=reports, leaves=leaves)
    thing = Held(store="faulty", kind="thing", id=UUID(int=7), at=NOW)
    with answering(*stores(), faulty), pytest.raises(retention.ErasureIncomplete) as open_:
        retention.dispose([call, thing], cause="customer", reference="x", at=NOW, by=house.by)
    assert "faulty" in open_.value.missing[0]
    assert left() == {call.id} and not evidence_of("retention.erased")


def test_a_tombstone_is_laid_first_and_a_restored_backup_loses_the_record_again(house: House) -> None:
    call, stays = house.calls(3, 2)
    retention.dispose([call], cause="request", reference="R-1", at=NOW, by=house.by)
    (stone,) = retention.tombstones(house.customer.id)
    assert (stone.store, stone.record, stone.at) == ("recordings", call.id, NOW)
    retention.dispose([house.call(days=4)], cause="request", reference="R-2", at=NOW, by=house.by)
    assert retention.reconcile(at=NOW + timedelta(hours=2)) == 0
    assert not Tombstone.objects.filter(customer_id=house.customer.id, sure=False).exists(), "looked for once"
    Recording.objects.filter(id=_again(call)).update(id=call.id)  # as a backup from before would have it
    assert left() == {call.id, stays.id}
    assert retention.replay(customer_id=house.customer.id, since=NOW - timedelta(days=1), at=NOW).records == 1
    assert left() == {stays.id}
    assert evidence_of("retention.replayed")[0]["tombstones"] == {"recordings": 2}
    assert retention.replay(customer_id=house.customer.id, since=None, at=NOW) == Erased()
    assert not retention.tombstones(house.customer.id, since=NOW + timedelta(days=2))
    assert retention.forget_tombstones(house.customer.id, NOW + timedelta(seconds=1)) == 2


@pytest.mark.parametrize("beside", [True, False])
def test_a_tombstone_waits_for_the_disk_where_its_log_is_another_one(
    house: House, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    """Flushed or not is read off the server's log; its writer, which flushes five times a second, may come between."""
    if not beside:
        _reach_provider_by_another_name(house, monkeypatch)
    assert tenancy.provider_beside() == beside
    flushed = []
    with connections["provider"].cursor() as provider:
        provider.execute("SET synchronous_commit = on")  # the tests' server has it off, and writes its log all the same
        for number in range(20):
            provider.execute("SELECT pg_current_wal_insert_lsn()")
            (before,) = provider.fetchone()
            with transaction.atomic():
                with tombstones.laid({"recordings": [UUID(int=number)]}, cause="customer", at=NOW):
                    pass
                provider.execute("SELECT pg_current_wal_flush_lsn() > %s::pg_lsn", [before])
                flushed.append(provider.fetchone()[0])
        provider.execute("RESET synchronous_commit")
    assert not all(flushed) if beside else all(flushed)


def _reach_provider_by_another_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's server by another address: nobody can tell any more that it is the same."""
    real = selection.location
    socket = Path(real(selection.PROVIDER_DATABASE).host)
    link = socket.with_name(f"r{house.customer.id.hex[:6]}")
    link.symlink_to(socket)

    def elsewhere(database: str, *, role: tenancy.Role = "app") -> selection.Location:
        found = real(database, role=role)
        return replace(found, host=str(link)) if database == selection.PROVIDER_DATABASE else found

    connections["provider"].close()
    monkeypatch.setattr(selection, "location", elsewhere)


def test_what_was_not_erased_after_all_loses_its_tombstone(house: House) -> None:
    call = house.call(days=3)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        retention.dispose([call], cause="customer", reference="x", at=NOW, by=house.by)
        raise ZeroDivisionError
    assert left() == {call.id} and len(retention.tombstones(house.customer.id)) == 1
    assert retention.reconcile(at=NOW) == 0, "it may still be under way"
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        retention.dispose([call], cause="customer", reference="y", at=NOW + timedelta(minutes=9), by=house.by)
        raise ZeroDivisionError
    (stone,) = retention.tombstones(house.customer.id)
    assert stone.at == NOW + timedelta(minutes=9), "a backup of the time between has the record"
    assert retention.reconcile(at=NOW + timedelta(hours=2)) == 1
    assert not retention.tombstones(house.customer.id)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_a_thousand_records_of_one_person_go_in_under_two_seconds(house: House, count: int) -> None:
    calls = [house.call(days=1) for _each in range(count)]
    began = datetime.now()
    assert retention.dispose(calls, cause="request", reference="R", at=NOW, by=house.by).erased.records == count
    assert (datetime.now() - began).total_seconds() < 2


def test_a_night_that_dies_at_any_commit_comes_to_the_same_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "SIZE", 2)
    handlers = {**retention.handlers(), **retention.long_handlers()}
    for rounds, point in enumerate(commit_points(), 1):
        today = NOW + timedelta(days=10 * rounds)
        house.calls(*(days - 10 * rounds for days in (50, 49, 48)))
        retention.set_rule(store="recordings", kind="recording", keep=Span(30, "days"), by=house.by, at=today)
        begins = retention.next_night(today)
        with interrupted(point) as meter:
            run_due(house.customer, handlers=handlers, now=begins)
        later = datetime.now(begins.tzinfo) + timedelta(days=3650)
        assert run_due(house.customer, handlers=_once(handlers, begins), now=later).failed == 0
        assert not left()
        assert sum(_erased(one) for one in evidence_of("retention.erased")) == 3 * rounds
        retention.reconcile(at=later)
        assert len(retention.tombstones(house.customer.id)) == 3 * rounds
        if not meter.fired:
            break
    assert point.commit >= 8, "tombstones are laid by a statement of their own, which is no commit of Django's"


def test_a_deletion_that_is_killed_goes_on_where_it_was(house: House, cluster: Path) -> None:
    house.calls(*range(40, 52))
    young = house.call(days=1)
    retention.set_rule(store="recordings", kind="recording", keep=Span(30, "days"), by=house.by, at=NOW)
    begins = retention.next_night(NOW)
    command = [sys.executable, SUPPORT / "killed_deletion.py", str(house.customer.id), begins.isoformat()]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert 1 < len(left()) < 13
    handlers = {**retention.handlers(), **retention.long_handlers()}
    later = datetime.now(begins.tzinfo) + timedelta(days=400)
    assert run_due(house.customer, handlers=_once(handlers, begins), now=later).failed == 0
    assert left() == {young.id}
    assert sum(_erased(one) for one in evidence_of("retention.erased")) == 12


def _again(call: Held) -> UUID:
    return add_recording(at=call.at, numbers=[], parts=0)


def _erased(details: Mapping[str, object]) -> int:
    records = details["records"]
    assert isinstance(records, dict)
    return sum(records.values())


def _once(handlers, begins):  # type: ignore[no-untyped-def]
    """The night's work with the night's own clock: much later, so that pauses after failures are over."""
    from dataclasses import replace

    night = handlers[deletion.NIGHT]

    def only_this(work):  # type: ignore[no-untyped-def]
        if work.key.endswith(f"{begins:%Y-%m-%d}"):
            night(replace(work, now=begins))

    return {**handlers, deletion.NIGHT: only_this}
