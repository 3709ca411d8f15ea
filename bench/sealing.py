"""How fast Parley seals and opens by range, against the stock `age` program and the bare cipher, in one run.

Writing: every contender sends the same plaintext to /dev/null. Against `age`, both read it from the same file; against
raw ChaCha20-Poly1305 (`cryptography`, 64 KiB at a time), both have it in memory, so that no common cost flatters the
ratio. Reading: 20 kB at random places of one sealed object, against one `pread` and one decryption of a whole chunk.
"""

import argparse
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from parley.sealing.api import CHUNK, SEALED_CHUNK, AgeReader, AgeWriter, Identity, generate_identity

PIECE = 1 << 20
"""Bytes read from the file at a time."""
DRAIN = 10_800
"""What one drain of half a second brings of one recording: two streams, 25 packets each, 216 bytes a packet."""
RANGE = 20_000
NOWHERE = Path(os.devnull)
READS = 400


@dataclass(frozen=True)
class Cost:
    """Wall-clock and processor seconds of one pass."""

    wall: float
    cpu: float


def main() -> None:
    """Measure, print a table, end with the line of figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=1000, help="megabytes of the object (default 1000)")
    options.add_argument("--rounds", type=int, default=5, help="interleaved rounds, of which the median counts")
    options.add_argument("--directory", type=Path, default=None, help="where the object lies while it is measured")
    chosen = options.parse_args()
    identity = generate_identity()
    with tempfile.TemporaryDirectory(dir=chosen.directory) as directory:
        plain, sealed = Path(directory, "plain"), Path(directory, "sealed.age")
        file_key = os.urandom(16)
        make(plain, sealed, size=chosen.size * 1_000_000, identity=identity, file_key=file_key)
        megabytes = plain.stat().st_size / 1e6
        memory = plain.read_bytes()[: 256 * CHUNK]
        contenders: dict[str, Callable[[], Cost]] = {
            "age program, from a file": lambda: run_age(plain, identity),
            "AgeWriter, from a file": lambda: timed(lambda: seal_file(plain, identity)),
            "raw cipher, from memory": lambda: timed(lambda: raw_cipher(memory, times=times)),
            "AgeWriter, from memory": lambda: timed(lambda: seal_memory(memory, identity, times=times, piece=PIECE)),
            "AgeWriter, drain by drain": lambda: timed(lambda: seal_memory(memory, identity, times=times, piece=DRAIN)),
        }
        times = max(1, plain.stat().st_size // len(memory))
        costs: dict[str, list[Cost]] = {name: [] for name in contenders}
        for _ in range(chosen.rounds):
            for name, contender in contenders.items():
                costs[name].append(contender())
        reads = read_ranges(sealed, identity, size=plain.stat().st_size, file_key=file_key)
    report(costs, megabytes=megabytes, memory_megabytes=len(memory) * times / 1e6, reads=reads)


def make(plain: Path, sealed: Path, *, size: int, identity: Identity, file_key: bytes) -> None:
    """A plaintext file of `size` bytes that does not compress, in the page cache, and its sealed form."""
    block = random.Random(1).randbytes(16 * PIECE)
    with plain.open("wb") as file, sealed.open("wb") as target:
        writer = AgeWriter(target, [identity.recipient], file_key=file_key)
        while size:
            piece = block[: min(size, len(block))]
            file.write(piece)
            writer.write(piece)
            size -= len(piece)
        writer.close()


def timed(work: Callable[[], None]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def run_age(plain: Path, identity: Identity) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    with plain.open("rb") as source, NOWHERE.open("wb") as sink:
        subprocess.run(["age", "-r", identity.recipient], stdin=source, stdout=sink, check=True)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def seal_file(plain: Path, identity: Identity) -> None:
    buffer = memoryview(bytearray(PIECE))
    with plain.open("rb", buffering=0) as source, NOWHERE.open("wb", buffering=0) as sink:
        writer = AgeWriter(sink, [identity.recipient])
        while count := source.readinto(buffer):
            writer.write(buffer[:count])
        writer.close()


def seal_memory(memory: bytes, identity: Identity, *, times: int, piece: int) -> None:
    view = memoryview(memory)
    pieces = [view[start : start + piece] for start in range(0, len(view), piece)]
    with NOWHERE.open("wb", buffering=0) as sink:
        writer = AgeWriter(sink, [identity.recipient])
        for _ in range(times):
            for each in pieces:
                writer.write(each)
        writer.close()


def raw_cipher(memory: bytes, *, times: int) -> None:
    cipher = ChaCha20Poly1305(os.urandom(32))
    view = memoryview(memory)
    chunks = [view[start : start + CHUNK] for start in range(0, len(view), CHUNK)]
    number = 0
    with NOWHERE.open("wb", buffering=0) as sink:
        for _ in range(times):
            for chunk in chunks:
                sink.write(cipher.encrypt(number.to_bytes(12, "big"), chunk, None))
                number += 1


def read_ranges(sealed: Path, identity: Identity, *, size: int, file_key: bytes) -> dict[str, list[float]]:
    """Seconds of each read: by range, by one pread and one decryption, and by range from a file just opened."""
    places = random.Random(2)
    seconds: dict[str, list[float]] = {"range": [], "bare": [], "opened": []}
    with sealed.open("rb", buffering=0) as source:
        reader = AgeReader(source, [identity])
        descriptor = source.fileno()
        cipher, first = bare_cipher(descriptor, file_key)
        for _ in range(READS):
            start = places.randrange(size - RANGE)
            began = time.perf_counter()
            piece = reader.read_range(start, start + RANGE)
            seconds["range"].append(time.perf_counter() - began)
            assert len(piece) == RANGE
            number = places.randrange((size - 1) // CHUNK)
            offset, nonce = first + number * SEALED_CHUNK, (number << 8).to_bytes(12, "big")
            began = time.perf_counter()
            cipher.decrypt(nonce, os.pread(descriptor, SEALED_CHUNK, offset), None)
            seconds["bare"].append(time.perf_counter() - began)
            start = places.randrange(size - RANGE)
            began = time.perf_counter()
            AgeReader(source, [identity]).read_range(start, start + RANGE)
            seconds["opened"].append(time.perf_counter() - began)
    return seconds


def bare_cipher(descriptor: int, file_key: bytes) -> tuple[ChaCha20Poly1305, int]:
    """The payload's cipher and where its first chunk begins, with nothing of ours (c2sp.org/age, "Payload")."""
    head = os.pread(descriptor, 4096, 0)
    first = head.index(b"\n", head.index(b"\n--- ") + 1) + 1 + 16
    key = HKDF(algorithm=SHA256(), length=32, salt=head[first - 16 : first], info=b"payload").derive(file_key)
    return ChaCha20Poly1305(key), first


def report(
    costs: dict[str, list[Cost]], *, megabytes: float, memory_megabytes: float, reads: dict[str, list[float]]
) -> None:
    print(f"\n{'sealing to /dev/null':<28}{'MB/s':>8}{'MB/CPU s':>10}   median of {len(next(iter(costs.values())))}")
    for name, passes in costs.items():
        amount = megabytes if "file" in name else memory_megabytes
        wall, cpu = (median(getattr(cost, kind) for cost in passes) for kind in ("wall", "cpu"))
        print(f"{name:<28}{amount / wall:>8.0f}{amount / cpu:>10.0f}")
    print(f"\n{f'20 kB of {megabytes:.0f} MB':<28}{'mean us':>8}{'p50':>8}{'p95':>8}   {READS} random places")
    for name, label in (
        ("bare", "one pread, one decryption"),
        ("range", "read_range"),
        ("opened", "open and read_range"),
    ):
        ordered = sorted(reads[name])
        p95 = ordered[int(len(ordered) * 0.95)]
        print(f"{label:<28}{mean(ordered) * 1e6:>8.1f}{median(ordered) * 1e6:>8.1f}{p95 * 1e6:>8.1f}")

    def ratio(ours: str, theirs: str, kind: str = "wall") -> float:
        pairs = zip(costs[theirs], costs[ours], strict=True)
        return median(getattr(their, kind) / getattr(our, kind) for their, our in pairs)

    figures = {
        "ratio": ratio("AgeWriter, from a file", "age program, from a file"),
        "cpu_ratio": ratio("AgeWriter, from a file", "age program, from a file", "cpu"),
        "raw_ratio": ratio("AgeWriter, from memory", "raw cipher, from memory"),
        "drain_raw_ratio": ratio("AgeWriter, drain by drain", "raw cipher, from memory"),
        "range_ratio": mean(reads["range"]) / mean(reads["bare"]),
        "range_p50_ratio": median(reads["range"]) / median(reads["bare"]),
        "opened_range_ratio": mean(reads["opened"]) / mean(reads["bare"]),
    }
    print(
        "\nbench sealing "
        + " ".join(f"{name}={value:.2f}" for name, value in figures.items())
        + f" megabytes={megabytes:.0f}"
    )


if __name__ == "__main__":
    main()
