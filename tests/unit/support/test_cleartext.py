"""The search for clear text finds what it is meant to find."""

import base64
import gzip
import zlib
from pathlib import Path

import pytest
from tests.support.cleartext import find

WORD = b"Zebedee Quillfeather"
HIDDEN = {
    "clear": b"x" * 9 + WORD + b"y",
    "hex": WORD.hex().encode(),
    "utf-16": WORD.decode().encode("utf-16-le"),
    **{f"base64 at {n}": base64.b64encode(b"a" * n + WORD + b"tail") for n in range(7)},
    "gzip": b"junk" + gzip.compress(b"before" + WORD),
    "zlib": b"junk" + zlib.compress(b"before " * 30 + WORD) + b"junk",
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_word_is_found_however_it_is_written(how: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(HIDDEN[how])
    assert {name for name, _, _ in find(tmp_path, {"name": WORD})} == {"name"}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 40)
    assert find(tmp_path, {"name": WORD}) == []
