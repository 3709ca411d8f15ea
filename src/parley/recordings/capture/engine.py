"""The media engine: sockets in, sealed recordings out. See `api` for how it is used, DESIGN section 6 for why it is so.

Threads. Draining: owns the hold, the journal's end and all parts; wakes every `drain_seconds` and for commands.
Syncing: waits for the disk. Closing: hashes, and stores `closed.json`. Callers only queue commands and read figures.
"""

import ipaddress
import json
import os
import resource
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import structlog

from parley.recordings.types import MANIFEST_FILE

from .closer import Closer
from .disk import Disk, is_full
from .errors import SpoolFull, UnknownRecording
from .hold import SOURCES, Hold, create_hold
from .journal import Journal, read_journal
from .parts import Part, signal_record
from .ports import PortPool
from .recording import OpenRecording, ended_stream
from .recovery import RECIPIENTS_FILE, Leftovers
from .space import Space
from .store import BatchStore, keep_freed_memory
from .syncing import Syncer
from .types import DISK_FULL, INTERRUPTED, Closed, RecordingSpec, Recovered, SignalFrame, StreamSpec, StreamStats

_log = structlog.get_logger()
_PROMISE = 0.95
"""What a power cut may cost is 1.0 s: the rest between drains, one drain and one sync together take less."""
_SHORTEST = 0.1
_DISK_FAILED = "disk-failed"


def _end_process(error: BaseException) -> None:
    """The draining thread cannot go on: end at once, so that a successor takes over what the hold and the sockets
    keep."""
    _log.critical("capture.stopped", error=type(error).__name__, exc_info=error)
    os._exit(70)


class MediaEngine:
    """Records what arrives at `sockets` into `spool`. Thread-safe.

    `on_failure` (recording id, reason) is called, from a thread of its own, for recordings that the engine ends by
    itself because the disk is full (`disk-full`) or broken (`disk-failed`); they are closed already. `floor`: bytes of
    free disk below which nothing new begins.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        spool: Path,
        *,
        hold_fd: int | None = None,
        drain_seconds: float = 0.85,
        quarantine: float = 5.0,
        floor: int = 256 << 20,
        segment_bytes: int = 64 << 20,
        disk: Disk | None = None,
        on_failure: Callable[[UUID, str], None] = lambda _recording_id, _reason: None,
        on_fatal: Callable[[BaseException], None] = _end_process,
    ) -> None:
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spool = spool
        self._disk = disk if disk is not None else Disk()
        self._drain_seconds = drain_seconds
        self._on_failure = on_failure
        self._on_fatal = on_fatal
        self._hold = Hold(hold_fd if hold_fd is not None else create_hold(), ports=len(sockets))
        self.ports = PortPool(sockets, self._hold, quarantine=quarantine)
        self._journal_folder = spool / "journal"
        self._found, self._found_written = read_journal(self._journal_folder)
        self._journal = Journal(self._disk, self._journal_folder, segment_bytes=segment_bytes)
        self._store = BatchStore(self._hold, self._journal, failed=self._relieve)
        self._syncer = Syncer(self._disk, self._journal, spool, self._sync_failed)
        self._space = Space(self._disk, spool, floor=floor)
        self._space.look()
        self._open: dict[UUID, OpenRecording] = {}
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._failing = ""
        self._stopped = False
        self._closer = Closer(self._disk, self._space, self._forget)
        self._notifier = ThreadPoolExecutor(1, thread_name_prefix="capture-notify")
        self._thread = threading.Thread(target=self._run, name="capture-drain", daemon=True)

    # --- for callers --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to receive; call `recover` first. A core dump of this process would hold media: it leaves none."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        keep_freed_memory()
        self._syncer.start()
        self._thread.start()

    def stop(self) -> None:
        """Drain once more, sync, and end the threads. Open recordings stay open: a successor recovers them."""
        self._stopped = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._closer.stop()
        self._notifier.shutdown()
        try:
            self._syncer.stop()
        except OSError as error:
            self._sync_failed(error)
        self._journal.close()

    @property
    def free_space_ok(self) -> bool:
        """Whether a new recording may begin."""
        return self._space.ample and not self._failing

    def open(self, specification: RecordingSpec) -> None:
        """Begin a recording in part 000. Its ports must be leased. Raises SpoolFull, and ValueError for what cannot
        be."""
        _check_streams(specification.streams)
        if not self.free_space_ok:
            raise _full()
        if specification.recording_id in self._open:
            raise ValueError("this recording is open already")
        folder = self._folder(specification.recording_id)
        try:
            folder.mkdir(mode=0o700)
            self._write_json(folder / MANIFEST_FILE, specification.manifest)
            self._write_json(folder / RECIPIENTS_FILE, specification.recipients)
            part = self._part(specification, 0)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            if is_full(error):
                raise _full() from error
            raise
        recording = OpenRecording(
            specification.recording_id, folder, specification, part, paused_ns=specification.paused_ns
        )
        self._open[specification.recording_id] = recording
        self._submit(lambda: self._begin(recording, specification.streams))

    def add_stream(self, recording_id: UUID, stream: StreamSpec) -> None:
        """Record one more m-line, or change the accepted sources of one. Raises UnknownRecording, ValueError."""
        _check_streams((stream,))
        recording = self._known(recording_id)
        self._submit(lambda: self._attach(recording, (stream,)))

    def end_stream(self, recording_id: UUID, port: int) -> None:
        """Take in what the port still holds, then give it back. Raises UnknownRecording."""
        recording = self._known(recording_id)
        self._submit(lambda: self._end(recording, [self.ports.index(port)]))

    def pause(self, recording_id: UUID, at_ns: int) -> None:
        """Write nothing of what arrives from `at_ns` (Unix nanoseconds, not 0) on. Raises UnknownRecording."""
        recording = self._known(recording_id)
        self._submit(lambda: self._steer(recording, at_ns))

    def resume(self, recording_id: UUID) -> None:
        """Write again, from the moment at which this is done: what waits in the sockets still belongs to the pause.

        Raises UnknownRecording.
        """
        recording = self._known(recording_id)
        self._submit(lambda: self._steer(recording, 0))

    def signal(self, recording_id: UUID, signal: SignalFrame) -> None:
        """Put a SIP message into the capture, after the packets that arrived before. Raises UnknownRecording,
        ValueError."""
        recording = self._known(recording_id)
        record = signal_record(signal)
        self._submit(lambda: self._append(recording, record))

    def close(self, recording_id: UUID, reason: str) -> "Future[Closed]":
        """End a recording: what its sockets hold is taken in, its ports go back, its last part is finished.

        The result comes when `closed.json` is stored. Closing again gives the same result. Raises UnknownRecording.
        """
        recording = self._open.get(recording_id)
        if recording is None:
            raise _unknown()
        self._submit(lambda: self._close(recording, reason))
        return recording.closed

    def stats(self, recording_id: UUID) -> tuple[StreamStats, ...]:
        """What arrived so far, stream by stream, at most `drain_seconds` ago. Raises UnknownRecording."""
        return self._known(recording_id).stats(self._hold, self.ports)

    def recover(self, live: Mapping[UUID, RecordingSpec]) -> list[Recovered]:
        """Take over what a predecessor left open: `live` recordings go on in a new part, the others are closed.

        Call it once, before `start`, with an empty mapping when there is nothing to go on with.
        """
        left = Leftovers(
            disk=self._disk,
            spool=self._spool,
            hold=self._hold,
            ports=self.ports,
            frames=self._found,
            written_ns=self._found_written,
        )
        recovered = []
        for recording_id, folder in left.folders():
            specification = live.get(recording_id)
            gap = left.gap(recording_id)
            left.keep_tails(recording_id, folder)
            recording = left.reopen(recording_id, folder, specification, self._successor, gap)
            if recording is None:
                left.close_without_part(recording_id, folder, gap)
            else:
                self._open[recording_id] = recording
                self._begin(recording, left.streams(recording_id, specification))
            seconds = (gap.ends_ns - gap.starts_ns) / 1e9 if gap is not None else 0.0
            continued = recording is not None and specification is not None
            recovered.append(Recovered(recording_id=recording_id, continued=continued, gap_seconds=seconds))
        left.release_others(set(self._open))
        self._store.replay(self._open, self._found)
        self._store.prepare()
        self._store.drain()
        for recording in list(self._open.values()):
            if recording.recording_id not in live:
                self._close(recording, INTERRUPTED)
        self._disk.sync_all(self._spool)
        self._journal.retire(self._journal.number)
        self._found = {}
        return recovered

    # --- draining thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            due = time.monotonic()
            while not self._stopped:
                self._wake.wait(max(0.0, due - time.monotonic()))
                self._wake.clear()
                self._obey()
                if time.monotonic() >= due:
                    began = time.monotonic()
                    self._cycle()
                    due = began + self._interval(time.monotonic() - began)
            self._obey()
            self._cycle()
        except BaseException as error:
            self._on_fatal(error)
            raise

    def _interval(self, drained: float) -> float:
        """Seconds from one drain to the next: shorter when draining or syncing is slow, so that the promise holds."""
        return max(_SHORTEST, min(self._drain_seconds, _PROMISE - drained - self._syncer.seconds))

    def _obey(self) -> None:
        while self._commands:
            self._commands.popleft()()

    def _cycle(self) -> None:
        """One drain of everything, and what goes with it."""
        self._space.look()
        self._store.drain()
        if self._journal.full:
            self._rotate()
        self._syncer.request()
        if self._space.exhausted and not self._failing:
            self._failing = DISK_FULL
        if self._failing:
            self._fail_all()

    def _rotate(self) -> None:
        """The segment before the last one goes; what only it holds is written again first."""
        recordings = list(self._open.values())
        if any(recording.part.sink.waiting for recording in recordings):
            return  # the journal has the only durable copy of what waits
        self._store.keep(recording for recording in recordings if recording.started)
        before = self._journal.number
        try:
            self._journal.rotate()
        except OSError as error:
            self._relieve(error)
        if not self._failing:
            self._syncer.request(retire_before=before)

    def _begin(self, recording: OpenRecording, streams: Sequence[StreamSpec]) -> None:
        self._store.append(recording, recording.part.opening)
        recording.started = True
        self._attach(recording, streams)
        self._syncer.request(everything=True)

    def _attach(self, recording: OpenRecording, streams: Sequence[StreamSpec]) -> None:
        if recording.closing:
            return
        for stream in streams:
            index = self.ports.index(stream.port)
            lease = self._hold.lease[index]
            lease["sources"] = [int(ipaddress.IPv4Address(source)) for source in stream.sources] + [0] * (
                SOURCES - len(stream.sources)
            )
            lease["address"] = int(ipaddress.IPv4Address(stream.address or _arrival_address(recording.specification)))
            lease["recording"] = list(recording.recording_id.bytes)
            lease["paused_ns"] = recording.paused_ns
            lease["attached"] = 1
            recording.streams[index] = stream
            self._store.attach(recording, index, self.ports.descriptor(index))

    def _append(self, recording: OpenRecording, record: bytes) -> None:
        if recording.closing:
            return
        self._store.drain(recording)
        self._store.append(recording, record)

    def _steer(self, recording: OpenRecording, paused_ns: int) -> None:
        """The lease says so too, in memory that outlives us: a successor writes nothing of a pause either."""
        if recording.closing:
            return
        if not paused_ns:
            self._store.drain(recording)
        recording.paused_ns = paused_ns
        for index in recording.streams:
            self._hold.lease[index]["paused_ns"] = paused_ns
        self._store.refresh()

    def _end(self, recording: OpenRecording, indexes: Sequence[int]) -> None:
        self._store.drain(recording)
        by_index = dict(zip(recording.streams, recording.stats(self._hold, self.ports), strict=True))
        for index in indexes:
            if index in recording.streams:
                recording.ended.append(ended_stream(by_index[index]))
                del recording.streams[index]
                self._store.detach(recording, index)
                self._hold.lease[index]["attached"] = 0
                self.ports.detached(index)

    def _close(self, recording: OpenRecording, reason: str) -> None:
        if recording.closing:
            return
        self._end(recording, list(recording.streams))
        recording.closing = True
        recording.part.finish()
        self._closer.settle(recording, reason)

    def _fail_all(self) -> None:
        """The disk takes no more: end every recording with the reason; what was recorded stays whole."""
        reason, self._failing = self._failing, ""
        self._space.ample = False
        for recording in list(self._open.values()):
            if not recording.closing:
                self._close(recording, reason)
                self._notifier.submit(self._on_failure, recording.recording_id, reason)

    def _relieve(self, error: OSError) -> bool:
        """The disk refused. Use the reserve and say so; whether another try makes sense."""
        self._failing = DISK_FULL if is_full(error) else _DISK_FAILED
        _log.error("capture.disk_refused", error=error.errno)
        return self._space.give_back()

    def _sync_failed(self, error: OSError) -> None:
        self._failing = self._failing or (DISK_FULL if is_full(error) else _DISK_FAILED)
        _log.error("capture.sync_failed", error=error.errno)

    # --- small parts --------------------------------------------------------------------------------------------------

    def _forget(self, recording: OpenRecording) -> None:
        self._open.pop(recording.recording_id, None)

    def _submit(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        self._wake.set()

    def _known(self, recording_id: UUID) -> OpenRecording:
        recording = self._open.get(recording_id)
        if recording is None or recording.closing:
            raise _unknown()
        return recording

    def _write_json(self, path: Path, content: object) -> None:
        """A small new file, synced with all others when the recording's first packets are."""
        descriptor = self._disk.create(path)
        try:
            self._disk.append(descriptor, [json.dumps(content, sort_keys=True).encode()])
        finally:
            self._disk.close(descriptor)

    def _folder(self, recording_id: UUID) -> Path:
        return self._spool / str(recording_id)

    def _successor(self, specification: RecordingSpec, number: int) -> Part:
        """A further part, from the reserve if the disk is full. Raises OSError."""
        try:
            return self._part(specification, number)
        except OSError as error:
            if not self._relieve(error):
                raise
            return self._part(specification, number)

    def _part(self, specification: RecordingSpec, number: int) -> Part:
        return Part(
            disk=self._disk,
            folder=self._folder(specification.recording_id),
            recording_id=specification.recording_id,
            number=number,
            recipients=specification.recipients,
            signals=specification.signals,
            on_failure=self._relieve,
        )


def _check_streams(streams: Sequence[StreamSpec]) -> None:
    for stream in streams:
        if not 1 <= len(stream.sources) <= SOURCES:
            raise ValueError("a stream accepts one to four addresses")
        for source in stream.sources:
            ipaddress.IPv4Address(source)
        if stream.address:
            ipaddress.IPv4Address(stream.address)


def _arrival_address(specification: RecordingSpec) -> str:
    """Where the INVITE arrived: media is answered for the same address unless it is said otherwise."""
    return specification.signals[0].destination[0] if specification.signals else "127.0.0.1"


def _full() -> SpoolFull:
    return SpoolFull("too little disk space is left to record", remedy="free space; recording resumes by itself")


def _unknown() -> UnknownRecording:
    return UnknownRecording("no such recording is open", remedy="it was closed, or never opened")
