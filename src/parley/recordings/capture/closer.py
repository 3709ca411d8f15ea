"""The thread that ends recordings: it hashes and syncs, which may take long, and waits out a full disk."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from .closing import discard_part, finish_part, write_closed
from .disk import Disk
from .recording import OpenRecording
from .space import Space
from .types import Closed

_log = structlog.get_logger()
_RETRY_SECONDS = 0.5


class Closer:
    """Settles recordings whose last chunk is sealed, one after another; `closed` is told of each."""

    def __init__(self, disk: Disk, space: Space, closed: Callable[[OpenRecording], None]) -> None:
        self._disk = disk
        self._space = space
        self._closed = closed
        self._stopped = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="capture-close")

    def settle(self, recording: OpenRecording, reason: str) -> None:
        """Store what waits, finish the part and close the recording, in its turn; again while the disk refuses."""
        self._thread.submit(self._settle, recording, reason)

    def stop(self) -> None:
        """Finish what was asked; what the disk still refuses is left to a successor."""
        self._stopped = True
        self._thread.shutdown()

    def _settle(self, recording: OpenRecording, reason: str) -> None:
        while True:
            try:
                closed = self._write_end(recording, reason)
                break
            except OSError as error:
                _log.warning("capture.close_waits", recording=str(recording.recording_id), error=error.errno)
                self._space.give_back()
                if self._stopped:
                    recording.closed.cancel()
                    return
                time.sleep(_RETRY_SECONDS)
            except Exception as error:
                recording.closed.set_exception(error)
                raise
        self._closed(recording)
        recording.closed.set_result(closed)

    def _write_end(self, recording: OpenRecording, reason: str) -> Closed:
        part, folder = recording.part, recording.folder
        part.sink.settle()
        if part.number and part.only_opening:
            discard_part(self._disk, folder, part.number)
        else:
            finish_part(self._disk, folder, part.number)
        file = write_closed(
            self._disk,
            folder,
            recording_id=recording.recording_id,
            reason=reason,
            streams=recording.ended,
            gaps=recording.gaps,
        )
        part.sink.close()
        return Closed(recording_id=recording.recording_id, folder=folder, file=file)
