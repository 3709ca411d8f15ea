"""Live over HTTP: what is recorded of each call, what may be done with it, the badge, alarms, policies; by who may."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support.left_evidence import entries
from tests.support.spooled import Spooler, call

from parley.people import api as people
from parley.recordings import api as recordings
from parley.recordings import control
from parley.recordings.models import CallWish
from parley.recordings.policies import Decision, read_policies
from parley.recordings.types import Mishap
from parley.tenancy import api as tenancy

ANNA = "+390584943232"


@pytest.fixture(scope="module")
def customer(make_customer: Any, django_db_blocker: Any) -> Iterator[tenancy.Customer]:
    with django_db_blocker.unblock():
        made = make_customer()
        tenancy.add_trunk(made, name="main", sources=["192.0.2.77"])
        with tenancy.scope(made):
            for role, number in (("administrator", "+390584111111"), ("user", ANNA), ("supervisor", "+390584222222")):
                people.create_user(
                    email=f"{role}@live.example", name=role, password=PASSWORD, role=role, numbers=[number]
                )
            yield made


@pytest.fixture
def home(customer: tenancy.Customer) -> str:
    return f"/c/{customer.handle}/"


@pytest.fixture
def boss(home: str) -> Client:
    return signed_in(home, "administrator@live.example")


def running(
    customer: tenancy.Customer, folder: Path, mode: recordings.Mode, *deeds: recordings.Deed
) -> recordings.Manifest:
    """A call of ANNA as its recorder reports it."""
    now = datetime.now(UTC)
    steering = control.begin(Decision(mode=mode, policy=None, why="policy", auto_resume_seconds=60))
    for deed in deeds:
        steering = control.steer(steering, deed, at=now)
    manifest = recordings.read_manifest(Spooler(folder / str(uuid4()), customer).close(parts=[call(0.2)]))
    manifest = replace(manifest, steering=steering)
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=now, packets=10, bytes=2000))
    return manifest


@pytest.mark.parametrize(
    ("mode", "deeds", "words", "buttons"),
    [
        ("always", (), "recording", {"pause"}),
        ("always", ("pause",), "paused: nothing is written", {"resume"}),
        ("on-demand", (), "not recorded", {"start"}),
        ("keep-live", (), "recorded, discarded at the end", {"keep", "pause"}),
    ],
)
def test_a_row_says_its_state_and_offers_what_fits(
    customer: tenancy.Customer, boss: Client, home: str, tmp_path: Path, mode: str, deeds: Any, words: str, buttons: Any
) -> None:
    manifest = running(customer, tmp_path, mode, *deeds)
    try:
        page = boss.get(home + "live/").content.decode()
        assert words in page
        assert {deed for deed in control.DEEDS if f'name="deed" value="{deed}"' in page} == buttons
        for deed in control.DEEDS:
            sent = boss.post(home + "live/", {"deed": deed, "recording": str(manifest.recording_id)})
            assert sent.status_code == 302 and ("refused" in sent["Location"]) == (deed not in buttons)
        wished = CallWish.objects.filter(recording_id=manifest.recording_id)
        assert {one.deed for one in wished} == buttons and customer.id in tenancy.due_wakes(
            "control", datetime.now(UTC)
        )
    finally:
        recordings.end_live(manifest.recording_id)


def test_a_person_sees_its_own_call_and_its_badge(customer: tenancy.Customer, home: str, tmp_path: Path) -> None:
    anna, other = signed_in(home, "user@live.example"), signed_in(home, "supervisor@live.example")
    assert anna.get(home + "live/mine").json() == {"recorded": False, "calls": []}
    manifest = running(customer, tmp_path, "always")
    try:
        answer = anna.get(home + "live/mine").json()
        assert answer["recorded"] and [one["recording_id"] for one in answer["calls"]] == [str(manifest.recording_id)]
        assert ANNA[1:] not in str(answer)
        assert other.get(home + "live/mine").json() == {"recorded": False, "calls": []}
        sent = {"deed": "pause", "recording": str(manifest.recording_id)}
        assert "refused" in other.post(home + "live/", sent)["Location"]
        assert "refused" not in anna.post(home + "live/", sent)["Location"]
        assert Client(HTTP_HOST="127.0.0.1").get(home + "live/mine").status_code in {302, 401, 403}
    finally:
        recordings.end_live(manifest.recording_id)


def test_an_alarm_stands_on_the_page_until_it_is_over_or_seen(
    customer: tenancy.Customer, boss: Client, home: str
) -> None:
    now, trunk = datetime.now(UTC), uuid4()
    mishap = Mishap(cause="no-ports", key=f"no-ports:{trunk}", call="a", trunk_id=trunk, trunk_name="main <b>", at=now)
    first = recordings.alarms.raise_alarm(mishap)
    assert recordings.alarms.raise_alarm(replace(mishap, call="b"), calls=4) == first
    page = boss.get(home + "live/").content.decode()
    assert "no media port was free" in page and "5 calls" in page and "main &lt;b&gt;" in page
    assert signed_in(home, "user@live.example").get(home + "live/").content.decode().count("no media port") == 0
    assert recordings.alarms.clear(str(trunk), at=now) == 1
    assert "no media port was free" not in boss.get(home + "live/").content.decode()
    assert recordings.alarms.raise_alarm(mishap) == first, "again within minutes: the same alarm"
    boss.post(home + "live/alarms/", {"alarm": str(first)})
    assert "no media port was free" not in boss.get(home + "live/").content.decode()
    listed = boss.get(home + "live/alarms/").content.decode()
    assert "seen by administrator" in listed
    assert [kind for kind, _ in entries() if kind.startswith("alarm.")] == ["alarm.acknowledged", "alarm.raised"]
    with tenancy.scope(customer):
        for number in range(55):
            recordings.alarms.raise_alarm(replace(mishap, key=f"gap:{number}", cause="gap", recording_id=uuid4()))
    listed = boss.get(home + "live/alarms/").content.decode()
    older = listed.partition("?before=")[2].partition('"')[0]
    assert older
    listed += boss.get(home + "live/alarms/?before=" + older).content.decode()
    assert listed.count("I have seen it") == 55 and listed.count("seen by administrator") == 1


def test_policies_are_made_moved_changed_and_removed_and_recorders_get_them(
    customer: tenancy.Customer, boss: Client, home: str
) -> None:
    here, (trunk,) = home + "live/policies/", tenancy.trunks(customer)
    user = people.User.objects.get(email="user@live.example")
    form = {
        "mode": "on-demand",
        "direction": "inbound",
        "sampling": "100",
        "auto_resume": "30",
        "announced": "not-needed",
        "notice": "tone",
        "consent": "wanted",
    }
    assert boss.post(here + "new", form).status_code == 400
    assert boss.post(here + "new", {**form, "name": "Anna", "users": str(user.id)}).status_code == 302
    more = {
        "name": "Nights", "mode": "never", "direction": "", "trunk": str(trunk.id), "starts": "22:00", "ends": "06:00",
        "days": ["5", "6"], "zone": "Europe/Rome", "number": "+39 02 66711", "refuse": "yes",
    }  # fmt: skip
    assert boss.post(here + "new", {**form, **more}).status_code == 302
    for wrong, words in (
        ({"prefix": "0584"}, "Write it like +390584"),
        ({"zone": "Europe/Nowhere"}, "Write it like Europe/Rome"),
        ({"starts": "25:00", "ends": "26:00"}, "A time is written 14:30"),
        ({"sampling": "101"}, "up to 100"),
        ({"announced": "header"}, "This is needed"),
    ):
        answer = boss.post(here + "new", {**form, "name": "x", **wrong})
        assert answer.status_code == 400 and words in answer.content.decode(), wrong
    anna, nights = (line.policy for line in recordings.policies())
    page = boss.get(here).content.decode()
    assert "trunk main, Sat Sun, 22:00–06:00 Europe/Rome" in page and "+39 02" not in page
    boss.post(here, {"deed": "up", "policy": str(nights.id)})
    assert [line.policy.name for line in recordings.policies()] == ["Nights", "Anna"]

    entry = tenancy.trunk_directory().find("192.0.2.77", 5060)
    assert entry is not None
    first, second = read_policies(entry.policies).policies
    assert first.refuse and first.match.numbers and first.match.days == (5, 6)
    assert second.match.numbers == people.number_indexes(users=[user.id])
    people.give_number(user.id, "+390584333333", kind="did", region="IT", by=user.id, at=datetime.now(UTC))
    assert recordings.refresh_policies() and not recordings.refresh_policies()

    kept = {**form, **more, "number": "", "keep_number": "yes", "name": "Late"}
    assert boss.post(f"{here}{nights.id}/", kept).status_code == 302
    assert next(iter(recordings.policies())).number_indexes
    for one in (anna, nights):
        boss.post(here, {"deed": "remove", "policy": str(one.id)})
    assert not recordings.policies() and "Every call is recorded." in boss.get(here).content.decode()
    gone = tenancy.trunk_directory().find("192.0.2.77", 5060)
    assert gone is not None and gone.policies == ""
    kinds = [kind for kind, _ in entries() if kind.startswith("policy.")]
    assert kinds == [
        "policy.removed",
        "policy.removed",
        "policy.changed",
        "policy.moved",
        "policy.added",
        "policy.added",
    ]


def test_the_page_of_a_call_takes_notes_until_it_leads_to_the_recording(
    customer: tenancy.Customer, boss: Client, home: str, tmp_path: Path
) -> None:
    directory = Spooler(tmp_path, customer).close(parts=[call(0.2)], at=datetime.now(UTC) - timedelta(seconds=2))
    manifest = recordings.read_manifest(directory)
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=datetime.now(UTC), packets=1, bytes=160))
    page, stranger = home + f"live/{manifest.recording_id}/", signed_in(home, "supervisor@live.example")
    assert page in boss.get(home + "live/").content.decode()
    assert stranger.get(page).status_code == stranger.post(page, {"deed": "note", "text": "x"}).status_code == 404
    assert "None yet" in boss.get(page).content.decode()
    assert boss.post(page, {"deed": "note", "text": "calls <back>", "moment": "0:01"}).status_code == 302
    assert boss.post(page, {"deed": "tag", "text": "claim", "whole": "yes"}).status_code == 302
    refused = boss.post(page, {"deed": "note", "text": "much later", "moment": "59:00"})
    assert refused.status_code == 400 and "has had no such moment yet" in refused.content.decode()
    assert "much later" in refused.content.decode(), "what was written is not lost"
    assert boss.post(page, {"deed": "note", "text": "x", "moment": "soon"}).status_code == 400
    assert boss.post(page, {"deed": "remove-note", "one": "x"}).status_code == 400
    assert boss.post(page, {"deed": "resume"}).status_code == 400
    shown = boss.get(page).content.decode()
    assert "calls &lt;back&gt;" in shown and ">0:01<" in shown and ">whole<" in shown
    recordings.end_live(manifest.recording_id)
    assert "This call is over" in boss.get(page).content.decode()
    assert boss.post(page, {"deed": "note", "text": "at the end"}).status_code == 302
    recordings.finalize(directory, store=recordings.installed_store(), now=datetime.now(UTC))
    recording = home + f"recordings/{manifest.recording_id}/"
    assert boss.get(page)["Location"] == recording + "#remarks"
    asked_by_the_page = boss.get(page, headers={"HX-Request": "true"}).content.decode()
    assert recording in asked_by_the_page and "at the end" in asked_by_the_page
    assert boss.post(page, {"deed": "note", "text": "afterwards"})["Location"] == recording + "#remarks"
    notes = [one.text for one in recordings.notes(people.viewer(_boss()), manifest.recording_id)]
    assert sorted(str(one) for one in notes) == ["afterwards", "at the end", "calls <back>"]


def test_consent_is_said_on_the_page_of_the_call_and_on_that_of_its_recording(
    customer: tenancy.Customer, boss: Client, home: str, tmp_path: Path
) -> None:
    directory = Spooler(tmp_path, customer).close(parts=[call(0.2)], at=datetime.now(UTC) - timedelta(seconds=2))
    decision = Decision(mode="always", policy=None, why="policy", notice="announcement", consent="needed")
    manifest = replace(recordings.read_manifest(directory), steering=control.begin(decision))
    recordings.write_manifest(directory, manifest)
    recordings.report_live(recordings.LiveReport(manifest=manifest, at=datetime.now(UTC), packets=1, bytes=160))
    page, say = home + f"live/{manifest.recording_id}/", home + f"recordings/{manifest.recording_id}/awareness"
    shown = boss.get(page).content.decode()
    assert "consent not asked" in shown and "without it the call is discarded" in shown
    assert "the policy wants an announcement" in shown and "nothing is known of it" in shown
    stranger = signed_in(home, "supervisor@live.example")
    assert stranger.get(say).status_code == stranger.post(say, {"consent": "given"}).status_code == 404
    assert boss.get(say)["Location"] == page + "#awareness"
    assert boss.post(say, {"notice": "announcement"})["Location"] == page + "#awareness"
    assert boss.post(say, {"consent": "refused"})["Location"] == page + "#awareness"
    assert boss.post(say, {"consent": "withdrawn"})["Location"] == page + "?told=no#awareness"
    assert "Something else was said of consent meanwhile" in boss.get(page + "?told=no").content.decode()
    stopped = replace(manifest, steering=control.steer(manifest.steering, "stop", at=datetime.now(UTC)))
    recordings.report_live(recordings.LiveReport(manifest=stopped, at=datetime.now(UTC), packets=1, bytes=160))
    shown = boss.get(page).content.decode()
    assert "stopped: no consent" in shown and "consent refused" in shown and 'value="resume"' not in shown
    assert "stopped: no consent" in boss.get(home + "live/").content.decode()
    boss.post(say, {"consent": "given"})
    recordings.finalize(directory, store=recordings.installed_store(), now=datetime.now(UTC))
    recording = home + f"recordings/{manifest.recording_id}/"
    shown = boss.get(recording).content.decode()
    assert "consent given" in shown and "The parties heard an announcement" in shown and "administrator" in shown
    assert boss.post(say, {"consent": "withdrawn"})["Location"] == recording + "#awareness"
    assert "consent withdrawn" in boss.get(home + "recordings/").content.decode()


def _boss() -> people.User:
    return people.User.objects.get(email="administrator@live.example")
