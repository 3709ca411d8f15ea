"""The stock `age` programs and `pyrage` (Rust) open what we seal, and we open what they seal."""

import io
import random
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from parley.sealing.api import CHUNK, AgeReader, AgeWriter, generate_identity, open_bytes, parse_identity, seal_bytes

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1_000_000]
NOISE = random.Random(11).randbytes(1_000_000)

needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="the Debian package `age` is not installed")


def age(*arguments: str, given: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*arguments], input=given, capture_output=True, check=check, timeout=30)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("age") / "key.txt"
    path.write_text(generate_identity().secret + "\n")
    return path


@needs_age
@pytest.mark.parametrize("size", SIZES)
def test_stock_age_both_ways(key_file: Path, size: int) -> None:
    identity = parse_identity(key_file.read_text())
    data = NOISE[:size]
    sealed = seal_bytes(data, [generate_identity().recipient, identity.recipient])
    assert age("age", "-d", "-i", str(key_file), given=sealed).stdout == data
    theirs = age("age", "-r", generate_identity().recipient, "-r", identity.recipient, given=data).stdout
    assert open_bytes(theirs, [identity]) == data
    assert AgeReader(io.BytesIO(theirs), [identity]).read_range(size // 2, size // 2 + 100) == data[size // 2 :][:100]


@needs_age
def test_keys_of_age_keygen() -> None:
    made = age("age-keygen").stdout.decode()
    secret = made.splitlines()[-1]
    identity = parse_identity(secret)
    assert f"# public key: {identity.recipient}" in made
    assert age("age-keygen", "-y", given=generate_identity().secret.encode()).stdout.startswith(b"age1")


@needs_age
def test_stock_age_gives_the_sealed_prefix_of_an_unfinished_file(key_file: Path) -> None:
    identity = parse_identity(key_file.read_text())
    sink = io.BytesIO()
    AgeWriter(sink, [identity.recipient]).write(NOISE[: 2 * CHUNK + 1])
    shown = age("age", "-d", "-i", str(key_file), given=sink.getvalue(), check=False)
    assert shown.returncode != 0
    ours = b"".join(AgeReader(sink, [identity], tolerant=True))
    assert ours == NOISE[: 2 * CHUNK]
    assert ours.startswith(shown.stdout)


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_both_ways(size: int) -> None:
    identity = generate_identity()
    data = NOISE[:size]
    sealed = seal_bytes(data, [identity.recipient])
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity.secret)]) == data
    theirs = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(identity.recipient)])
    assert open_bytes(theirs, [identity]) == data
