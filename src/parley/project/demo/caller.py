"""A caller: places a SIPREC call and speaks on every media line, over real sockets.

`place_call` is the whole of it, for tests too. As a process (`python -m parley.project.demo.caller`) it reads one order
per line from standard input, a JSON object, and writes what happens as one JSON object per line; at the end of input it
hangs up every call and leaves.
"""

import json
import os
import secrets
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from parley.project.demo.dialogues import PACKET, Segment, dialogues, to_mulaw
from parley.project.demo.sip_client import TIMEOUT, CallFailed, Dialog, Link, Transport
from parley.project.demo.siprec_offer import (
    CONTENT_TYPE,
    PAYLOAD_TYPES,
    Codec,
    Party,
    RecordedSession,
    Voice,
    answered_address,
    answered_ports,
    body,
    identifier,
)

Outcome = Literal["completed", "refused", "ended-by-recorder", "failed"]
OnEvent = Callable[[str, Mapping[str, object]], None]

_TICK: Final = PACKET / 8000
_HURRIED: Final = 2.0  # seconds for an answer to BYE when the process is to end
_FIRST_PORT, _LAST_PORT = 20_000, 29_998


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """How a call went: packets sent for each voice, the ports that the recorder gave, what it said when it refused."""

    call_id: str
    outcome: Outcome
    status: int
    reason: str
    ports: tuple[int, ...]
    packets: tuple[int, ...]
    ssrcs: tuple[int, ...]


class Speaker:
    """Sends one voice as RTP (RFC 3550) from a port of its own."""

    def __init__(self, *, local_address: str, codec: Codec) -> None:
        self.codec = codec
        self.ssrc = secrets.randbits(32)
        self.sent = 0
        self.target = ("", 0)
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._marker = 0x80
        self._socket = _even_port(local_address)
        self.port: int = self._socket.getsockname()[1]

    def say(self, alaw: bytes) -> None:
        """Sends one packet of 160 octets."""
        header = struct.pack(
            ">BBHII", 0x80, PAYLOAD_TYPES[self.codec] | self._marker, self._sequence, self._timestamp, self.ssrc
        )
        payload = alaw if self.codec == "PCMA" else to_mulaw(alaw)
        self._socket.sendto(header + payload, self.target)
        self.sent += 1
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._marker = 0
        self.pass_time(packets=1)

    def pass_time(self, *, packets: int) -> None:
        """The media clock runs on by `packets` of 20 ms."""
        self._timestamp = (self._timestamp + packets * PACKET) & 0xFFFFFFFF
        if packets > 1:
            self._marker = 0x80

    def close(self) -> None:
        """Gives the port back."""
        self._socket.close()


def place_call(
    *,
    target: tuple[str, int],
    transport: Transport,
    local_address: str,
    parties: tuple[Party, Party],
    segments: Sequence[Segment],
    codecs: tuple[Codec, Codec] = ("PCMA", "PCMU"),
    group_id: str | None = None,
    on_event: OnEvent = lambda _kind, _facts: None,
    stop: threading.Event | None = None,
) -> CallReport:
    """Places one recording session, speaks all segments at true speed, hangs up; returns when it is over.

    Held segments are announced by a re-INVITE with inactive lines, and ended by another. `stop` hangs up early.
    Sessions with the same `group_id` belong to one conversation. What the peer does wrong is in the report.
    """
    stop = stop or threading.Event()
    session = RecordedSession(parties=parties, started_at=datetime.now(UTC), group_id=group_id or identifier())
    with ExitStack() as stack:
        try:
            link = Link(transport=transport, target=target, local_address=local_address)
        except CallFailed as failure:
            return _report(None, (), "failed", reason=str(failure))
        stack.callback(link.close)
        speakers = tuple(Speaker(local_address=local_address, codec=codec) for codec in codecs)
        for speaker in speakers:
            stack.callback(speaker.close)
        voices = tuple(
            Voice(label=str(number + 1), speaker=number, codec=speaker.codec, port=speaker.port)
            for number, speaker in enumerate(speakers)
        )
        dialog = Dialog(link=link, caller_uri=parties[0].aor)
        call = _Call(dialog=dialog, session=session, voices=voices, speakers=speakers, on_event=on_event, stop=stop)
        try:
            return call.run(segments, address=link.local[0])
        except CallFailed as failure:
            return _report(dialog, speakers, "failed", reason=str(failure))


class _Call:
    def __init__(
        self,
        *,
        dialog: Dialog,
        session: RecordedSession,
        voices: tuple[Voice, ...],
        speakers: tuple[Speaker, ...],
        on_event: OnEvent,
        stop: threading.Event,
    ) -> None:
        self.dialog = dialog
        self.session = session
        self.voices = voices
        self.speakers = speakers
        self.on_event = on_event
        self.stop = stop
        self.version = 0

    def run(self, segments: Sequence[Segment], *, address: str) -> CallReport:
        response = self._offer(address=address, held=False)
        if response.status >= 300:
            reason = response.headers.get("reason") or response.start.partition(" ")[2]
            return _report(self.dialog, self.speakers, "refused", status=response.status, reason=reason)
        ports = answered_ports(response.body)
        try:
            host = answered_address(response.body)
        except ValueError as mistake:
            raise CallFailed(str(mistake)) from mistake
        for speaker, port in zip(self.speakers, ports, strict=False):
            speaker.target = (host, port)
        self.on_event("answered", {"ports": ports})
        for segment in segments:
            if segment.held:
                self._hold(segment, address=address)
            else:
                self._talk(segment)
            if self.stop.is_set() or self.dialog.ended_by_peer is not None:
                break
        if self.dialog.ended_by_peer is not None:
            reason = self.dialog.ended_by_peer
            return _report(self.dialog, self.speakers, "ended-by-recorder", reason=reason, ports=ports)
        farewell = self.dialog.bye(patience=_HURRIED if self.stop.is_set() else TIMEOUT)
        return _report(self.dialog, self.speakers, "completed", status=farewell.status, ports=ports)

    def _offer(self, *, address: str, held: bool) -> Any:
        self.version += 1
        content = body(address=address, session=self.session, voices=self.voices, version=self.version, held=held)
        return self.dialog.invite(body=content, content_type=CONTENT_TYPE)

    def _talk(self, segment: Segment) -> None:
        """Both voices from one clock, in a thread, while this one serves what the recorder says."""
        done = threading.Event()
        thread = threading.Thread(target=self._speak, args=(segment, done), daemon=True)
        thread.start()
        try:
            while thread.is_alive() and self.dialog.ended_by_peer is None:
                self.dialog.listen(until=time.monotonic() + 0.1)
        finally:
            done.set()
            thread.join()

    def _speak(self, segment: Segment, done: threading.Event) -> None:
        start = time.monotonic()
        for packet in range(segment.packets):
            wait = start + packet * _TICK - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if done.is_set() or self.stop.is_set():
                return
            for speaker, lane in zip(self.speakers, segment.lanes, strict=True):
                if speaker.target[1]:
                    speaker.say(lane[packet * PACKET : (packet + 1) * PACKET])

    def _hold(self, segment: Segment, *, address: str) -> None:
        began = time.monotonic()
        self._offer(address=address, held=True)
        self.on_event("held", {})
        while time.monotonic() < began + segment.packets * _TICK and not self.stop.is_set():
            self.dialog.listen(until=min(time.monotonic() + 0.1, began + segment.packets * _TICK))
            if self.dialog.ended_by_peer is not None:
                return
        self._offer(address=address, held=False)
        for speaker in self.speakers:
            speaker.pass_time(packets=max(2, round((time.monotonic() - began) / _TICK)))
        self.on_event("resumed", {})


def _report(
    dialog: Dialog | None,
    speakers: Sequence[Speaker],
    outcome: Outcome,
    *,
    status: int = 0,
    reason: str = "",
    ports: tuple[int, ...] = (),
) -> CallReport:
    return CallReport(
        call_id=dialog.call_id if dialog else "",
        outcome=outcome,
        status=status,
        reason=reason,
        ports=ports,
        packets=tuple(speaker.sent for speaker in speakers),
        ssrcs=tuple(speaker.ssrc for speaker in speakers),
    )


def _even_port(address: str) -> socket.socket:
    problem = ""
    for _ in range(200):
        candidate = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            candidate.bind((address, _FIRST_PORT + 2 * secrets.randbelow((_LAST_PORT - _FIRST_PORT) // 2 + 1)))
        except OSError as error:
            candidate.close()
            problem = str(error)
        else:
            return candidate
    raise CallFailed(f"no local media port at {address}: {problem}")


# --- the process ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call that the process is told to place; `key` names it in every event."""

    key: str
    host: str
    port: int
    transport: Transport
    local_address: str
    caller: Party
    callee: Party
    dialogue: str
    first_turn: int = 0
    last_turn: int | None = None
    group_id: str | None = None

    def to_line(self) -> str:
        """The order as a line of standard input."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> "Order":
        """The order in a line; raises ValueError, KeyError or TypeError for anything else."""
        values: dict[str, Any] = json.loads(line)
        return cls(**{**values, "caller": Party(**values["caller"]), "callee": Party(**values["callee"])})


class _Line:
    """Events as lines of standard output, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def write(self, key: str, event: str, facts: Mapping[str, object]) -> None:
        line = json.dumps({"key": key, "event": event, **facts}) + "\n"
        with self._lock, suppress(BrokenPipeError):  # whoever ordered is gone; standard input ends with them
            os.write(sys.stdout.fileno(), line.encode())


def _serve(order: Order, line: _Line, stop: threading.Event) -> None:
    line.write(order.key, "calling", {})
    report = place_call(
        target=(order.host, order.port),
        transport=order.transport,
        local_address=order.local_address,
        parties=(order.caller, order.callee),
        segments=dialogues()[order.dialogue].segments(first=order.first_turn, last=order.last_turn),
        group_id=order.group_id,
        on_event=lambda event, facts: line.write(order.key, event, facts),
        stop=stop,
    )
    line.write(order.key, "over", asdict(report))


def main() -> int:
    """Places the calls that standard input orders until it ends, then hangs up."""
    line, stop, threads = _Line(), threading.Event(), []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the demo that started this process decides when it ends
    for text in sys.stdin:
        try:
            order = Order.from_line(text)
        except (ValueError, KeyError, TypeError) as mistake:
            line.write("", "misunderstood", {"reason": str(mistake)})
            continue
        thread = threading.Thread(target=_serve, args=(order, line, stop))
        thread.start()
        threads.append(thread)
    stop.set()
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
