"""What the recorder's shell may use of the media engine.

    engine = MediaEngine(sockets, spool, hold_fd=fd, on_failure=end_call)
    engine.recover(live)             # always, before start: closes or continues what a predecessor left
    engine.start()
    lease = engine.ports.take()      # raises NoFreePort
    engine.open(RecordingSpec(...))  # raises SpoolFull
    engine.signal(recording_id, SignalFrame(...))
    engine.close(recording_id, "bye").result()

`sockets` are bound IPv4 UDP sockets, `hold_fd` comes from `create_hold()`; the SUPERVISOR makes and keeps both and
passes them by inheritance to each recorder it starts. Without `hold_fd` a SIGKILL may lose the batch that was in the
recorder's hands.
"""

from .disk import Disk
from .engine import MediaEngine
from .errors import CaptureError, HoldMismatch, NoFreePort, SpoolFull, UnknownRecording
from .hold import create_hold
from .ports import PortPool
from .types import (
    DISK_FULL,
    INTERRUPTED,
    SHUTDOWN,
    Closed,
    Endpoint,
    PortLease,
    RecordingSpec,
    Recovered,
    SignalFrame,
    StreamSpec,
    StreamStats,
)

__all__ = [
    "DISK_FULL",
    "INTERRUPTED",
    "SHUTDOWN",
    "CaptureError",
    "Closed",
    "Disk",
    "Endpoint",
    "HoldMismatch",
    "MediaEngine",
    "NoFreePort",
    "PortLease",
    "PortPool",
    "RecordingSpec",
    "Recovered",
    "SignalFrame",
    "SpoolFull",
    "StreamSpec",
    "StreamStats",
    "UnknownRecording",
    "create_hold",
]
