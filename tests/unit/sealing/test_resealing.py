"""A header written anew: the stock `age` program opens the file with the new key alone, and nothing of it changed but
the header; what is no such header is refused by whoever has no key."""

import io
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from parley.sealing.api import (
    CHUNK,
    AgeReader,
    AgeWriter,
    FrameSealer,
    HeaderError,
    HeaderMacError,
    Identity,
    NoIdentityMatchesError,
    SealedKind,
    encode_tail,
    generate_identity,
    open_bytes,
    open_frame,
    parse_tail,
    replacement,
    require_rewritten,
    rewritten_header,
    seal_bytes,
    stored_header,
    unwrap_frame_key,
)

OLD, SPARE, NEW, SECOND = (generate_identity() for _ in range(4))
CLEAR = bytes(range(256)) * 700  # more than two chunks
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="the Debian package `age` is not installed")


def resealed(
    stored: bytes, kind: SealedKind = "age", *, held: Identity = OLD, to: tuple[Identity, ...] = (NEW, SECOND)
) -> bytes:
    """The stored file as a customer and a server make it anew, each with what it has."""
    source = io.BytesIO(stored)
    old = stored_header(source, kind)
    assert old is not None
    made = rewritten_header(old, identities=[held], recipients=[one.recipient for one in to])
    require_rewritten(old, made.header, proof=made.proof, recipients=len(to))
    found = replacement(source, kind, made.header)
    return found.head + stored[found.replaces :]


def by_age(sealed: bytes, identity: Identity, folder: Path) -> subprocess.CompletedProcess[bytes]:
    key = folder / "key.txt"
    key.write_text(identity.secret + "\n")
    return subprocess.run(["age", "-d", "-i", str(key)], input=sealed, capture_output=True, check=False, timeout=30)


@needs_age
def test_stock_age_opens_it_with_the_new_keys_alone_and_the_payload_is_the_same(tmp_path: Path) -> None:
    before = seal_bytes(CLEAR, [OLD.recipient, SPARE.recipient])
    after = resealed(before)
    for identity in (NEW, SECOND):
        assert by_age(after, identity, tmp_path).stdout == CLEAR
    for identity in (OLD, SPARE):
        refused = by_age(after, identity, tmp_path)
        assert refused.returncode != 0
        assert b"no identity matched" in refused.stderr
        with pytest.raises(NoIdentityMatchesError):
            open_bytes(after, [identity])
    payload = len(stored_header(io.BytesIO(before), "age") or b"")
    assert after.endswith(before[payload:])
    assert by_age(resealed(after, held=SECOND, to=(SPARE,)), SPARE, tmp_path).stdout == CLEAR, "again, by a new key"


@needs_age
def test_what_the_stock_program_sealed_is_sealed_anew_too(tmp_path: Path) -> None:
    theirs = subprocess.run(["age", "-r", OLD.recipient], input=CLEAR, capture_output=True, check=True).stdout
    assert by_age(resealed(theirs), NEW, tmp_path).stdout == CLEAR


def test_a_tail_goes_on_fitting_its_part_however_often_both_are_sealed_anew() -> None:
    sink = io.BytesIO()
    writer = AgeWriter(sink, [OLD.recipient])
    sealer = FrameSealer(recording_id=uuid4(), part=0, recipients=[OLD.recipient], header_hash=writer.header_hash)
    frames = [sealer.seal(CHUNK, CLEAR[CHUNK : CHUNK + 100])]
    writer.write(CLEAR[: CHUNK + 100])
    age = sink.getvalue()
    tail = encode_tail(wrapped_key=sealer.wrapped_key, header_hash=writer.header_hash, frames=frames)
    for held, to in ((OLD, (NEW, SECOND)), (SECOND, (SPARE,))):
        age, tail = resealed(age, held=held, to=to), resealed(tail, "tail", held=held, to=to)
    reader = AgeReader(io.BytesIO(age), [SPARE], tolerant=True)
    opened = parse_tail(tail)
    assert (reader.size, reader.header_hash) == (CHUNK, opened.header_hash)
    key = unwrap_frame_key(opened.wrapped_key, [SPARE])
    assert open_frame(opened.frames[0], key, header_hash=reader.header_hash) == CLEAR[CHUNK : CHUNK + 100]
    with pytest.raises(NoIdentityMatchesError):
        unwrap_frame_key(opened.wrapped_key, [OLD])


@pytest.mark.parametrize("kind", ["age", "tail"])
def test_what_was_never_sealed_has_no_header(kind: SealedKind) -> None:
    whole = seal_bytes(b"x", [OLD.recipient])
    if kind == "tail":
        whole = encode_tail(wrapped_key=whole, header_hash=bytes(16), frames=[])
    for torn in (b"", whole[:16], whole[:60], bytes(5000)):
        assert stored_header(io.BytesIO(torn), kind) is None
    with pytest.raises(HeaderError):
        stored_header(io.BytesIO(b"something else" * 9), kind)


def test_a_header_that_is_not_whole_or_not_by_the_key_is_refused_without_any_key() -> None:
    stored, other = seal_bytes(CLEAR, [OLD.recipient]), seal_bytes(CLEAR, [OLD.recipient])
    old = stored_header(io.BytesIO(stored), "age") or b""
    good = rewritten_header(old, identities=[OLD], recipients=[NEW.recipient, SECOND.recipient])
    foreign = rewritten_header(other, identities=[OLD], recipients=[NEW.recipient, SECOND.recipient])
    one = rewritten_header(old, identities=[OLD], recipients=[NEW.recipient])
    stranger = seal_bytes(CLEAR, [NEW.recipient, SECOND.recipient])
    twice = rewritten_header(stored, identities=[OLD], recipients=[NEW.recipient] * 2)
    lines = good.header.split(b"\n")
    copied = b"\n".join([*lines[:3], *lines[1:3], *lines[5:]])
    for new, proof in (
        (good.header, foreign.proof),  # whoever did not open this file
        (foreign.header, foreign.proof),  # another file's header, whole in itself
        (foreign.header, good.proof),
        (one.header, one.proof),  # sealed to fewer than the customer has
        (old, good.proof),
        (stranger, good.proof),
        (copied, good.proof),
        (good.header + b"x", good.proof),
        (good.header[:-1], good.proof),
        (b"", good.proof),
    ):
        with pytest.raises(HeaderError):
            require_rewritten(old, new, proof=proof, recipients=2)
    require_rewritten(old, twice.header, proof=twice.proof, recipients=2)  # to whom, nobody can tell without a key
    for at in range(len(good.header)):
        altered = bytearray(good.header)
        altered[at] ^= 1
        with pytest.raises(HeaderError):
            require_rewritten(old, bytes(altered), proof=good.proof, recipients=2)
    with pytest.raises(HeaderMacError):
        open_bytes(good.header.replace(lines[-2], b"--- " + b"A" * 43) + stored[len(old) :], [NEW])
