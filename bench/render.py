"""How fast a finished call becomes audible: Parley's renderer against `ffmpeg`, both from the same capture to MP3 of
one rate, channels and bit rate, in turns, in one run; then the memory of a call of eight hours beside ten minutes.

Ours begins with the sealed capture: opens it, orders packets, conceals losses, aligns two lanes, encodes. `ffmpeg`
begins with the decrypted WAV that ours makes of it, so that it has the easier half: only the encoding. Both encode with
LAME: ours at quality 7, `ffmpeg` as it comes (LAME's default, 3), and once more at 7. What the quality costs the ear is
said in decibels. Opus, which is made when somebody asks for it, is timed on five minutes beside `ffmpeg` with libopus.
Cost is the processor time, user and system, of a process of its own for each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.captures import Sender, pcap, speech

from parley.recordings.original import StoredPart, open_part
from parley.recordings.rendition.encoders import (
    OPUS_KILOBITS,
    Encoder,
    Mp3Encoder,
    OpusEncoder,
    PeakCollector,
    WavEncoder,
)
from parley.recordings.rendition.render import render
from parley.recordings.types import ManifestStream
from parley.sealing.api import AgeWriter, Identity, generate_identity

STREAMS = (
    ManifestStream(label="1", side="caller", port=30000, codec="PCMU"),
    ManifestStream(label="2", side="callee", port=30002, codec="PCMA"),
)
AS_OURS = ("-compression_level", "7")
"""LAME's quality of ours; ffmpeg leaves it at LAME's default, 3."""
WORDS = {
    "start": "a process of ours that does nothing",
    "ours": "ours: sealed capture to MP3",
    "ffmpeg": "ffmpeg: WAV to MP3, as it comes",
    "ffmpeg7": "ffmpeg: WAV to MP3, LAME at quality 7 as ours",
    "all": "ours: sealed capture to MP3, WAV and waveform",
    "wav": "ours: sealed capture to WAV",
    "opus": "ours: sealed capture to Opus",
    "libopus": "ffmpeg: WAV to Opus of the same bit rate",
}
RATE, FRAME, WAV_HEADER = 8000, 160, 44
LISTENED = 300 * RATE
OPUS_MINUTES = 5
PEAK = "peak"
HEADER, RECORD = 24, 16 + 28 + 12 + 160
RTP = 16 + 28


@dataclass(frozen=True)
class Cost:
    """Processor seconds of one process; of ours also the most resident memory, in bytes."""

    cpu: float
    memory: int = 0


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=int, default=20, help="of the call that is timed (default 20)")
    options.add_argument("--hours", type=int, default=1, help="of the call whose memory is measured (default 1)")
    options.add_argument("--rounds", type=int, default=3, help="turns, of which the median counts")
    options.add_argument("--child", nargs=3, metavar=("CAPTURE", "IDENTITY", "WHAT"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        make_audible(Path(chosen.child[0]), chosen.child[1], chosen.child[2])
        Path(chosen.child[0]).with_name(PEAK).write_text(str(peak()))
        return
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory), generate_identity())
        report(bench, minutes=chosen.minutes, hours=chosen.hours, rounds=chosen.rounds)


@dataclass(frozen=True)
class Bench:
    """Where the captures lie, sealed to `identity`."""

    folder: Path
    identity: Identity

    def capture(self, minutes: int) -> Path:
        """A sealed capture of a call of so many minutes, made once."""
        path = self.folder / f"{minutes}.age"
        if not path.exists():
            with path.open("wb") as target:
                writer = AgeWriter(target, [self.identity.recipient])
                for piece in talk(minutes):
                    writer.write(piece)
                writer.close()
        return path

    def ours(self, minutes: int, what: str) -> Cost:
        """Our renderer in a process of its own; `what`: "mp3", "wav", "opus", or "all" (both and the waveform)."""
        child = [sys.executable, __file__, "--child", str(self.capture(minutes)), self.identity.secret, what]
        cost = measured(child, self.folder / f"ours.{what}")
        return Cost(cpu=cost.cpu, memory=int((self.folder / PEAK).read_text()))

    def theirs(self, wav: Path, *options: str) -> Cost:
        """`ffmpeg` with libmp3lame, one thread, and `options`."""
        command = [
            "ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-f", "wav", "-i", str(wav), "-c:a", "libmp3lame",
            "-b:a", "32k", *options, "-f", "mp3", "-",
        ]  # fmt: skip
        return measured(command, self.folder / f"ffmpeg{''.join(options)}.mp3")

    def libopus(self, wav: Path) -> Cost:
        """`ffmpeg` with libopus, one thread, at our bit rate."""
        command = [
            "ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-f", "wav", "-i", str(wav), "-c:a", "libopus",
            "-b:a", f"{OPUS_KILOBITS}k", "-f", "ogg", "-",
        ]  # fmt: skip
        return measured(command, self.folder / "ffmpeg.opus")


def measured(command: list[str], target: Path) -> Cost:
    """Runs a program with its output in `target`."""
    with target.open("wb") as sink:
        child = subprocess.Popen(command, stdout=sink, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}")
    return Cost(cpu=used.ru_utime + used.ru_stime)


def peak() -> int:
    """The most resident memory of this process, in bytes. Not `ru_maxrss`: that begins with what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def make_audible(capture: Path, identity: str, what: str) -> None:
    """The child: a sealed capture to standard output, as the worker does it, one kind or all."""
    makers: dict[str, Callable[[int], Encoder]] = {
        "mp3": lambda samples: Mp3Encoder(samples=samples),
        "wav": lambda samples: WavEncoder(samples=samples),
        "peaks": lambda samples: PeakCollector(samples=samples),
        "opus": lambda _samples: OpusEncoder(),
    }
    kinds = ["mp3", "wav", "peaks"] if what == "all" else [what]
    out: BinaryIO = sys.stdout.buffer
    if what == "none":
        return
    with capture.open("rb") as sealed:
        parts = [open_part(StoredPart(age=sealed), identities=[identity])]
        made = render(
            lambda: parts,
            streams=STREAMS,
            make=lambda samples: {kind: makers[kind](samples) for kind in kinds},
        )
        for kind, piece in made:
            if kind == kinds[0]:
                out.write(piece)


def talk(minutes: int) -> Iterator[bytes]:
    """The capture of a call: one minute of two voices with jitter, again and again with time going on."""
    packets = [
        packet
        for stream, payload_type in zip(STREAMS, (0, 8), strict=True)
        for packet in Sender(stream.port, ssrc=stream.port, payload_type=payload_type, jitter=0.004).send(
            speech(60, seed=stream.port), at=0.05
        )
    ]
    content = pcap(packets, preamble=())
    yield content[:HEADER]
    first = np.frombuffer(content[HEADER:], np.uint8).reshape(-1, RECORD)
    for number in range(minutes):
        rows = first.copy()
        advance(rows, 0, "<u4", 60 * number)
        advance(rows, RTP + 2, ">u2", 3000 * number)
        advance(rows, RTP + 4, ">u4", 480_000 * number)
        yield rows.tobytes()


def advance(rows: npt.NDArray[np.uint8], at: int, kind: str, by: int) -> None:
    """Add to the number at that place of every row; it wraps."""
    place = rows[:, at : at + int(kind[2])]
    summed = (place.copy().view(kind)[:, 0].astype(np.int64) + by) % (1 << 8 * int(kind[2]))
    place[:] = summed.astype(kind).view(np.uint8).reshape(place.shape)


def likeness(wav: Path, mp3: Path) -> float:
    """How near a decoded MP3 is to the sound it was made of: median over 20 ms of signal to noise, in decibels."""
    decode = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(mp3), "-f", "s16le", "-"]
    heard = np.frombuffer(subprocess.run(decode, capture_output=True, check=True).stdout, "<i2").astype(np.float32)
    meant = np.frombuffer(wav.read_bytes()[WAV_HEADER:], "<i2").astype(np.float32)
    heard, meant = heard.reshape(-1, 2)[:LISTENED], meant.reshape(-1, 2)[:LISTENED]
    # Encoders differ in their delay: the shift at which both fit best.
    one = meant[RATE : 3 * RATE, 0]
    delay = max(range(-1200, 1200), key=lambda shift: float(one @ heard[RATE + shift : 3 * RATE + shift, 0]))
    span = slice(RATE, min(len(meant), len(heard)) - RATE)
    pieces = (span.stop - span.start) // FRAME * FRAME
    sound = meant[span][:pieces].reshape(-1, FRAME, 2)
    noise = sound - heard[span.start + delay : span.start + delay + pieces].reshape(-1, FRAME, 2)
    power, rest = (sound**2).sum(axis=(1, 2)), (noise**2).sum(axis=(1, 2))
    return float(np.median(10 * np.log10((power + 1) / (rest + 1))))


def opus_times_real_time(bench: Bench, rounds: int) -> dict[str, float]:
    """Ours and `ffmpeg`, in turns, medians: how many times real time one processor makes Opus."""
    bench.ours(OPUS_MINUTES, "wav")
    spent: dict[str, list[float]] = {"opus": [], "libopus": []}
    for _ in range(rounds):
        spent["opus"].append(bench.ours(OPUS_MINUTES, "opus").cpu)
        spent["libopus"].append(bench.libopus(bench.folder / "ours.wav").cpu)
    return {name: OPUS_MINUTES * 60 / median(values) for name, values in spent.items()}


def report(bench: Bench, *, minutes: int, hours: int, rounds: int) -> None:
    """Take turns; print what each costs."""
    seconds = minutes * 60
    bench.ours(minutes, "wav")
    wav = bench.folder / "ours.wav"
    contenders: dict[str, Callable[[], Cost]] = {
        "start": lambda: bench.ours(minutes, "none"),
        "ours": lambda: bench.ours(minutes, "mp3"),
        "ffmpeg": lambda: bench.theirs(wav),
        "ffmpeg7": lambda: bench.theirs(wav, *AS_OURS),
        "all": lambda: bench.ours(minutes, "all"),
        "wav": lambda: bench.ours(minutes, "wav"),
    }
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            costs[name].append(contender().cpu)
    cpu = {name: median(values) for name, values in costs.items()}
    near = [likeness(wav, bench.folder / name) for name in ("ours.mp3", "ffmpeg.mp3")]
    opus = opus_times_real_time(bench, rounds)
    print(f"A call of {minutes} minutes, two voices, to MP3 of 32 kbit/s, 8 kHz, stereo; medians of {rounds} turns")
    for name, spent in cpu.items():
        print(f"  {WORDS[name]:<52} {spent:7.2f} s of a processor   {seconds / spent:6.0f} times real time")
    print(f"  nearness to the WAV: ours {near[0]:.1f} dB, ffmpeg at its default quality {near[1]:.1f} dB")
    for name, times in opus.items():
        print(f"  {WORDS[name]:<52} {'':>26} {times:6.0f} times real time")
    short, long = bench.ours(10, "all").memory, bench.ours(hours * 60, "all").memory
    print(f"  memory: {short / 1e6:.0f} MB for 10 minutes, {long / 1e6:.0f} MB for {hours} hours")
    print(
        f"bench render ratio={cpu['ffmpeg'] / cpu['ours']:.2f} same_quality_ratio={cpu['ffmpeg7'] / cpu['ours']:.2f}"
        f" times_real_time={seconds / cpu['ours']:.0f} all_times_real_time={seconds / cpu['all']:.0f}"
        f" start_seconds={cpu['start']:.2f} ours_db={near[0]:.1f} ffmpeg_db={near[1]:.1f}"
        f" opus_times_real_time={opus['opus']:.0f} libopus_times_real_time={opus['libopus']:.0f}"
        f" memory_growth_mb={(long - short) / 1e6:.1f} memory_mb={long / 1e6:.0f} hours={hours} minutes={minutes}"
    )


if __name__ == "__main__":
    main()
