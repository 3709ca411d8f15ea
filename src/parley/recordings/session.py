"""What the recorder does with one SIPREC session, decided without clock, socket or database.

`decide(session, event, now)` returns the session afterwards and what the shell has to do, in order. `now` is any
clock in seconds that only grows. One session is one SIP dialog is one recording.

    gating -> allocating -> answered (200 sent) -> confirmed (ACK seen) -> closed
"""

from collections.abc import Sequence
from dataclasses import replace

from parley.recordings.offers import Offer
from parley.recordings.session_words import (
    AckMissing,
    Acknowledged,
    AddLine,
    Answered,
    Ask,
    AskGate,
    ByeReceived,
    CancelReceived,
    CaptureFailed,
    CloseCapture,
    CloseReason,
    Decision,
    Describe,
    EndLine,
    Event,
    GateAnswered,
    Heard,
    Line,
    Offered,
    OpenCapture,
    Patience,
    Phase,
    PortsMissing,
    PortsTaken,
    Reoffered,
    Reply,
    SendBye,
    Session,
    Stopping,
    TakePorts,
    Tick,
)
from parley.wire.sdp.api import Description, Media, Origin, build, is_held, recordable
from parley.wire.sip.api import Answer, reason_header
from parley.wire.siprec.api import BadBody, Metadata

GONE = frozenset({404, 408, 410, 481})
"""Answers to a probe or refresh which mean that the client no longer knows the dialog (RFC 5057 section 5.1)."""


Step = tuple[Session, tuple[Decision, ...]]

__all__ = [
    "AckMissing",
    "Acknowledged",
    "AddLine",
    "Answered",
    "Ask",
    "AskGate",
    "ByeReceived",
    "CancelReceived",
    "CaptureFailed",
    "CloseCapture",
    "CloseReason",
    "Decision",
    "Describe",
    "EndLine",
    "Event",
    "GateAnswered",
    "Heard",
    "Line",
    "Offered",
    "OpenCapture",
    "Patience",
    "Phase",
    "PortsMissing",
    "PortsTaken",
    "Reoffered",
    "Reply",
    "SendBye",
    "Session",
    "Step",
    "Stopping",
    "TakePorts",
    "Tick",
    "bye_reason",
    "decide",
]


def decide(session: Session, event: Event, now: float) -> Step:  # noqa: PLR0912 - one branch for each kind of event
    """The session after `event`, and what to do. An event that does not fit the phase changes nothing."""
    match event:
        case Offered() if session.phase == "gating" and session.pending is None:
            return _offered(session, event.offer, now)
        case GateAnswered() if session.phase == "gating":
            return _gate(session, event)
        case PortsTaken() if session.phase == "allocating":
            return _accept(session, event.ports, now)
        case PortsTaken() if session.live and session.pending is not None:
            return _change(session, session.pending, event.ports, now)
        case PortsMissing():
            return _refuse(session, Answer(503, event.reason, (("Retry-After", str(event.retry_after)),)))
        case Reoffered() if session.live:
            return _reoffered(session, event, now)
        case Acknowledged() if session.live:
            return replace(session, phase="confirmed", heard_at=now), ()
        case AckMissing() if session.phase == "answered":
            return _hang_up(session, "no-ack", "no ACK arrived")
        case ByeReceived() if session.live:
            return replace(session, phase="closed"), (Reply(Answer(200)), CloseCapture("bye"))
        case CancelReceived() if not session.live:
            return replace(session, phase="closed"), (Reply(Answer(487, "cancelled")),)
        case Heard() if event.at > session.heard_at:
            return replace(session, heard_at=event.at), ()
        case Answered() if session.live:
            return _answered(session, event, now)
        case CaptureFailed() if session.live:
            return _hang_up(session, event.reason, "recording cannot go on")
        case Stopping() if session.live:
            return _hang_up(session, "shutdown", "recorder is stopping")
        case Tick() if session.live:
            return _tick(session, now)
    return session, ()


def _refuse(session: Session, answer: Answer) -> Step:
    """Refuses the request at hand; a session that is already recorded goes on as it was (RFC 3261 section 14.2)."""
    phase: Phase = session.phase if session.live else "closed"
    return replace(session, phase=phase, pending=None), (Reply(answer),)


def _hang_up(session: Session, reason: CloseReason, words: str) -> Step:
    return replace(session, phase="closed"), (SendBye(words), CloseCapture(reason))


def _offered(session: Session, offer: Offer, now: float) -> Step:
    if offer.sdp is None or offer.metadata is None:
        return _refuse(session, Answer(400, "session description or metadata is missing"))
    if not any(media.port and recordable(media) for media in offer.sdp.media):
        return _refuse(session, Answer(488, "no media line has a codec and transport that can be recorded"))
    return replace(session, pending=offer, heard_at=now), (AskGate(),)


def _gate(session: Session, event: GateAnswered) -> Step:
    if not event.allowed:
        return _refuse(session, Answer(403, f"{event.clause}: {event.reason}"))
    assert session.pending is not None  # noqa: S101 - `gating` is entered with an offer
    count = len(_wanted(session, session.pending.sdp))
    return replace(session, phase="allocating", inactive=event.inactive), (TakePorts(count),)


def _wanted(session: Session, sdp: Description | None) -> tuple[int, ...]:
    """Positions of lines that need a port: recordable, offered with a port, and not ours already."""
    ours = {line.position for line in session.lines if line.port}
    media = sdp.media if sdp is not None else ()
    return tuple(number for number, one in enumerate(media) if one.port and recordable(one) and number not in ours)


def _line(session: Session, position: int, media: Media, port: int) -> Line:
    # The client may send from the address of its SDP or, behind address translation, from where its SIP comes.
    addresses = [] if media.address in {None, "0.0.0.0"} else [str(media.address)]  # noqa: S104 - a value on the wire
    return Line(
        position=position,
        label=media.label or f"line-{position + 1}",
        port=port,
        held=is_held(media),
        codecs=recordable(media) if port else (),
        sources=tuple(dict.fromkeys((*addresses, *([] if ":" in session.source else [session.source])))),
    )


def _accept(session: Session, ports: Sequence[int], now: float) -> Step:
    offer = session.pending
    assert offer is not None and offer.sdp is not None  # noqa: S101 - `allocating` is entered with an offer
    given = dict(zip(_wanted(session, offer.sdp), ports, strict=True))
    lines = tuple(_line(session, number, one, given.get(number, 0)) for number, one in enumerate(offer.sdp.media))
    session = replace(
        _timed(session, offer, now),
        phase="answered",
        lines=lines,
        offer=offer.sdp,
        metadata=offer.metadata,
        pending=None,
    )
    answer = _ok(session, sdp=True)
    return session, (OpenCapture(answer), Reply(answer))


def _reoffered(session: Session, event: Reoffered, now: float) -> Step:
    offer = event.offer
    session = replace(session, heard_at=now)
    if offer.metadata is not None and session.metadata is not None:
        try:
            offer = replace(offer, metadata=session.metadata.updated(offer.metadata))
        except BadBody as error:
            return _refuse(session, Answer(400, error.reason))
    if offer.sdp is None:
        # A re-INVITE without SDP asks for our description: say again what holds (RFC 3261 section 14.2).
        return _described(_timed(session, offer, now), offer, sdp=event.method == "INVITE")
    if len(offer.sdp.media) < len(session.lines):
        return _refuse(session, Answer(488, "a media line has disappeared"))
    if all(one.port for one in offer.sdp.media) and not any(recordable(one) for one in offer.sdp.media):
        return _refuse(session, Answer(488, "no media line has a codec and transport that can be recorded"))
    wanted = _wanted(session, offer.sdp)
    if wanted:
        return replace(session, pending=offer), (TakePorts(len(wanted)),)
    return _change(session, offer, (), now)


def _change(session: Session, offer: Offer, ports: Sequence[int], now: float) -> Step:
    """The lines after an offer: new ones are added, ended ones closed, the rest held or resumed."""
    assert offer.sdp is not None  # noqa: S101 - only called with SDP
    given = dict(zip(_wanted(session, offer.sdp), ports, strict=True))
    before = {line.position: line for line in session.lines}
    decisions: list[Decision] = []
    lines: list[Line] = []
    for position, media in enumerate(offer.sdp.media):
        old = before.get(position)
        kept = old.port if old is not None and media.port and recordable(media) else 0
        line = _line(session, position, media, kept or given.get(position, 0))
        if old is not None and old.port and not line.port:
            decisions.append(EndLine(old))
        if line.port and (old is None or not kept or line.sources != old.sources):
            decisions.append(AddLine(line))
        lines.append(line)
    session = replace(_timed(session, offer, now), lines=tuple(lines), offer=offer.sdp, pending=None)
    session = replace(session, sdp_version=session.sdp_version + 1)
    session, rest = _described(session, offer, sdp=True)
    decisions += rest
    if Describe() not in decisions and session.lines != tuple(before.values()):
        decisions.append(Describe())
    return session, tuple(decisions)


def _described(session: Session, offer: Offer, *, sdp: bool) -> Step:
    """Takes the metadata of a request, if it brought any, and answers 200."""
    if offer.metadata is not None:
        session = replace(session, metadata=offer.metadata, stopped=_stopped(session, offer.metadata))
    media = session.offer.media if session.offer is not None else ()
    lines = tuple(
        replace(line, held=is_held(media[line.position]) or line.label in session.stopped) for line in session.lines
    )
    session = replace(session, lines=lines)
    return session, (Reply(_ok(session, sdp=sdp)), *([] if offer.metadata is None else [Describe()]))


def _stopped(session: Session, metadata: Metadata) -> dict[str, str]:
    """Whose streams `metadata` still describe without naming a sender, though they had one who has not left: how
    clients tell a hold that they leave out of the SDP."""
    present = {one.id for one in metadata.participants} - set(metadata.left)
    described = {stream.label for stream in metadata.streams}
    found = {}
    for label in {line.label for line in session.lines} & described:
        before = session.metadata.sender(label) if session.metadata is not None else None
        who = before.id if before is not None else session.stopped.get(label, "")
        if who in present and metadata.sender(label) is None:
            found[label] = who
    return found


def _timed(session: Session, offer: Offer, now: float) -> Session:
    """The session with the timer of this request: without one there is none (RFC 4028 section 7.4)."""
    we_refresh = offer.refresher == "uas"
    interval = 0 if we_refresh and not offer.can_refresh else offer.interval
    return replace(session, interval=interval, we_refresh=we_refresh, refreshed_at=now)


def _ok(session: Session, *, sdp: bool) -> Answer:
    headers: list[tuple[str, str]] = []
    if session.interval:
        who = "uas" if session.we_refresh else "uac"
        headers = [("Require", "timer"), ("Session-Expires", f"{session.interval};refresher={who}")]
    if not sdp or session.offer is None:
        return Answer(200, headers=tuple(headers))
    ports = {line.position: line.port for line in session.lines}
    origin = Origin(session=session.sdp_session, version=session.sdp_version, address=session.address)
    body = build(offer=session.offer, ports=ports, origin=origin, inactive=session.inactive)
    return Answer(200, headers=tuple(headers), content_type="application/sdp", body=body)


def _answered(session: Session, event: Answered, now: float) -> Step:
    code = event.code
    session = replace(session, asking=False)
    if code == 0 or code in GONE:
        return replace(session, phase="closed"), (CloseCapture("no-media" if session.silent(now) else "dialog-gone"),)
    if 200 <= code < 300 and event.refresh:
        return replace(session, refreshed_at=now), ()
    return session, ()


def _tick(session: Session, now: float) -> Step:
    patience = session.patience
    if session.interval:
        # RFC 4028 section 10: hang up a little before the interval ends; refresh at half of it.
        if now - session.refreshed_at >= session.interval - min(32.0, session.interval / 3):
            return _hang_up(session, "session-expired", "session timer ran out")
        due = now - session.refreshed_at >= session.interval / 2
        if session.we_refresh and due and not session.asking and now - session.asked_at >= 10:
            return replace(session, asking=True, asked_at=now), (Ask("UPDATE"),)
    quiet = now - session.heard_at
    if quiet >= (patience.abandon_held_after if session.held else patience.abandon_after):
        return _hang_up(session, "no-media", "no media arrived")
    asked = now - session.asked_at
    if not session.asking and min(quiet, asked) >= patience.probe_after:
        return replace(session, asking=True, asked_at=now), (Ask("OPTIONS"),)
    return session, ()


def bye_reason(words: str) -> tuple[str, str]:
    """The Reason header of our BYE (RFC 3326)."""
    return "Reason", reason_header(code=487, text=words)
