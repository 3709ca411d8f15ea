"""An independent RTP sender: knows nothing of Parley. Plays G.711 files to several ports, one packet each 20 ms.

usage: rtp_sender.py SECONDS SOURCE_PORT:HOST:PORT:PAYLOAD_TYPE:FILE[:FIRST_SEQUENCE[:SSRC]] ...

FILE holds raw G.711 octets (8,000 a second) and is repeated when it is shorter than SECONDS. All streams share one
clock, so they start at the same instant. Prints `sent N` and the number for each stream when done.
"""

import pathlib
import socket
import struct
import sys
import time

PACKET = 160


class Stream:
    def __init__(self, text: str) -> None:
        source, host, port, payload_type, path, *rest = text.split(":")
        self.audio = pathlib.Path(path).read_bytes()
        self.payload_type = int(payload_type)
        self.sequence = int(rest[0]) if rest else 1000
        self.ssrc = int(rest[1]) if len(rest) > 1 else int(source) * 7919
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, int(source)))
        self.target = (host, int(port))
        self.sent = 0

    def payload(self, tick: int) -> bytes:
        start = tick * PACKET % len(self.audio)
        piece = self.audio[start : start + PACKET]
        return piece + self.audio[: PACKET - len(piece)]

    def send(self, tick: int) -> None:
        marker = 0x80 if tick == 0 else 0
        header = struct.pack(
            ">BBHII",
            0x80,
            self.payload_type | marker,
            (self.sequence + tick) & 0xFFFF,
            (tick * PACKET) & 0xFFFFFFFF,
            self.ssrc & 0xFFFFFFFF,
        )
        self.socket.sendto(header + self.payload(tick), self.target)
        self.sent += 1


def main() -> None:
    streams = [Stream(text) for text in sys.argv[2:]]
    ticks = int(float(sys.argv[1]) * 50)
    start = time.monotonic()
    for tick in range(ticks):
        wait = start + tick * 0.02 - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        for stream in streams:
            stream.send(tick)
    print("sent", sum(stream.sent for stream in streams), *[stream.sent for stream in streams], flush=True)


if __name__ == "__main__":
    main()
