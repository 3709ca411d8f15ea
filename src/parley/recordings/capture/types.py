"""The words between the recorder's signalling and its media engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from parley.recordings.types import ClosedFile

Endpoint = tuple[str, int]
"""An IPv4 address and a UDP port."""

DISK_FULL = "disk-full"
INTERRUPTED = "interrupted"
SHUTDOWN = "shutdown"


@dataclass(frozen=True, kw_only=True, slots=True)
class PortLease:
    """The right to one media port, from `PortPool.take` until `PortPool.release` or the end of its stream.

    `serial` tells leases of the same port apart: releasing an old one does nothing.
    """

    port: int
    serial: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamSpec:
    """One m-line: its SIPREC label, its leased local port, and the IPv4 addresses that may send to it (1 to 4).

    `address` is the local one that the SDP answer named, for the capture; empty: where the INVITE arrived.
    """

    label: str
    port: int
    sources: tuple[str, ...]
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalFrame:
    """A SIP message as it enters the capture: Unix nanoseconds, both ends, its bytes (at most 65,507)."""

    at_ns: int
    source: Endpoint
    destination: Endpoint
    payload: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingSpec:
    """What is recorded, and for whom. Opening starts part 000; after a crash the same specification continues it.

    `manifest` becomes `manifest.json` (`recordings.types.Manifest.as_dict`). `signals` (the INVITE and its 200) open
    every part, so that each is a capture that stock tools understand; give the same ones to `MediaEngine.recover`.
    What arrives from `paused_ns` on is counted and written nowhere, until `MediaEngine.resume` (0: everything is).
    """

    recording_id: UUID
    recipients: tuple[str, ...]
    manifest: Mapping[str, Any]
    streams: tuple[StreamSpec, ...]
    signals: tuple[SignalFrame, ...] = ()
    paused_ns: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStats:
    """What arrived at one port since its lease began, pauses included.

    `lost` are sequence numbers not seen (yet). `foreign` came from an address that is not accepted, `late` belonged to
    the port's previous stream, `dropped` did not fit into the kernel's buffer: none of those is in the recording.
    `last_arrival_ns` is 0 before the first packet; `ssrc` that of the last RTP packet.
    """

    label: str
    port: int
    packets: int
    bytes: int
    lost: int
    duplicates: int
    foreign: int
    late: int
    dropped: int
    last_arrival_ns: int
    ssrc: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A recording that has ended: its spool directory, and what `closed.json` in it says."""

    recording_id: UUID
    folder: Path
    file: ClosedFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """What became of a recording that the predecessor left open.

    `continued`: it goes on, in a new part. Otherwise it is being closed as `interrupted`. `gap_seconds` is 0 when the
    sockets kept everything meanwhile; else how long nothing could be received, at most.
    """

    recording_id: UUID
    continued: bool
    gap_seconds: float
