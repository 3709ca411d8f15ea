"""The recorder: SIPREC calls in, sealed captures in the spool. One process; the supervisor keeps its sockets and keys.

Signalling runs in one asyncio loop, media in the engine's thread, everything that may block (database, synced files) in
threads of their own. A recorder that is killed is replaced: the next one reads the session files and goes on.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from parley.daemons.recorder_gate import agreement_gate
from parley.daemons.recorder_media import EngineMedia
from parley.daemons.recorder_reports import LiveReports
from parley.daemons.recorder_trunks import TrunkReader
from parley.daemons.recorder_wishes import WishReader
from parley.daemons.signalling.calls import Calls
from parley.daemons.signalling.state import SavedCall, SessionFiles
from parley.daemons.signalling.transport import Limits, Transport
from parley.monitoring import api as monitoring
from parley.recordings.session import Patience
from parley.recordings.types import Deed

_log = structlog.get_logger()
_STOP_SECONDS = 8.0
_TRUNKS_SECONDS = 3.0
_STEER_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Inheritance:
    """What the supervisor holds for its recorders: bound sockets, memory that outlives them, the key of session
    files.
    """

    sip_udp: socket.socket
    sip_tcp: socket.socket
    media: Sequence[socket.socket]
    hold_fd: int
    state_key: bytes


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where this recorder works: its spool, its region, the address that SDP answers give ("" for the one called)."""

    spool: Path
    region: str
    media_address: str = ""


def run(
    inheritance: Inheritance,
    place: Place,
    *,
    patience: Patience | None = None,
    limits: Limits | None = None,
    stranger_rate: float = 50.0,
) -> None:
    """Records until SIGTERM or SIGINT; then every call is ended with BYE and its capture closed (`shutdown`)."""
    asyncio.run(_serve(inheritance, place, patience=patience, limits=limits, stranger_rate=stranger_rate))


async def _serve(
    inheritance: Inheritance,
    place: Place,
    *,
    patience: Patience | None,
    limits: Limits | None,
    stranger_rate: float,
) -> None:
    loop = asyncio.get_running_loop()
    # asyncio's own words would quote what arrived.
    loop.set_exception_handler(
        lambda _loop, context: _log.error("recorder.fault", error=type(context.get("exception")).__name__)
    )
    files = SessionFiles(folder=place.spool / "sessions", key=inheritance.state_key)
    saved = list(files.load())
    media = EngineMedia(sockets=inheritance.media, hold_fd=inheritance.hold_fd, spool=place.spool, closed=files.remove)
    continued = media.start(saved)
    trunks, reports = TrunkReader(), LiveReports()
    trunks.start()
    reports.start()
    sip_port = inheritance.sip_udp.getsockname()[1]
    address_for = _addresses(place.media_address or _bound_address(inheritance.sip_udp))
    calls = Calls(
        media=media,
        gate=agreement_gate(region=place.region),
        directory=trunks.current,
        files=files,
        reports=reports,
        address_for=address_for,
        sip_port=sip_port,
        patience=patience,
        stranger_rate=stranger_rate,
    )
    _resume(calls, saved, continued=continued, files=files)
    transport = Transport(calls=calls, address_for=address_for, sip_port=sip_port, limits=limits)

    def end_failed(recording_id: UUID, reason: str) -> None:
        calls.capture_failed(recording_id, reason, now=loop.time())
        transport.flush()

    def report_failure(recording_id: UUID, reason: str) -> None:
        loop.call_soon_threadsafe(end_failed, recording_id, reason)

    media.on_failure(report_failure)

    async def do_steer(recording_id: UUID, deed: Deed, by: UUID, wish: UUID) -> bool:
        return calls.steer(recording_id, deed, by=by, wish=wish)

    def steer(recording_id: UUID, deed: Deed, by: UUID, wish: UUID) -> bool:
        return asyncio.run_coroutine_threadsafe(do_steer(recording_id, deed, by, wish), loop).result(_STEER_SECONDS)

    wishes = WishReader(steer)
    wishes.start()
    # Until then requests wait in the sockets: an early INVITE would be refused for a trunk that was not read yet.
    await loop.run_in_executor(None, lambda: trunks.wait(seconds=_TRUNKS_SECONDS))
    await transport.start(udp=inheritance.sip_udp, tcp=inheritance.sip_tcp)
    _log.info("recorder.ready", calls=len(calls), media_ports=len(inheritance.media))
    await _until_stopped(transport, calls)
    await loop.run_in_executor(None, wishes.stop)
    calls.stop(now=loop.time())
    transport.flush()
    await loop.run_in_executor(None, media.stop, _STOP_SECONDS)
    transport.flush()
    await transport.close()
    trunks.stop()
    reports.stop()
    _log.info("recorder.stopped")


async def _until_stopped(transport: Transport, calls: Calls) -> None:
    """Ticks, and says that it does, once a second until somebody wants the recorder to end."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, stopped.set)
    while not stopped.is_set():
        monitoring.beat()
        monitoring.show_calls(len(calls))
        try:
            async with asyncio.timeout(1.0):
                await stopped.wait()
        except TimeoutError:
            transport.tick()


def _resume(calls: Calls, saved: Sequence[SavedCall], *, continued: Mapping[UUID, float], files: SessionFiles) -> None:
    """Goes on with the predecessor's calls, or with closing them; one whose capture could not go on is over."""
    for one in saved:
        gap_seconds = continued.get(one.session.recording_id)
        if gap_seconds is not None:
            calls.resume(one, gap_seconds=gap_seconds)
        else:
            files.remove(one.session.recording_id)


def _bound_address(bound: socket.socket) -> str:
    """The address that a socket is bound to, "" when it serves all."""
    host = str(bound.getsockname()[0])
    return "" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound


def _addresses(fixed: str) -> Callable[[str], str]:
    """Our address as a peer reaches it: `fixed`, else the one that the route to the peer begins with."""
    known: dict[str, str] = {}

    def address_for(peer: str) -> str:
        if fixed:
            return fixed
        if peer not in known:
            if len(known) > 4_096:
                known.clear()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.connect((peer, 9))
                    known[peer] = probe.getsockname()[0]
                except OSError:
                    return "127.0.0.1"
        return known[peer]

    return address_for
