"""Consent of a call as it is said: a no stops it, the policy decides what stays, what was said is of the recording."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.integration.recordings.conftest import Place, Somebody
from tests.integration.recordings.test_deletions import left
from tests.integration.recordings.test_finalize import details_of, dying, ledgered
from tests.support.spooled import CALLER

from parley.inventory.api import Held
from parley.recordings import api as recordings
from parley.recordings import control, wishes
from parley.recordings.models import CallWish, LiveTold, Recording
from parley.recordings.policies import Decision
from parley.recordings.spool import read_manifest, write_manifest
from parley.recordings.types import ConsentRule, Notice, Told
from parley.retention import api as retention

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def running(place: Place, rule: ConsentRule) -> tuple[UUID, Path]:
    """A call of which the telephone system said that a tone was played; its directory, closed already."""
    directory = place.spooler.close(at=AT)
    told = (Told(about="notice", value="tone", how="header", at=AT),)
    decision = Decision(mode="always", policy=None, why="policy", notice="announcement", consent=rule, told=told)
    write_manifest(directory, replace(read_manifest(directory), steering=control.begin(decision)))
    report(read_manifest(directory))
    return read_manifest(directory).recording_id, directory


def report(manifest: recordings.Manifest) -> None:
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=datetime.now(UTC), packets=1, bytes=160))


def say(who: Somebody, one: UUID, *values: recordings.Consent) -> recordings.Awareness:
    for value in values:
        known = recordings.say_consent(who, one, value, how="page", by=who.user_id, at=datetime.now(UTC))
    return known


def test_a_no_stops_the_call_and_what_was_recorded_stays_where_consent_is_only_wanted(
    place: Place, everybody: Somebody
) -> None:
    one, directory = running(place, "wanted")
    before = recordings.awareness_of(everybody, one)
    assert (before.notice, before.notice_wanted, before.consent) == ("tone", "announcement", "not-asked")
    say(everybody, one, "asked", "refused")
    with pytest.raises(recordings.ToldRefused):
        say(everybody, one, "withdrawn")
    (wish,) = wishes.open_wishes(now=datetime.now(UTC) + timedelta(hours=1))
    assert (wish.deed, wish.by) == ("stop", everybody.user_id), "a no waits for its recorder as long as it takes"
    manifest = read_manifest(directory)
    stopped = replace(manifest, steering=control.steer(manifest.steering, "stop", at=AT + timedelta(seconds=0.5)))
    wishes.answer(wish.id, at=datetime.now(UTC))
    write_manifest(directory, stopped)
    report(stopped)
    (call,) = recordings.live(everybody)
    assert call.state == "stopped"
    for deed in (recordings.resume, recordings.start, recordings.keep, recordings.pause):
        with pytest.raises(recordings.DeedRefused):
            deed(everybody, one, by=everybody.user_id, at=datetime.now(UTC))
    assert not any(model for model in CallWish.objects.filter(done_at=None))
    place.finalize(directory)
    assert not LiveTold.objects.exists()
    found = recordings.get(everybody, one)
    assert [(told.about, told.value, told.how) for told in found.awareness.told] == [
        ("notice", "tone", "header"), ("consent", "asked", "page"), ("consent", "refused", "page"),
    ]  # fmt: skip
    assert found.steering is not None and found.steering.stopped and [gap.reason for gap in found.gaps] == ["paused"]
    (row,) = recordings.search(everybody).rows
    assert (row.consent, row.notice) == ("refused", "tone")
    assert ledgered() == {"recording.consent": 2, "recording.sealed": 1}
    assert details_of("recording.consent").keys() == {"recording", "said", "how", "user", "running"}
    later = say(everybody, one, "given", "withdrawn")
    assert later.consent == "withdrawn" and not CallWish.objects.filter(done_at=None).exists()
    notice = recordings.say_notice(everybody, one, "announcement", how="program", by=uuid4(), at=AT)
    assert notice.notice == "announcement" and recordings.search(everybody).rows[0].consent == "withdrawn"


def test_what_is_known_is_found_and_of_old_recordings_too(place: Place, everybody: Somebody) -> None:
    """One call of each kind; a fresh column of old rows is filled with the same."""
    heard = Told(about="notice", value="tone", how="header", at=AT)
    kinds: dict[str, tuple[Notice, tuple[Told, ...]]] = {
        "": ("none", ()), "not-known": ("announcement", ()), "tone": ("none", (heard,)), "none": ("tone", (heard,)),
        "announcement": ("announcement", (heard,)),
    }  # fmt: skip
    made = {}
    for number, (state, (wanted, told)) in enumerate(kinds.items()):
        directory = place.spooler.close(at=AT + timedelta(minutes=number))
        steering = control.begin(Decision(mode="always", policy=None, why="policy", notice=wanted, told=told))
        write_manifest(directory, replace(read_manifest(directory), steering=steering))
        made[state] = place.finalize(directory)
    for value in ("none", "announcement"):
        recordings.say_notice(everybody, made[value], value, how="page", by=everybody.user_id, at=AT)
    say(everybody, made["none"], "asked")
    old = place.recorded(at=AT - timedelta(hours=1), parts=[])
    Recording.objects.filter(id=old).update(steering=None, told=None)

    mine = Somebody(number_indexes=frozenset({place.spooler.index("number", CALLER.number), b"y" * 17}))

    def found(viewer: Somebody = everybody, **wanted: Any) -> list[UUID]:
        return [row.recording_id for row in recordings.search(viewer, recordings.Wanted(**wanted)).rows]

    for _again in range(2):
        for state in recordings.NOTICES:
            assert found(notice=(state,)) == [made[state]]
        assert found(notice=("not-known",)) == [made["not-known"]]
        assert found(notice=("tone", "announcement")) == [made["announcement"], made["tone"]]
        assert found(notice=("none",), consent=("asked", "given")) == [made["none"]]
        assert found(notice=("tone",), consent=("asked",)) == []
        assert found(viewer=mine, notice=("none",), consent=("asked",)) == [made["none"]]
        assert found(viewer=Somebody(number_indexes=frozenset({b"x" * 17})), notice=("none",)) == []
        assert len(found()) == 6 and {row.notice for row in recordings.search(everybody).rows} == set(kinds)
        Recording.objects.update(notice="")
        with connection.cursor() as cursor:
            cursor.execute(import_module("parley.recordings.migrations.0014_notice").NOTICE)


def test_a_yes_after_a_no_lets_people_resume_it(place: Place, everybody: Somebody) -> None:
    one, _directory = running(place, "needed")
    say(everybody, one, "refused", "given")
    assert [wish.deed for wish in wishes.open_wishes(now=datetime.now(UTC))] == ["stop", "permit"]


@pytest.mark.parametrize(
    ("rule", "said", "kept"),
    [
        ("not-needed", (), True),
        ("wanted", (), True),
        ("needed", (), False),
        ("needed", ("asked",), False),
        ("needed", ("given",), True),
        ("needed", ("given", "withdrawn"), False),
        ("needed", ("refused", "given"), True),
    ],
)
def test_where_it_is_needed_only_a_yes_keeps_the_call(
    place: Place, everybody: Somebody, rule: ConsentRule, said: tuple[recordings.Consent, ...], kept: bool
) -> None:
    one, directory = running(place, rule)
    if said:
        say(everybody, one, *said)
    recordings.add_live_note(everybody, one, text="x", by=uuid4(), at=AT)
    place.finalize(directory)
    assert Recording.objects.filter(id=one).exists() == kept
    assert not LiveTold.objects.exists()
    if kept:
        expected = "" if rule == "not-needed" else "given" if said else "not-asked"
        assert recordings.search(everybody).rows[0].consent == expected
    else:
        assert details_of("recording.left-out")["why"] == "consent-not-given"
        assert left(one) <= {"recordings_callwish"}, "nothing but what people wanted of the call"
        assert not [head for head in place.store.list(f"{place.customer.id}/") if str(one) in head.key]


@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed but persisted"])
@pytest.mark.parametrize("step", ["take_told", "forget_call", "discard"])
def test_a_yes_is_not_lost_when_finalising_dies(
    place: Place, everybody: Somebody, monkeypatch: pytest.MonkeyPatch, step: str, persisted: bool
) -> None:
    one, directory = running(place, "needed")
    say(everybody, one, "given")
    with dying(monkeypatch, step, persisted=persisted):
        place.finalize(directory)
    for again in recordings.closed_recordings(place.spool):
        place.finalize(again)
    assert recordings.awareness_of(everybody, one).consent == "given"
    assert ledgered() == {"recording.consent": 1, "recording.sealed": 1}


def test_who_sees_the_call_may_say_it_and_nobody_of_what_is_restricted(place: Place, everybody: Somebody) -> None:
    one, directory = running(place, "wanted")
    mine = Somebody(role="user", number_indexes=frozenset({place.spooler.index("number", CALLER.number)}))
    stranger = Somebody(role="user", number_indexes=frozenset({b"x" * 17}))
    assert say(mine, one, "asked").consent == "asked"
    for _running in (True, False):
        with pytest.raises(recordings.NoSuchRecording):
            say(stranger, one, "given")
        with pytest.raises(recordings.NoSuchRecording):
            recordings.awareness_of(stranger, one)
        if directory.exists():
            place.finalize(directory)
    held = Held(store="recordings", kind="recording", id=one, at=AT)
    retention.restrict([held], reference="R-1", ground="contested", at=AT, by=uuid4())
    with pytest.raises(retention.UseRestricted):
        say(mine, one, "given")
    assert recordings.awareness_of(mine, one).consent == "asked"
