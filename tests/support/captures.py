"""Captures as the recorder writes them, made from known speech: the truth that renditions are compared with."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RATE = 8000
FRAME = 160
EPOCH_NS = 1_700_000_000_000_000_000


def speech(seconds: float, *, seed: int) -> npt.NDArray[np.int16]:
    """A signal like speech: syllables of a voiced tone with harmonics, at another pitch for every seed."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    pitch = 95 + 23 * (seed % 7) + 6 * np.sin(2 * np.pi * random.uniform(0.3, 0.8) * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(phase * harmonic + random.uniform(0, 6)) / harmonic for harmonic in range(1, 14))
    syllables = np.repeat(random.uniform(0, 1, count // 800 + 1), 800)[:count]
    loudness = np.convolve(syllables, np.hanning(400) / 200, mode="same")
    noise = random.normal(size=count) * 0.05
    return np.clip((voice * loudness + noise) * 5000, -32000, 32000).astype(np.int16)


def encode_mu_law(samples: npt.NDArray[np.int16]) -> bytes:
    """ITU-T G.711 mu-law, from the definition and not from the decoder under test."""
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples.astype(int)), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(int) - 7
    mantissa = magnitude >> (exponent + 3) & 0x0F
    return (~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8).tobytes()


def encode_a_law(samples: npt.NDArray[np.int16]) -> bytes:
    """ITU-T G.711 A-law, from the definition."""
    sign = np.where(samples >= 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples.astype(int)), 32767) >> 4
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(int) - 3, 0)
    exponent = np.where(magnitude >= 16, exponent, 0)
    mantissa = np.where(exponent == 0, magnitude, magnitude >> np.maximum(exponent - 1, 0) >> 0) & 0x0F
    exponent_field = np.where(magnitude >= 16, exponent, 0)
    return ((sign | exponent_field << 4 | mantissa) ^ 0x55).astype(np.uint8).tobytes()


@dataclass(frozen=True)
class Packet:
    """One RTP packet on its way: when it arrives (s from the call's start), at which local port, and its fields."""

    at: float
    port: int
    sequence: int
    timestamp: int
    payload: bytes
    ssrc: int = 0x11111111
    payload_type: int = 0
    marker: bool = False
    extension: bytes = b""
    padding: int = 0

    def rtp(self) -> bytes:
        first = 0x80 | (0x10 if self.extension else 0) | (0x20 if self.padding else 0)
        head = struct.pack(
            ">BBHII",
            first,
            self.payload_type | self.marker << 7,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
        )
        if self.extension:
            head += struct.pack(">HH", 0xBEDE, len(self.extension) // 4) + self.extension
        tail = bytes(self.padding - 1) + bytes([self.padding]) if self.padding else b""
        return head + self.payload + tail


@dataclass
class Sender:
    """Cuts speech into packets 20 ms apart; `sequence` and `timestamp` go on from call to call."""

    port: int
    sequence: int = 1000
    timestamp: int = 5000
    ssrc: int = 0x11111111
    payload_type: int = 0
    jitter: float = 0.0
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def send(self, samples: npt.NDArray[np.int16], *, at: float) -> list[Packet]:
        encode = encode_a_law if self.payload_type == 8 else encode_mu_law
        coded = encode(samples)
        sent = []
        for number, start in enumerate(range(0, len(coded), FRAME)):
            payload = coded[start : start + FRAME]
            delay = abs(float(self.random.normal())) * self.jitter
            moment = at + number * FRAME / RATE + delay
            sent.append(Packet(moment, self.port, self.sequence, self.timestamp, payload, self.ssrc, self.payload_type))
            self.sequence += 1
            self.timestamp += len(payload)
        return sent


def pcap(packets: Iterable[Packet], *, preamble: Sequence[bytes] = (b"INVITE sip:srs SIP/2.0\r\n\r\n",)) -> bytes:
    """A nanosecond pcap of raw IPv4 in order of arrival, SIP messages first, as every part begins."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)]
    out += [_record(EPOCH_NS, 5060, message) for message in preamble]
    for packet in sorted(packets, key=lambda packet: packet.at):
        out.append(_record(EPOCH_NS + int(packet.at * 1e9), packet.port, packet.rtp()))
    return b"".join(out)


def _record(instant: int, port: int, content: bytes) -> bytes:
    address = bytes([192, 0, 2, 1])
    udp = struct.pack(">HHHH", 6000, port, 8 + len(content), 0) + content
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, address, address) + udp
    seconds, nanoseconds = divmod(instant, 1_000_000_000)
    return struct.pack("<IIII", seconds, nanoseconds, len(ip), len(ip)) + ip


def correlation(first: npt.NDArray[np.int16], second: npt.NDArray[np.int16]) -> float:
    """Normalised correlation at zero lag over the common length."""
    length = min(len(first), len(second))
    a, b = first[:length].astype(float), second[:length].astype(float)
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-9))
