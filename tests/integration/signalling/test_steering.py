"""Policies, pauses and troubles as signalling carries them out, on real sockets."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.support.signalling_place import NoteTaker, Place, Wire, code, signalling, trunk, until
from tests.support.siprec_messages import Client, media_line, metadata, sdp, siprec_body

from parley.recordings.control import state
from parley.recordings.policies import Match, Policy, PolicySet
from parley.recordings.session import Patience
from parley.recordings.types import NUMBER_INDEX
from parley.sealing.api import blind_index
from parley.tenancy.api import TrunkEntry

SOMEBODY, A_WISH = UUID(int=7), UUID(int=8)
ANNA = blind_index(b"n" * 32, field=NUMBER_INDEX, value="+390584943232")


def ruled(mode: str, match: Match | None = None, **fields: object) -> PolicySet:
    made = Policy(id=uuid4(), name="p", mode=mode, match=match or Match(), **fields)  # type: ignore[arg-type]
    return PolicySet(policies=(made,))


def entry(policies: PolicySet) -> TrunkEntry:
    return replace(trunk(), policies=policies.to_json())


def answered(place: Place, **changes: object) -> tuple[Wire, Client, bytes]:
    wire = Wire(place.address)
    asker = Client(port=wire.port, **changes)  # type: ignore[arg-type]
    response = wire.ask(asker.invite())
    asker = asker.answered(response)
    wire.send(asker.ack("z9hG4bKack"))
    return wire, asker.next(), response


@pytest.mark.parametrize(
    ("match", "word"),
    [
        (Match(numbers=frozenset({ANNA})), "dormant"),
        (Match(numbers=frozenset({b"x" * 32})), "recording"),
        (Match(prefix="+390584", direction="outbound"), "dormant"),
        (Match(direction="inbound"), "recording"),
    ],
)
def test_the_manifest_says_what_policy_decided(tmp_path: Path, match: Match, word: str) -> None:
    policies = ruled("on-demand", match)
    with signalling(tmp_path, entry=entry(policies)) as place:
        _, _, response = answered(place)
        assert code(response) == 200 and b"a=recvonly" in response
        (manifest, _, _) = next(iter(place.media.opened.values()))
    assert state(manifest.steering) == word
    assert manifest.steering.policy == (policies.policies[0].id if word == "dormant" else None)
    assert manifest.steering.kept == (word == "recording")


def test_never_is_answered_inactive_or_refused_as_the_policy_says(tmp_path: Path) -> None:
    with signalling(tmp_path / "a", entry=entry(ruled("never"))) as place:
        wire, asker, response = answered(place)
        assert code(response) == 200 and response.count(b"a=inactive") == 2
        place.tick()
        assert code(wire.ask(asker.request("INFO").replace(b"\r\nCSeq", b"\r\nRecord: on\r\nCSeq", 1))) == 469
        assert code(wire.ask(asker.next().request("BYE"))) == 200
        assert not place.reports.running and not place.reports.mishaps
    with signalling(tmp_path / "b", entry=entry(ruled("never", refuse=True))) as place:
        _, _, response = answered(place)
        assert code(response) == 403 and b"recording policy: this call is not to be recorded" in response
        assert not place.media.opened and not place.reports.mishaps and len(place.media.free) == 20


def test_pause_and_resume_by_a_person_by_info_and_by_itself(tmp_path: Path) -> None:
    with signalling(tmp_path, entry=entry(ruled("always", auto_resume_seconds=1))) as place:
        wire, asker, _ = answered(place)
        (recording_id,) = place.media.opened

        def info(word: str) -> int:
            nonlocal asker
            asker = asker.next()
            return code(wire.ask(asker.request("INFO").replace(b"\r\nCSeq", f"\r\nRecord: {word}\r\nCSeq".encode(), 1)))

        assert place.ask(lambda: place.calls.steer(recording_id, "pause", by=SOMEBODY, wish=A_WISH))
        assert info("on") == 200
        assert info("on") == 469
        assert info("off") == 200
        frames = len(place.media.frames)
        until("resumed by itself", lambda: (place.tick(), place.media.steered[-1][1] is None)[1], 5)
        assert place.ask(lambda: place.calls.steer(recording_id, "resume", by=SOMEBODY, wish=A_WISH))
        assert not place.ask(lambda: place.calls.steer(uuid4(), "pause", by=SOMEBODY, wish=A_WISH))
        assert len(place.media.frames) == frames, "an INFO may carry digits that somebody keys in"
        done = place.reports.done
        assert [(one.deed, one.how, one.by, bool(one.refusal)) for one in done] == [
            ("pause", "by a person", SOMEBODY, False),
            ("resume", "by the recording client", None, False),
            ("pause", "by the recording client", None, False),
            ("resume", "by itself", None, False),
            ("resume", "by a person", SOMEBODY, True),
        ]
        steering = place.media.described[-1].steering
        first, second = steering.pauses
        assert place.media.steered[0] == (recording_id, first.starts_at)
        assert second.ends_at is not None and second.ends_at - second.starts_at >= timedelta(seconds=1)


def test_a_pause_outlives_the_recorder(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        answered(place)
        (recording_id,) = place.media.opened
        place.ask(lambda: place.calls.steer(recording_id, "pause", by=SOMEBODY, wish=A_WISH))
        kept = list(place.files.load())
    assert [state(one.manifest.steering) for one in kept] == ["paused"]
    with signalling(tmp_path) as place:
        assert place.ask(lambda: place.calls.steer(recording_id, "resume", by=SOMEBODY, wish=A_WISH))
        assert place.media.steered == [(recording_id, None)]


def test_who_should_be_recorded_and_is_refused_is_told_once_for_each_call(tmp_path: Path) -> None:
    with signalling(tmp_path, media=NoteTaker(free=[30000])) as place:
        for call_id, tag in (("a", "1"), ("a", "2"), ("b", "1")):
            _, _, response = answered(place, call_id=call_id, tag=tag)
            assert code(response) == 503
        wire = Wire(place.address)
        video = Client(port=wire.port, call_id="c").invite(siprec_body(sdp(media_line("1", codecs="31"))))
        assert code(wire.ask(video)) == 488
        assert code(wire.ask(Client(port=wire.port, call_id="d").invite(("application/sdp", sdp())))) == 400
        assert [one.cause for one in place.reports.mishaps] == [
            "no-ports",
            "no-ports",
            "no-usable-media",
            "not-readable",
        ]
        assert not place.reports.well
        place.media.free += [30002, 30004, 30006]
        answered(place, call_id="e")
        answered(place, call_id="f")
        (key,) = place.reports.well
        assert {one.key.partition(":")[2] for one in place.reports.mishaps} == {key}


def test_a_call_that_policy_does_not_record_raises_no_alarm_when_it_is_refused(tmp_path: Path) -> None:
    policies = ruled("never", Match(numbers=frozenset({ANNA})))
    with signalling(tmp_path, media=NoteTaker(full=True), entry=entry(policies)) as place:
        assert code(answered(place)[2]) == 503
        assert not place.reports.mishaps
        body = siprec_body(document=metadata(caller="+390584000000"))
        wire = Wire(place.address)
        assert code(wire.ask(Client(port=wire.port, call_id="other").invite(body))) == 503
        assert [one.cause for one in place.reports.mishaps] == ["no-space"]


def test_silence_is_told_once_and_not_on_hold(tmp_path: Path) -> None:
    with signalling(tmp_path, silent_after=0.3, patience=Patience(probe_after=60)) as place:
        wire, asker, _ = answered(place)
        place.tick()
        until("silent", lambda: (place.tick(), place.reports.mishaps)[1])
        assert [one.cause for one in place.reports.mishaps] == ["silent"]
        held = siprec_body(sdp(media_line("1", direction="inactive"), media_line("2", direction="inactive"), version=2))
        asker = asker.next()
        response = wire.ask(asker.invite(held, branch="z9hG4bKhold"))
        assert code(response) == 200
        until("over on hold", lambda: (place.tick(), place.reports.well[1:])[1])
        assert len(place.reports.mishaps) == 1
