"""Decisions about a SIPREC session, step by step, without a socket or a clock."""

from dataclasses import replace
from uuid import UUID

import pytest
from tests.support.siprec_messages import Client, media_line, metadata, multipart, sdp

from parley.recordings import session as srs
from parley.recordings.offers import Offer, Refusal, read_offer
from parley.recordings.parties import read_cast
from parley.recordings.strictjson import dumps, loads
from parley.wire.sdp.api import parse
from parley.wire.sip.api import Request, parse_message
from parley.wire.siprec.api import parse_metadata


def fresh() -> srs.Session:
    return srs.Session(
        recording_id=UUID(int=1), source="10.0.0.1", address="10.0.0.9", sdp_session=7, patience=srs.Patience()
    )


def offer(*lines: str, **changes: object) -> Offer:
    known = {"sdp": parse(sdp(*lines)), "metadata": parse_metadata(metadata())}
    return Offer(**{**known, **changes})  # type: ignore[arg-type]


def run(session: srs.Session, *events: tuple[srs.Event, float]) -> tuple[srs.Session, list[srs.Decision]]:
    decisions: list[srs.Decision] = []
    for event, now in events:
        session, more = srs.decide(session, event, now)
        decisions += more
    return session, decisions


def recording(asked: Offer | None = None, ports: tuple[int, ...] = (30000, 30002)) -> srs.Session:
    asked = asked or offer()
    allowed = srs.GateAnswered(True, "C-1", "")
    events = (srs.Offered(asked), allowed, srs.PortsTaken(ports), srs.Acknowledged())
    return run(fresh(), *((event, 100.0) for event in events))[0]


def answered(decisions: list[srs.Decision]) -> srs.Reply:
    (reply,) = [one for one in decisions if isinstance(one, srs.Reply)]
    return reply


def test_from_invite_to_bye() -> None:
    session, decisions = run(fresh(), (srs.Offered(offer()), 1.0))
    assert decisions == [srs.AskGate()]
    session, decisions = run(session, (srs.GateAnswered(True, "C-1", "instructed"), 1.0))
    assert decisions == [srs.TakePorts(2)]
    session, decisions = run(session, (srs.PortsTaken((30000, 30002)), 1.0))
    assert [type(one) for one in decisions] == [srs.OpenCapture, srs.Reply]
    answer = answered(decisions).answer
    assert answer.code == 200
    text = answer.body.decode()
    assert "m=audio 30000 RTP/AVP 0" in text and "m=audio 30002 RTP/AVP 8" in text
    assert text.index("a=label:1") < text.index("a=label:2")
    assert session.lines[0].sources == ("127.0.0.1", "10.0.0.1")
    session, decisions = run(session, (srs.Acknowledged(), 2.0), (srs.ByeReceived(), 3.0))
    assert session.phase == "closed"
    assert decisions == [srs.Reply(srs_ok()), srs.CloseCapture("bye")]
    assert run(session, (srs.ByeReceived(), 4.0), (srs.Tick(), 99999.0))[1] == []


def srs_ok() -> object:
    return answered(run(recording(), (srs.ByeReceived(), 1.0))[1]).answer


def test_the_gate_refuses_with_its_clause() -> None:
    session, decisions = run(
        fresh(), (srs.Offered(offer()), 1), (srs.GateAnswered(False, "IX-5.region", "not here"), 1)
    )
    assert session.phase == "closed"
    answer = answered(decisions).answer
    assert (answer.code, answer.reason) == (403, "IX-5.region: not here")


def test_no_port_and_no_codec() -> None:
    session, decisions = run(
        fresh(),
        (srs.Offered(offer()), 1),
        (srs.GateAnswered(True, "", ""), 1),
        (srs.PortsMissing("no free port", 10), 1),
    )
    answer = answered(decisions).answer
    assert (answer.code, answer.headers, session.phase) == (503, (("Retry-After", "10"),), "closed")
    bad = offer(media_line("1", codecs="18", more="a=rtpmap:18 G729/8000\r\n"))
    assert answered(run(fresh(), (srs.Offered(bad), 1))[1]).answer.code == 488


def test_one_bad_line_of_two_is_rejected_alone() -> None:
    mixed = offer(media_line("1"), media_line("2", codecs="18", more="a=rtpmap:18 G729/8000\r\n"))
    session = recording(mixed, (30000,))
    assert [(line.port, line.codec) for line in session.lines] == [(30000, "PCMU"), (0, "")]


def test_streams_are_added_held_and_ended() -> None:
    session = recording()
    three = offer(media_line("1", direction="inactive"), media_line("2", codecs="8"), media_line("3", codecs="8"))
    session, decisions = run(session, (srs.Reoffered(three, "INVITE"), 110.0))
    assert decisions == [srs.TakePorts(1)]
    session, decisions = run(session, (srs.PortsTaken((30004,)), 110.0))
    assert decisions[0] == srs.AddLine(session.lines[2])
    assert [line.port for line in session.lines] == [30000, 30002, 30004]
    assert [line.held for line in session.lines] == [True, False, False]
    body = answered(decisions).answer.body
    assert b"o=parley 7 2 " in body and b"a=label:3" in body and b"a=inactive" in body
    assert srs.Describe() in decisions
    ended = offer(media_line("1"), media_line("2", port=0, codecs="8"), media_line("3", codecs="8"))
    before = session
    session, decisions = run(session, (srs.Reoffered(ended, "UPDATE"), 111.0))
    assert decisions[0] == srs.EndLine(before.lines[1])
    assert b"m=audio 0 RTP/AVP 8\r\na=label:2" in answered(decisions).answer.body
    assert [line.held for line in session.lines] == [False, False, False]


def test_a_reoffer_that_cannot_be_served_changes_nothing() -> None:
    session = recording()
    three = offer(media_line("1"), media_line("2", codecs="8"), media_line("3"))
    after, decisions = run(
        session, (srs.Reoffered(three, "INVITE"), 110.0), (srs.PortsMissing("no free port", 10), 110.0)
    )
    assert answered(decisions).answer.code == 503
    assert replace(after, heard_at=session.heard_at) == session
    fewer = offer(media_line("1"))
    assert answered(run(session, (srs.Reoffered(fewer, "INVITE"), 110.0))[1]).answer.code == 488


def test_metadata_alone_and_a_bare_reinvite() -> None:
    session = recording()
    update = parse_metadata(metadata(mode="partial", caller="+39020000"))
    session, decisions = run(session, (srs.Reoffered(Offer(metadata=update), "UPDATE"), 110.0))
    assert srs.Describe() in decisions
    assert answered(decisions).answer.body == b""
    assert session.metadata is not None and session.metadata.complete
    assert session.metadata.participants[0].names[0].aor == "sip:+39020000@example.org"
    decisions = run(session, (srs.Reoffered(Offer(), "INVITE"), 111.0))[1]
    assert b"m=audio 30000" in answered(decisions).answer.body


def test_silence_is_asked_about_and_then_ended() -> None:
    session = recording()
    assert run(session, (srs.Tick(), 129.0))[1] == []
    asked, decisions = run(session, (srs.Tick(), 131.0))
    assert decisions == [srs.Ask("OPTIONS")]
    assert run(asked, (srs.Tick(), 132.0))[1] == []
    closed, decisions = run(asked, (srs.Answered(0), 163.0))
    assert decisions == [srs.CloseCapture("no-media")]
    assert closed.phase == "closed"
    alive, decisions = run(asked, (srs.Answered(200), 132.0))
    assert decisions == []
    assert run(alive, (srs.Tick(), 140.0))[1] == []
    assert run(alive, (srs.Tick(), 162.0))[1] == [srs.Ask("OPTIONS")]
    assert run(alive, (srs.Tick(), 701.0))[1] == [srs.SendBye("no media arrived"), srs.CloseCapture("no-media")]
    assert run(alive, (srs.Heard(700.0), 700.0), (srs.Tick(), 701.0))[1] == []
    assert run(asked, (srs.Answered(481), 131.0))[1] == [srs.CloseCapture("no-media")]


def test_on_hold_silence_is_expected() -> None:
    held = recording(offer(media_line("1", direction="inactive"), media_line("2", direction="inactive")))
    assert held.held
    assert run(held, (srs.Tick(), 1_000.0))[1] == [srs.Ask("OPTIONS")]
    assert run(held, (srs.Tick(), 20_000.0))[1][-1] == srs.CloseCapture("no-media")


def test_session_timer_of_the_client_and_of_ours() -> None:
    theirs = recording(offer(interval=1800, refresher="uac"))
    assert run(theirs, (srs.Heard(1800.0), 1800.0), (srs.Tick(), 1860.0))[1][:1] == [srs.Ask("OPTIONS")]
    assert run(theirs, (srs.Heard(1860.0), 1860.0), (srs.Tick(), 1870.0))[1] == [
        srs.SendBye("session timer ran out"),
        srs.CloseCapture("session-expired"),
    ]
    ours = recording(offer(interval=1800, refresher="uas", can_refresh=True))
    heard = run(ours, (srs.Heard(1000.0), 1000.0))[0]
    asked, decisions = run(heard, (srs.Tick(), 1001.0))
    assert decisions == [srs.Ask("UPDATE")]
    probed = run(asked, (srs.Answered(200), 1002.0))[0]
    assert probed.refreshed_at == 100.0
    refreshed = run(asked, (srs.Answered(200, refresh=True), 1002.0), (srs.Heard(1880.0), 1880.0))[0]
    assert run(refreshed, (srs.Tick(), 1881.0))[1] == []
    assert recording(offer(interval=1800, refresher="uas", can_refresh=False)).interval == 0


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (srs.CaptureFailed("disk-full"), "disk-full"),
        (srs.CaptureFailed("failed"), "failed"),
        (srs.Stopping(), "shutdown"),
    ],
)
def test_what_ends_a_recording_from_our_side(event: srs.Event, reason: str) -> None:
    session, decisions = run(recording(), (event, 110.0))
    assert isinstance(decisions[0], srs.SendBye)
    assert decisions[1:] == [srs.CloseCapture(reason)]  # type: ignore[arg-type]
    assert session.phase == "closed"


def test_no_ack_ends_it_too() -> None:
    events = (srs.Offered(offer()), srs.GateAnswered(True, "", ""), srs.PortsTaken((30000, 30002)), srs.AckMissing())
    decisions = run(fresh(), *((event, 1.0) for event in events))[1]
    assert decisions[-1] == srs.CloseCapture("no-ack")


def test_a_session_survives_being_written_down() -> None:
    session = recording()
    assert loads(srs.Session, dumps(session)) == session


def refused(data: bytes, *, initial: bool = True) -> tuple[int, str]:
    request = parse_message(data)
    assert isinstance(request, Request)
    with pytest.raises(Refusal) as caught:
        read_offer(request, initial=initial)
    return caught.value.answer.code, caught.value.answer.reason


def test_offers_that_are_refused() -> None:
    client = Client()
    only_sdp, only_metadata = ("application/sdp", sdp()), ("application/rs-metadata+xml", metadata())
    assert refused(client.invite(multipart(only_metadata))) == (400, "session description is missing")
    assert refused(client.invite(multipart(only_sdp))) == (400, "recording metadata is missing")
    assert refused(client.invite(("application/sdp", sdp()))) == (400, "recording metadata is missing")
    assert refused(client.invite(multipart(only_sdp, only_sdp, only_metadata)))[0] == 400
    assert refused(client.invite(multipart(("application/sdp", b"v=0"), only_metadata)))[0] == 400
    assert refused(client.invite(multipart(only_sdp, ("application/rs-metadata", b"<x")))) == (
        400,
        "recording metadata is not well-formed XML",
    )
    assert refused(client.invite(("text/plain", b"hello")))[0] == 415
    assert refused(replace(client, extra=(("Content-Encoding", "gzip"),)).invite())[0] == 415
    assert refused(replace(client, extra=(("Require", "100rel"),)).invite())[0] == 420
    assert refused(replace(client, extra=(("Session-Expires", "60"),)).invite())[0] == 422
    assert refused(replace(client, extra=(("Session-Expires", "soon"),)).invite())[0] == 400


def test_the_session_timer_binds_only_who_supports_it() -> None:
    def read(*extra: tuple[str, str]) -> Offer:
        request = parse_message(Client(extra=extra).invite())
        assert isinstance(request, Request)
        return read_offer(request, initial=True)

    expires = ("Session-Expires", "1800;refresher=uas")
    assert (read(expires).interval, read(expires).refresher) == (0, "")
    supporting = read(expires, ("Supported", "timer"), ("Allow", "INVITE, UPDATE"))
    assert (supporting.interval, supporting.refresher, supporting.can_refresh) == (1800, "uas", True)


@pytest.mark.parametrize(
    ("caller", "callee", "direction"),
    [
        ("+390584943232", "+390266711", "outbound"),
        ("+390266711", "+390584943232", "inbound"),
        ("+390584943232", "+390584943233", "internal"),
        ("+15551234567", "+390266711", "unknown"),
    ],
)
def test_parties_sides_and_direction(caller: str, callee: str, direction: str) -> None:
    document = parse_metadata(metadata(caller=caller, callee=callee))
    cast = read_cast(document, ["1", "2"], region="IT", own_numbers=("+390584",))
    assert cast.direction == direction
    assert [(party.role, party.number, party.name) for party in cast.parties] == [
        ("caller", caller, "Anna Caller"),
        ("callee", callee, "Bruno Callee"),
    ]
    assert cast.sides == {"1": "caller", "2": "callee"}
    assert cast.speakers == {"1": 0, "2": 1}
    swapped = read_cast(document, ["2", "1"], region="IT", own_numbers=())
    assert swapped.sides == {"2": "caller", "1": "callee"}
    assert swapped.direction == "unknown"


def test_metadata_without_people_still_has_sides() -> None:
    empty = parse_metadata(b'<recording xmlns="urn:ietf:params:xml:ns:recording:1"/>')
    cast = read_cast(empty, ["a", "b", "c"], region=None, own_numbers=())
    assert (cast.sides, cast.parties, cast.direction) == ({"a": "caller", "b": "callee", "c": "other"}, (), "unknown")
