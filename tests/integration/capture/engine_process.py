"""A recorder reduced to its media engine, in a process of its own that a test may kill: everything it knows comes from
the parent (sockets, memory, specification); whatever the last one left, it goes on with.

usage: engine_process.py JSON. Prints `ready`, repeats the lines `pause` and `resume` of its standard input when it
has done them, `closed` when another line told it to close.
"""

import json
import socket
import sys
import time
from pathlib import Path
from uuid import UUID

from parley.recordings.capture.api import MediaEngine, RecordingSpec, SignalFrame, StreamSpec


def main() -> None:
    given = json.loads(sys.argv[1])
    sockets = [socket.socket(fileno=descriptor) for descriptor in given["sockets"]]
    engine = MediaEngine(
        sockets,
        Path(given["spool"]),
        hold_fd=given["hold"],
        drain_seconds=given["drain"],
        segment_bytes=given["segment"],
    )
    port = sockets[0].getsockname()[1]
    recording_id = UUID(given["recording"])
    specification = RecordingSpec(
        recording_id=recording_id,
        recipients=(given["recipient"],),
        manifest={},
        streams=tuple(
            StreamSpec(label=str(number), port=each.getsockname()[1], sources=("127.0.0.1",))
            for number, each in enumerate(sockets)
        ),
        signals=(
            SignalFrame(
                at_ns=1,
                source=("127.0.0.1", 5060),
                destination=("127.0.0.1", port),
                payload=b"INVITE sip:srs SIP/2.0\r\n\r\n",
            ),
        ),
    )
    recovered = engine.recover({recording_id: specification})
    if not recovered:
        for _ in sockets:
            engine.ports.take()
        engine.open(specification)
    engine.start()
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "pause\n":
            engine.pause(recording_id, time.time_ns())
        elif line == "resume\n":
            engine.resume(recording_id)
        else:
            break
        print(line, end="", flush=True)
    closed = engine.close(recording_id, "bye").result(timeout=20)
    print(
        "closed",
        json.dumps([[stream.packets, stream.lost, stream.duplicates] for stream in closed.file.streams]),
        flush=True,
    )
    engine.stop()


if __name__ == "__main__":
    main()
