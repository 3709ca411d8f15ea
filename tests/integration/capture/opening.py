"""Opens what the engine recorded, as the worker does, and sorts it by stream."""

from pathlib import Path

from parley.recordings.original import opened_original, whole_capture
from parley.wire.pcap.api import UdpFrame, read_udp


def frames(folder: Path, identity: str) -> list[UdpFrame]:
    """Every datagram of all parts, in the order of the file."""
    names = sorted(str(path) for path in folder.iterdir() if path.suffix in {".age", ".tail"})
    with opened_original(names, open_file=lambda name: Path(name).open("rb"), identities=[identity]) as parts:
        return list(read_udp(whole_capture(parts)))


def media(folder: Path, identity: str) -> dict[int, list[bytes]]:
    """RTP packets by local port."""
    streams: dict[int, list[bytes]] = {}
    for frame in frames(folder, identity):
        if frame.source[1] != 5060:
            streams.setdefault(frame.destination[1], []).append(frame.payload)
    return streams
