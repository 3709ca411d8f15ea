"""The media engine as signalling drives it."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from parley.daemons.signalling.ports import Frame, Heard
from parley.daemons.signalling.state import SavedCall
from parley.recordings.api import write_manifest
from parley.recordings.capture.api import (
    CaptureError,
    Closed,
    MediaEngine,
    NoFreePort,
    PortLease,
    RecordingSpec,
    SignalFrame,
    SpoolFull,
    StreamSpec,
)
from parley.recordings.session import Line
from parley.recordings.types import Manifest

_log = structlog.get_logger()


class EngineMedia:
    """`signalling.ports.Media` over a `MediaEngine`. `closed` is told when a recording's `closed.json` is written."""

    def __init__(
        self, *, sockets: Sequence[socket.socket], hold_fd: int, spool: Path, closed: Callable[[UUID], None]
    ) -> None:
        self._spool = spool
        self._closed = closed
        self._failed: Callable[[UUID, str], None] = lambda _recording_id, _reason: None
        self._leases: dict[int, PortLease] = {}
        self._closing: dict[UUID, Future[Closed]] = {}
        self._described: dict[UUID, Future[None]] = {}
        # One thread, so that a newer manifest is never overtaken by an older one.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="manifests")
        self._engine = MediaEngine(sockets, spool, hold_fd=hold_fd, on_failure=self._fail)

    def start(self, saved: Sequence[SavedCall]) -> dict[UUID, float]:
        """Recovers what a predecessor left, begins to receive, and returns which recordings go on, and for how many
        seconds nothing of them could be received."""
        live = {one.session.recording_id: _specification(one) for one in saved}
        recovered = self._engine.recover(live)
        self._engine.start()
        for one in recovered:
            _log.info(
                "recording.recovered",
                recording=str(one.recording_id),
                continued=one.continued,
                gap_seconds=round(one.gap_seconds, 3),
            )
        return {one.recording_id: one.gap_seconds for one in recovered if one.continued}

    def stop(self, seconds: float) -> None:
        """Waits until what was closed is written, at most `seconds`, and ends the engine."""
        self._writer.shutdown()
        wait(list(self._closing.values()), timeout=seconds)
        self._engine.stop()

    def on_failure(self, failed: Callable[[UUID, str], None]) -> None:
        """Whom to tell, from the engine's thread, that a recording cannot go on."""
        self._failed = failed

    def refusal(self) -> str:
        return "" if self._engine.free_space_ok else "no space left to record"

    def take(self, count: int) -> tuple[int, ...] | None:
        leases: list[PortLease] = []
        try:
            for _ in range(count):
                leases.append(self._engine.ports.take())
        except NoFreePort:
            for lease in leases:
                self._engine.ports.release(lease, used=False)
            return None
        self._leases.update((lease.port, lease) for lease in leases)
        return tuple(lease.port for lease in leases)

    def give_back(self, port: int) -> None:
        lease = self._leases.pop(port, None)
        if lease is not None:
            self._engine.ports.release(lease, used=False)

    def open(
        self, manifest: Manifest, recipients: Sequence[str], lines: Sequence[Line], frames: Sequence[Frame]
    ) -> bool:
        try:
            self._engine.open(
                RecordingSpec(
                    recording_id=manifest.recording_id,
                    recipients=tuple(recipients),
                    manifest=manifest.as_dict(),
                    streams=tuple(_stream(line) for line in lines),
                    signals=tuple(_signal(frame) for frame in frames),
                    paused_ns=_paused(manifest),
                )
            )
        except SpoolFull:
            return False
        for line in lines:
            self._leases.pop(line.port, None)
        return True

    def describe(self, manifest: Manifest) -> None:
        self._described[manifest.recording_id] = self._writer.submit(self._rewrite, manifest)

    def add(self, recording_id: UUID, line: Line) -> None:
        self._leases.pop(line.port, None)
        self._engine.add_stream(recording_id, _stream(line))

    def end(self, recording_id: UUID, port: int) -> None:
        self._engine.end_stream(recording_id, port)

    def signal(self, recording_id: UUID, frame: Frame) -> None:
        with _told(recording_id):
            self._engine.signal(recording_id, _signal(frame))

    def pause(self, recording_id: UUID, at: datetime) -> None:
        with _told(recording_id):
            self._engine.pause(recording_id, _nanoseconds(at))

    def resume(self, recording_id: UUID) -> None:
        with _told(recording_id):
            self._engine.resume(recording_id)

    def close(self, recording_id: UUID, reason: str) -> None:
        described = self._described.pop(recording_id, None)
        if described is None or described.done():
            self._close(recording_id, reason)
        else:  # what is closed is read at once, and with it whether it is to be kept
            self._writer.submit(self._close, recording_id, reason)

    def _close(self, recording_id: UUID, reason: str) -> None:
        try:
            future = self._engine.close(recording_id, reason)
        except CaptureError as error:
            _log.warning("recording.unclosed", recording=str(recording_id), error=error.error_id)
            self._closed(recording_id)
            return
        self._closing[recording_id] = future
        future.add_done_callback(lambda done: self._finished(recording_id, done))

    def heard(self, recording_id: UUID) -> Heard:
        try:
            streams = self._engine.stats(recording_id)
        except CaptureError:
            return Heard(0, 0, None)
        now, clock = time.time_ns(), time.monotonic()
        by_port = {
            stream.port: clock - max(0.0, (now - stream.last_arrival_ns) / 1e9)
            for stream in streams
            if stream.last_arrival_ns
        }
        return Heard(
            packets=sum(stream.packets for stream in streams),
            octets=sum(stream.bytes for stream in streams),
            last_at=max(by_port.values(), default=None),
            by_port=by_port,
        )

    def _fail(self, recording_id: UUID, reason: str) -> None:
        self._failed(recording_id, reason)

    def _finished(self, recording_id: UUID, done: "Future[Closed]") -> None:
        self._closing.pop(recording_id, None)
        if done.cancelled():
            return  # the disk refused to the end: the session file lets the next recorder close it
        error = done.exception()
        if error is not None:
            _log.error("recording.unclosed", recording=str(recording_id), error=type(error).__name__)
            return
        self._closed(recording_id)

    def _rewrite(self, manifest: Manifest) -> None:
        folder = self._spool / str(manifest.recording_id)
        try:
            write_manifest(folder, manifest)
        except OSError as error:
            _log.warning("recording.undescribed", recording=str(manifest.recording_id), error=type(error).__name__)


@contextlib.contextmanager
def _told(recording_id: UUID) -> Iterator[None]:
    """A capture that may just have failed (full disk) is no fault here: the failure has its own way."""
    try:
        yield
    except CaptureError as error:
        _log.info("recording.untold", recording=str(recording_id), error=error.error_id)


def _paused(manifest: Manifest) -> int:
    """From when on nothing is written: of a call that was not started, from the beginning."""
    steering = manifest.steering
    if steering.writing:
        return 0
    return _nanoseconds(steering.pauses[-1].starts_at if steering.pauses else manifest.started_at)


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1_000


def _stream(line: Line) -> StreamSpec:
    return StreamSpec(label=line.label, port=line.port, sources=line.sources)


def _signal(frame: Frame) -> SignalFrame:
    return SignalFrame(
        at_ns=frame.at_ns,
        source=(frame.source_host, frame.source_port),
        destination=(frame.destination_host, frame.destination_port),
        payload=frame.payload,
    )


def _specification(saved: SavedCall) -> RecordingSpec:
    return RecordingSpec(
        recording_id=saved.session.recording_id,
        recipients=saved.trunk.recipients,
        manifest=saved.manifest.as_dict(),
        streams=tuple(_stream(line) for line in saved.session.lines if line.port),
        signals=tuple(_signal(frame) for frame in saved.frames),
        paused_ns=_paused(saved.manifest),
    )
