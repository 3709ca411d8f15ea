"""Looks for words in every file below a folder: as they are, as hex, as base64, and inside whatever was compressed."""

import base64
import contextlib
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

LIMIT = 64 << 20
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = re.compile(rb"\x1f\x8b\x08")


def forms(word: bytes) -> dict[str, bytes]:
    """The ways in which `word` could stand in a file. base64 has three, one for each alignment."""
    found = {"clear": word, "hex": word.hex().encode(), "HEX": word.hex().upper().encode()}
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + word)
        keep = text[-(-shift * 8 // 6) :]
        spare = (shift + len(word)) % 3
        keep = keep[: len(keep) - (4 if spare else 0)]
        found[f"base64+{shift}"] = keep
        found[f"base64url+{shift}"] = keep.replace(b"+", b"-").replace(b"/", b"_")
    with contextlib.suppress(UnicodeDecodeError):
        found["utf-16"] = word.decode().encode("utf-16-le")
    return found


def _inflated(data: bytes) -> Iterator[bytes]:
    for start in (match.start() for match in _GZIP.finditer(data)):
        try:
            yield gzip.GzipFile(fileobj=_Bytes(data[start:])).read(LIMIT)
        except (OSError, EOFError, zlib.error):
            continue
    for start in (match.start() for match in _ZLIB.finditer(data)):
        engine = zlib.decompressobj()
        try:
            plain = engine.decompress(data[start : start + LIMIT], LIMIT)
        except zlib.error:
            continue
        if len(plain) > 8:
            yield plain


class _Bytes:
    """The least that GzipFile asks of a file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def read(self, size: int = -1) -> bytes:
        stop = len(self.data) if size < 0 else self.at + size
        piece = self.data[self.at : stop]
        self.at += len(piece)
        return piece


def find_in(data: bytes, words: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """(word's name, form) for each word that stands in `data`."""
    layers = [("", data), *(("compressed ", plain) for plain in _inflated(data))]
    for name, word in words.items():
        for form, text in forms(word).items():
            for layer, content in layers:
                if text in content:
                    yield name, layer + form


def find(folder: Path, words: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """(word's name, form, file) for each find in any regular file below `folder`."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        found += [(name, form, str(path)) for name, form in find_in(path.read_bytes(), words)]
    return found
