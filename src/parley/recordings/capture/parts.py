"""Parts: the age files that a recording consists of, while one is being written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from parley.sealing.api import CHUNK, SEALED_CHUNK, AgeWriter, Frame, FrameSealer, encode_tail
from parley.wire.pcap.api import FILE_HEADER, udp_record

from .disk import Buffer, Disk
from .types import SignalFrame

_HEADER_LIMIT = 1 << 16
_NONCE = 16


def age_name(number: int) -> str:
    """The file name of part `number`."""
    return f"{number:03}.age"


def tail_name(number: int) -> str:
    """The file name of its tail, which exists as long as the part is not finished."""
    return f"{number:03}.tail"


class PartSink:
    """Appends sealed bytes to a part's file. When the disk refuses, it keeps them in memory and says so, and never
    raises: what an age writer has sealed must not be sealed again."""

    def __init__(self, disk: Disk, path: Path, on_failure: Callable[[OSError], object]) -> None:
        self._disk = disk
        self._path = path
        self._descriptor = -1
        self._on_failure = on_failure
        self.waiting: list[bytes] = []

    def open(self) -> None:
        """Create the file with what was written so far. Raises OSError."""
        self._descriptor = self._disk.create(self._path)
        self._flush()

    def write(self, data: Buffer) -> None:
        """Store `data`, or keep it waiting behind what already waits."""
        if not self.waiting and self._descriptor >= 0:
            try:
                self._disk.append(self._descriptor, [data])
            except OSError as error:
                self._on_failure(error)
            else:
                return
        self.waiting.append(bytes(data))

    def settle(self) -> None:
        """Store what waits and sync the file. Raises OSError as long as the disk refuses."""
        self._flush()
        self._disk.sync(self._descriptor)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def _flush(self) -> None:
        while self.waiting:
            self._disk.append(self._descriptor, [self.waiting[0]])
            del self.waiting[0]


class Part:
    """One age file being written: its stream, and the sealer of its journal frames.

    Creating it stores the tail file with the wrapped frame key, then the age file with its header: a part without a
    tail is a finished one. `opening` is what the part begins with (file header of the capture, the session's SIP
    messages), not written yet. Raises OSError and leaves nothing.
    """

    def __init__(
        self,
        *,
        disk: Disk,
        folder: Path,
        recording_id: UUID,
        number: int,
        recipients: Sequence[str],
        signals: Sequence[SignalFrame],
        on_failure: Callable[[OSError], object],
    ) -> None:
        self.number = number
        self.opening = FILE_HEADER + b"".join(signal_record(signal) for signal in signals)
        self.offset = 0
        """Plaintext bytes written."""
        self.only_opening = False
        """Set by `finish`: nothing followed the opening."""
        self.mark = 0
        """Plaintext that the journal's segments before the newest may hold: they go when all of it is sealed."""
        self.sink = PartSink(disk, folder / age_name(number), on_failure)
        self.writer = AgeWriter(self.sink, recipients)
        self.sealer = FrameSealer(
            recording_id=recording_id, part=number, recipients=recipients, header_hash=self.writer.header_hash
        )
        head = encode_tail(wrapped_key=self.sealer.wrapped_key, header_hash=self.sealer.header_hash, frames=())
        try:
            tail = disk.create(folder / tail_name(number))
            try:
                disk.append(tail, [head])
            finally:
                disk.close(tail)
            self.sink.open()
        except OSError:
            self.sink.close()
            disk.remove(folder / age_name(number))
            disk.remove(folder / tail_name(number))
            raise

    @property
    def sealed(self) -> int:
        """Plaintext bytes in sealed chunks."""
        return self.writer.chunks * CHUNK

    def write(self, data: Buffer) -> None:
        """Add `data`, which the journal has already."""
        self.writer.write(data)
        self.offset += len(data)

    def finish(self) -> None:
        """Seal the last chunk; the file may still have to be settled."""
        self.only_opening = self.offset <= len(self.opening)
        self.writer.close()


def signal_record(signal: SignalFrame) -> bytes:
    """A SIP message as a record of the capture."""
    return udp_record(at_ns=signal.at_ns, source=signal.source, destination=signal.destination, payload=signal.payload)


def sealed_prefix(path: Path) -> int:
    """Plaintext bytes in the whole chunks of an age file, judged by its size alone: this process holds no key.

    0 when the header itself is not whole.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_LIMIT)
        size = file.seek(0, 2)
    last_line = head.find(b"\n---")
    end = head.find(b"\n", last_line + 1)
    if last_line < 0 or end < 0:
        return 0
    return max(0, size - end - 1 - _NONCE) // SEALED_CHUNK * CHUNK


def durable_offset(folder: Path, number: int, frames: Sequence[Frame]) -> int:
    """How much plaintext of a part its age file and its journal frames hold together."""
    path = folder / age_name(number)
    prefix = sealed_prefix(path) if path.exists() else 0
    return max([prefix, *(frame.end for frame in frames)])
