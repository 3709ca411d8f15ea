"""Running calls by program: what is recorded of each, and what may be done with it, by whom."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from tests.integration.rest.conftest import Office, bearer, now, report_running
from tests.support.spooled import CALLER, Spooler

from parley.people.api import create_user
from parley.recordings import api as recordings
from parley.recordings import control, wishes
from parley.recordings.models import CallWish
from parley.recordings.policies import Decision
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens

DEEDS = ("pause", "resume", "start", "keep")


@pytest.mark.parametrize(
    ("mode", "before", "state", "fits"),
    [
        ("always", (), "recording", {"pause"}),
        ("always", ("pause",), "paused", {"resume"}),
        ("on-demand", (), "dormant", {"start"}),
        ("keep-live", (), "buffered", {"keep", "pause"}),
        ("keep-live", ("pause",), "paused", {"keep", "resume"}),
    ],
)
def test_a_call_says_its_state_and_takes_what_fits(
    office: Office,
    tmp_path: Path,
    mode: recordings.Mode,
    before: tuple[recordings.Deed, ...],
    state: str,
    fits: set[str],
) -> None:
    client = bearer(office.token(["live:read", "live:control"]))
    with tenancy.scope(office.customer):
        call = report_running(Spooler(tmp_path, office.customer), mode, *before).recording_id
    try:
        (listed,) = [one for one in client.get(f"{office.api}/live").json() if one["id"] == str(call)]
        assert client.get(f"{office.api}/live/{call}").json() == listed
        assert (listed["mode"], listed["state"]) == (mode, state)
        resumes = listed["resumes_at"] and datetime.fromisoformat(listed["resumes_at"]) - now()
        assert (resumes is not None and timedelta(0) < resumes <= timedelta(seconds=60)) == ("pause" in before)
        sent = {deed: client.post(f"{office.api}/live/{call}/{deed}") for deed in DEEDS}
        assert {deed: one.status_code for deed, one in sent.items()} == {
            deed: 202 if deed in fits else 409 for deed in DEEDS
        }
        assert {one.json()["error_id"] for one in sent.values() if one.status_code == 409} == {
            "recordings.deed_refused"
        }
        with tenancy.scope(office.customer):
            wished = {one.deed: one.by for one in CallWish.objects.filter(recording_id=call)}
        assert wished == dict.fromkeys(fits, office.admin.id)
    finally:
        with tenancy.scope(office.customer):
            recordings.end_live(call)
    assert client.get(f"{office.api}/live/{call}").status_code == 404
    assert client.post(f"{office.api}/live/{call}/pause").status_code == 404


def test_whoever_sees_a_call_steers_it_and_reads_its_own_wish(office: Office, tmp_path: Path) -> None:
    with tenancy.scope(office.customer):
        call = report_running(Spooler(tmp_path, office.customer)).recording_id
        made = {
            number: create_user(
                email=f"{number[1:]}@live.example", name="L", password=f"not {uuid4()}", role="user", numbers=[number]
            )
            for number in (CALLER.number, "+390584000009")
        }
        until = now() + timedelta(days=1)
        own, other = (
            bearer(
                tokens.make(name="l", scopes=["live:read", "live:control"], by=one.id, at=now(), expires_at=until).text
            )
            for one in made.values()
        )
    address = f"{office.api}/live/{call}"
    assert other.get(address).status_code == other.post(f"{address}/pause").status_code == 404
    wish = own.post(f"{address}/pause").json()
    asked = f"{address}/wishes/{wish['id']}"
    assert own.get(asked).json() == wish | {"state": "waiting"}
    assert other.get(asked).status_code == 404
    assert own.get(f"{office.api}/live/{uuid4()}/wishes/{wish['id']}").status_code == 404
    with tenancy.scope(office.customer):
        wishes.answer(
            next(one.id for one in wishes.open_wishes(now=now()) if str(one.id) == wish["id"]),
            at=now(),
            words="a call that is paused cannot pause",
        )
        recordings.end_live(call)
    answered = bearer(office.token(["live:control"])).get(asked).json()
    assert (answered["state"], answered["why"]) == ("refused", "a call that is paused cannot pause")
    assert own.get(asked).json() == answered, "also after the call"


def test_a_call_that_runs_takes_notes_and_tags_which_its_recording_has(office: Office, tmp_path: Path) -> None:
    writer, reader = bearer(office.token(["live:read", "live:control"])), bearer(office.token(["live:read"]))
    spooler = Spooler(tmp_path, office.customer)
    with tenancy.scope(office.customer):
        directory = spooler.close(at=now() - timedelta(seconds=2))
        manifest = recordings.read_manifest(directory)
        recordings.report_live(recordings.LiveReport(manifest=manifest, at=now(), packets=10, bytes=2000))
    call = f"{office.api}/live/{manifest.recording_id}"

    def send(kind: str, body: dict[str, object], *, by: Client = writer) -> tuple[int, dict[str, object]]:
        answer = by.post(f"{call}/{kind}", body, content_type="application/json")
        return answer.status_code, answer.json()

    code, note = send("notes", {"text": "a promise", "moment_ms": 700})
    assert (code, note["text"], note["moment_ms"], note["recording"]) == (
        201, "a promise", 700, str(manifest.recording_id),
    )  # fmt: skip
    code, tag = send("tags", {"tag": "claim"})
    assert code == 201 and 2000 <= int(str(tag["moment_ms"])) < 60_000, "without a moment: now"
    assert send("notes", {"text": "all", "whole": True})[1]["moment_ms"] is None
    assert send("notes", {"text": "soon", "moment_ms": 600_000})[0] == 409
    assert send("notes", {"text": "x", "moment_ms": 1, "whole": True})[0] == 409
    assert send("notes", {"text": ""})[0] == 422
    assert send("tags", {"tag": "claim"}, by=reader)[0] == 403
    assert [one["text"] for one in reader.get(f"{call}/notes").json()] == ["all", "a promise"]
    assert reader.get(f"{call}/tags").json() == [tag]
    assert writer.delete(f"{call}/tags/{note['id']}").status_code == 404
    whole = reader.get(f"{call}/notes").json()[0]["id"]
    assert reader.delete(f"{call}/notes/{whole}").status_code == 403
    assert writer.delete(f"{call}/notes/{whole}").status_code == 204
    with tenancy.scope(office.customer):
        recordings.finalize(directory, store=recordings.installed_store(), now=now())
    assert writer.get(f"{call}/notes").status_code == writer.get(f"{call}/tags").status_code == 404
    kept = bearer(office.token(["recordings:read"]))
    recording = f"{office.api}/recordings/{manifest.recording_id}"
    assert kept.get(f"{recording}/notes").json() == [note]
    assert [one["id"] for one in kept.get(f"{recording}/tags").json()] == [tag["id"]]


def test_announcement_and_consent_are_said_and_read_of_a_call_and_of_its_recording(
    office: Office, tmp_path: Path
) -> None:
    writer, reader = bearer(office.token(["live:control"])), bearer(office.token(["recordings:read"]))
    with tenancy.scope(office.customer):
        directory = Spooler(tmp_path, office.customer).close(at=now() - timedelta(seconds=2))
        manifest = recordings.read_manifest(directory)
        steering = control.begin(Decision(mode="always", policy=None, why="policy", notice="tone", consent="wanted"))
        recordings.write_manifest(directory, replace(manifest, steering=steering))
        manifest = recordings.read_manifest(directory)
        recordings.report_live(recordings.LiveReport(manifest=manifest, at=now(), packets=10, bytes=2000))
    call = f"{office.api}/recordings/{manifest.recording_id}"

    def say(what: str, value: str, *, by: Client = writer) -> int:
        return by.post(f"{call}/{what}", {what: value}, content_type="application/json").status_code

    assert reader.get(f"{call}/awareness").json() == {
        "notice_wanted": "tone", "consent_rule": "wanted", "notice": None, "consent": "not-asked", "told": [],
    }  # fmt: skip
    assert say("consent", "refused", by=reader) == say("notice", "tone", by=reader) == 403
    assert (say("notice", "tone"), say("consent", "asked"), say("consent", "refused")) == (200, 200, 200)
    assert (say("consent", "withdrawn"), say("consent", "perhaps"), say("notice", "none")) == (409, 422, 422)
    with tenancy.scope(office.customer):
        assert [one.deed for one in CallWish.objects.filter(recording_id=manifest.recording_id)] == ["stop"]
        recordings.finalize(directory, store=recordings.installed_store(), now=now())
    assert say("consent", "given") == 200
    known = reader.get(f"{call}/awareness").json()
    assert (known["notice"], known["consent"]) == ("tone", "given")
    assert [one["value"] for one in known["told"]] == ["tone", "asked", "refused", "given"]
    assert {(one["how"], one["by"]) for one in known["told"]} == {("program", str(office.admin.id))}
    listed = reader.get(f"{office.api}/recordings").json()["items"]
    assert {one["consent"] for one in listed if one["id"] == str(manifest.recording_id)} == {"given"}
    assert reader.get(f"{office.api}/recordings/{uuid4()}/awareness").status_code == 404
