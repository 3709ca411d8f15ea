"""Signalling that holds (acceptance 3): on real sockets, whatever the network does to the messages."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.signalling_place import IDENTITY, Place, Wire, code, make_calls, signalling, sip_sockets, until
from tests.support.siprec_messages import Client, media_line, metadata, multipart, sdp, siprec_body

from parley.daemons.signalling.transport import Limits
from parley.recordings.session import Patience
from parley.recordings.types import PartySheet, party_aad
from parley.sealing.api import FieldOpener, SealedField, blind_index


def client(wire: Wire, **changes: object) -> Client:
    return Client(port=wire.port, transport="TCP" if wire.tcp else "UDP", **changes)  # type: ignore[arg-type]


def call(place: Place, wire: Wire, **changes: object) -> Client:
    """A confirmed call."""
    asker = client(wire, **changes)
    response = wire.ask(asker.invite())
    assert code(response) == 200, response
    asker = asker.answered(response)
    wire.send(asker.ack("z9hG4bKack"))
    return asker.next()


def test_a_call_from_invite_to_bye_on_both_transports(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        for tcp in (False, True):
            wire = Wire(place.address, tcp=tcp)
            asker = call(place, wire, call_id=f"call-{tcp}")
            assert code(wire.ask(asker.request("BYE"))) == 200
            assert code(wire.ask(asker.next().request("BYE"))) == 481
        until("two closed", lambda: len(place.media.closed) == 2)
        assert {reason for _, reason in place.media.closed} == {"bye"}
        assert len(place.media.free) == 20
        manifest, lines, frames = next(iter(place.media.opened.values()))
        assert [(stream.label, stream.side, stream.codec) for stream in manifest.streams] == [
            ("1", "caller", "PCMU"),
            ("2", "callee", "PCMA"),
        ]
        assert frames[0].payload.startswith(b"INVITE ") and frames[1].payload.startswith(b"SIP/2.0 200 ")
        assert lines[0].sources == ("127.0.0.1",)
        assert not list((tmp_path / "sessions").glob("*.session")) or place.files is not None


def test_the_manifest_seals_who_spoke_and_indexes_numbers(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        call(place, Wire(place.address))
        manifest = next(iter(place.media.opened.values()))[0]
    assert (manifest.direction, manifest.decision.purpose) == ("outbound", "record-calls")
    assert manifest.decision.clause.startswith("IM-")
    text = manifest.to_json()
    for word in (b"390584943232", b"Anna", b"Bruno", b"call-1", b"example.org"):
        assert word not in text
    sealed = SealedField(epoch_id=manifest.epoch.id, wrapped=manifest.epoch.wrapped, data=manifest.sealed)
    sheet = PartySheet.from_json(FieldOpener([IDENTITY.secret]).open(sealed, party_aad(manifest.recording_id)))
    assert [(party.role, party.number, party.name) for party in sheet.parties] == [
        ("caller", "+390584943232", "Anna Caller"),
        ("callee", "+390266711", "Bruno Callee"),
    ]
    assert sheet.call_id == "call-1"
    assert blind_index(b"n" * 32, field="number", value="+390266711") in manifest.number_indexes
    assert manifest.conversation_index == blind_index(b"c" * 32, field="conversation", value="g1")


@pytest.mark.alone  # a 200 that waits half a second for its ACK is sent again, and is read for the next
def test_an_invite_split_at_every_octet_of_a_stream(tmp_path: Path) -> None:
    """Each boundary once: the two pieces are two segments, read one by one."""
    with signalling(tmp_path, limits=Limits(connections_of_one=1_000)) as place:
        wire = Wire(place.address, tcp=True)
        wire.socket.setsockopt(6, 1, 1)  # TCP_NODELAY: pieces leave as they are written
        length = len(client(wire, call_id="split-0000").invite())
        for cut in range(1, length):
            asker = client(wire, call_id=f"split-{cut:04}")
            data = asker.invite()
            wire.send(data[:cut])
            if cut % 7 == 0:
                place.ask(lambda: None)  # the first piece has been read by itself
            wire.send(data[cut:])
            response = wire.read()
            assert code(response) == 200, cut
            asker = asker.answered(response)
            wire.send(asker.ack("z9hG4bKa") + asker.next().request("BYE"))
            assert code(wire.read()) == 200, cut
        assert len(place.media.opened) == length - 1
        assert {reason for _, reason in place.media.closed} == {"bye"}


def test_octet_by_octet_and_pipelined(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address, tcp=True)
        wire.socket.setsockopt(6, 1, 1)
        for octet in client(wire, call_id="slow").invite():
            wire.send(bytes([octet]))
        assert code(wire.read()) == 200
        wire.send(b"\r\n\r\n" + b"".join(client(wire, call_id=f"p{number}").invite() for number in range(5)))
        assert wire.socket.recv(2) == b"\r\n"
        assert [code(wire.read()) for _ in range(5)] == [200] * 5
        until("six recordings", lambda: len(place.media.opened) == 6)


def test_a_lost_200_is_repeated_and_a_repeated_invite_is_one_recording(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address)
        asker = client(wire)
        first = wire.ask(asker.invite())  # as if it were lost: no ACK
        wire.send(asker.invite())
        wire.send(asker.invite())
        again = wire.read()  # T1 later
        assert again == first
        assert len(place.media.opened) == 1
        asker = asker.answered(again)
        wire.send(asker.ack("z9hG4bKack"))
        until("the ACK", lambda: place.calls.live[0].session.phase == "confirmed")
        assert wire.read(1.5) == b""
        other = wire.ask(replace(asker, to_tag="").invite(branch="z9hG4bKother"))
        assert code(other) == 482
        assert len(place.media.opened) == 1
        assert code(wire.ask(asker.next().request("BYE"))) == 200


def test_hold_new_streams_and_ended_streams(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address)
        asker = call(place, wire)
        held = ("application/sdp", sdp(media_line("1", direction="inactive"), media_line("2", direction="inactive")))
        response = wire.ask(asker.invite(held))
        assert response.count(b"a=inactive") == 2
        wire.send(asker.ack("z9hG4bKh"))
        place.tick()
        assert set(place.reports.running.values()) == {True}
        begun = place.media.described[-1].on_hold
        assert [(hold.side, hold.ends_at) for hold in begun] == [("caller", None), ("callee", None)]
        asker = asker.next()
        three = sdp(media_line("1"), media_line("2"), media_line("3", port=6004))
        response = wire.ask(asker.request("UPDATE", body=multipart(("application/sdp", three))))
        assert code(response) == 200
        assert response.count(b"a=recvonly") == 3 and b"a=label:3" in response
        over = [hold.ends_at for hold in place.media.described[-1].on_hold]
        assert all(at is not None and at > hold.starts_at for at, hold in zip(over, begun, strict=True))
        recording_id, line = place.media.added[0]
        assert (line.label, line.port) == ("3", 30004)
        assert [stream.label for stream in place.media.described[-1].streams] == ["1", "2", "3"]
        asker = asker.next()
        ended = sdp(media_line("1"), media_line("2", port=0), media_line("3", port=6004))
        response = wire.ask(asker.invite(siprec_body(ended, metadata(mode="partial", callee="+39111222333"))))
        assert b"m=audio 0 RTP/AVP 0\r\na=label:2" in response
        assert place.media.ended == [(recording_id, 30002)]
        assert {stream.label for stream in place.media.described[-1].streams} == {"1", "2", "3"}
        assert place.media.described[-1].number_indexes != place.media.opened[recording_id][0].number_indexes
        wire.send(asker.ack("z9hG4bKe"))
        assert [hold.removed for hold in place.media.described[-1].on_hold] == [False, False, True]
        asker = asker.next()
        assert code(wire.ask(asker.request("BYE"))) == 200
        until("ports are back", lambda: len(place.media.free) == 20)


def test_a_hold_that_only_the_metadata_tell_outlives_a_recorder(tmp_path: Path) -> None:
    """The caller's stream loses its sender, who stays in the call: on hold, still the caller's, until she sends again;
    a sender who left is not on hold."""
    silent = metadata().replace(b"<send>t1</send>", b"")
    left = (b"</recording>", b'<participantsessionassoc participant_id="p1" session_id="s1"><disassociate-time>'
            b"2026-11-22T10:05:00Z</disassociate-time></participantsessionassoc></recording>")  # fmt: skip
    sockets = sip_sockets()
    wire = Wire(sockets[0].getsockname())
    with signalling(tmp_path, inherited=sockets) as place:
        asker = call(place, wire)
        assert code(wire.ask(asker.request("UPDATE", body=siprec_body(document=silent)))) == 200
        manifest = place.media.described[-1]
        assert [(hold.label, hold.side, hold.ends_at) for hold in manifest.on_hold] == [("1", "caller", None)]
        assert [(stream.label, stream.side, stream.party) for stream in manifest.streams] == [
            ("1", "caller", 0),
            ("2", "callee", 1),
        ]
    with signalling(tmp_path, inherited=sockets) as place:
        asker = asker.next()
        assert code(wire.ask(asker.request("UPDATE", body=siprec_body()))) == 200
        (hold,) = place.media.described[-1].on_hold
        assert hold.starts_at == manifest.on_hold[0].starts_at and hold.ends_at is not None
        asker = asker.next()
        gone = silent.replace(*left)
        assert code(wire.ask(asker.request("UPDATE", body=siprec_body(document=gone)))) == 200
        assert place.media.described[-1].on_hold == (hold,)


def test_order_of_requests_in_a_dialog(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address)
        asker = call(place, wire)
        assert code(wire.ask(replace(asker, sequence=9).request("OPTIONS"))) == 200
        old = wire.ask(replace(asker, sequence=3).request("UPDATE", body=siprec_body()))
        assert code(old) == 500 and b"CSeq is out of order" in old
        assert code(wire.ask(replace(asker, sequence=10).request("INFO"))) == 469
        assert code(wire.ask(replace(asker, to_tag="wrong").request("BYE"))) == 481
        assert code(wire.ask(replace(asker, sequence=11).request("BYE"))) == 200


def test_no_bye_a_client_that_is_gone_is_noticed(tmp_path: Path) -> None:
    """Nothing is heard, the probe is answered 481: closed with the reason, nobody is told BYE."""
    with signalling(tmp_path, patience=Patience(probe_after=0.2)) as place:
        wire = Wire(place.address)
        call(place, wire)
        until("a probe", lambda: place.tick() or (place.calls.live and place.calls.live[0].session.asking))
        probe = wire.read()
        assert probe.startswith(b"OPTIONS sip:src@127.0.0.1:")
        via = next(line for line in probe.split(b"\r\n") if line.startswith(b"Via:"))
        heads = [line for line in probe.split(b"\r\n") if line.startswith((b"From:", b"To:", b"Call-ID:", b"CSeq:"))]
        wire.send(b"\r\n".join([b"SIP/2.0 481 Gone", via, *heads, b"Content-Length: 0"]) + b"\r\n\r\n")
        until("closed", lambda: place.media.closed)
        assert [reason for _, reason in place.media.closed] == ["no-media"]
        assert len(place.calls) == 0
        assert place.reports.over


def test_no_bye_and_no_answer_hangs_up_with_a_reason(tmp_path: Path) -> None:
    with signalling(tmp_path, patience=Patience(probe_after=60, abandon_after=0.2)) as place:
        wire = Wire(place.address, tcp=True)
        call(place, wire)
        until("the recording is closed", lambda: place.tick() or place.media.closed)
        bye = wire.read()
        assert bye.startswith(b"BYE ")
        assert b'Reason: SIP;cause=487;text="no media arrived"' in bye
        assert [reason for _, reason in place.media.closed] == ["no-media"]


def test_options_says_what_we_can(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address)
        answer = wire.ask(client(wire).request("OPTIONS"))
        assert code(answer) == 200
        for part in (b"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE", b"Supported: siprec, timer", b"+sip.srs",
                     b"application/rs-metadata+xml"):  # fmt: skip
            assert part in answer


def test_a_new_recorder_goes_on_with_the_dialogs_of_the_old_one(tmp_path: Path) -> None:
    sockets = sip_sockets()
    wire = Wire(sockets[0].getsockname())
    with signalling(tmp_path, inherited=sockets) as place:
        confirmed = call(place, wire, call_id="confirmed")
        unheard = client(wire, call_id="unheard")
        first = wire.ask(unheard.invite())
        until("the ACK", lambda: any(one.session.phase == "confirmed" for one in place.calls.live))
    # The recorder is gone without a word; another one finds its sessions.
    with signalling(tmp_path, inherited=sockets) as place:
        assert len(place.calls) == 2
        again = wire.ask(unheard.invite())
        assert again == first
        assert place.media.opened == {}
        unheard = unheard.answered(again)
        wire.send(unheard.ack("z9hG4bKa"))
        assert code(wire.ask(unheard.next().request("BYE"))) == 200
        assert code(wire.ask(confirmed.request("BYE"))) == 200
        assert sorted(reason for _, reason in place.media.closed) == ["bye", "bye"]


def test_while_trunks_are_unknown_calls_go_on_and_new_ones_wait(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        wire = Wire(place.address)
        asker = call(place, wire)
        place.calls.admission.directory = lambda: None
        response = wire.ask(client(wire, call_id="new").invite())
        assert code(response) == 503
        assert b"Retry-After: 5\r\n" in response
        assert code(wire.ask(asker.request("BYE"))) == 200


def test_session_files_say_nothing_and_open_with_their_key_only(tmp_path: Path) -> None:
    with signalling(tmp_path) as place:
        call(place, Wire(place.address))
        (file,) = (tmp_path / "sessions").glob("*.session")
        data = file.read_bytes()
        for word in (b"390584943232", b"Anna", b"call-1", b"INVITE"):
            assert word not in data
        assert len(list(place.files.load())) == 1
    stranger = make_calls(tmp_path, key=b"x" * 32)[3]
    assert list(stranger.load()) == []
    assert not file.exists()


def test_a_connection_that_dawdles_or_says_nothing_is_closed(tmp_path: Path) -> None:
    limits = Limits(message_seconds=0.2, idle_seconds=60, stranger_seconds=0.5, connections_of_one=3)
    with signalling(tmp_path, limits=limits) as place:
        slow, empty = Wire(place.address, tcp=True), Wire(place.address, tcp=True)
        slow.send(b"INVITE sip:x SIP/2.0\r\n")
        until("closed", lambda: place.tick() or not place.transport._connections, seconds=3)
        assert slow.read(1) == b"" and empty.read(1) == b""
        many = [Wire(place.address, tcp=True) for _ in range(5)]
        until("counted", lambda: len(place.transport._connections) == 3)
        for wire in many:
            wire.close()
        until("gone", lambda: not place.transport._connections)
        assert not place.transport._of_one
