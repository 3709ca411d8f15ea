"""The published vectors of the age format (C2SP/CCTV): each accepted, or refused for the right reason."""

import hashlib
import io
import zlib
from operator import attrgetter
from pathlib import Path

import pytest

from parley.sealing.api import (
    AgeReader,
    HeaderError,
    HeaderMacError,
    NoIdentityMatchesError,
    PayloadError,
    SealingError,
    open_bytes,
)

DIRECTORY = Path(__file__).parents[2] / "vectors" / "age"
VECTORS = sorted(path for path in DIRECTORY.iterdir() if path.suffix != ".md")
NAME = attrgetter("name")
REFUSALS: dict[str, type[SealingError]] = {
    "header failure": HeaderError,
    "HMAC failure": HeaderMacError,
    "no match": NoIdentityMatchesError,
    "payload failure": PayloadError,
}


def read(path: Path) -> tuple[dict[str, list[str]], bytes]:
    """What the vector's header says, and its age file."""
    head, _, body = path.read_bytes().partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        name, _, value = line.partition(": ")
        facts.setdefault(name, []).append(value)
    return facts, zlib.decompress(body) if "compressed" in facts else body


@pytest.mark.parametrize("path", VECTORS, ids=NAME)
def test_a_published_vector_is_judged_as_published(path: Path) -> None:
    facts, sealed = read(path)
    expected = facts["expect"][0]
    if expected == "success":
        assert hashlib.sha256(open_bytes(sealed, facts.get("identity", []))).hexdigest() == facts["payload"][0]
        return
    with pytest.raises(REFUSALS[expected]) as caught:
        open_bytes(sealed, facts.get("identity", []))
    assert isinstance(caught.value, HeaderMacError) == (expected == "HMAC failure")


@pytest.mark.parametrize("path", [path for path in VECTORS if b"expect: payload" in path.read_bytes()], ids=NAME)
def test_tolerant_reading_releases_the_whole_sealed_prefix_and_no_more(path: Path) -> None:
    facts, sealed = read(path)
    # A file that goes on after a final chunk was not left by a crash. Reading it from the end releases less than
    # the vectors allow.
    goes_on = "two_final" in path.name or "trailing" in path.name
    released = hashlib.sha256()
    try:
        for piece in AgeReader(io.BytesIO(sealed), facts["identity"], tolerant=True):
            released.update(piece)
    except PayloadError:
        assert goes_on
    assert goes_on or released.hexdigest() == facts["payload"][0]
