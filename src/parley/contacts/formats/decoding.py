"""Which encoding a text file has, and the file as text.

A byte order mark decides; without one UTF-8 when nearly all of it is, else UTF-16 by its zeros, else Windows-1252
(which holds Latin-1). In a file that is UTF-8 but for a few bytes these come as lone surrogates: the row that has them
is wrong, not the file.
"""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from parley.contacts.formats.types import UnreadableFile

_CHUNK: Final = 1 << 20
_STRAY: Final = re.compile("[\udc80-\udcff]")
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")
_UNDEFINED: Final = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


@dataclass(frozen=True, slots=True)
class Text:
    """`lines` to read; `encoding` in words; `stray` says whether bytes that are no text may come as surrogates."""

    lines: io.TextIOWrapper
    encoding: str
    stray: bool


def decoded(source: BinaryIO) -> Text:
    """`source`, which is seekable, as text from its beginning; line endings as they are."""
    source.seek(0)
    head = source.read(4096)
    if head.startswith(codecs.BOM_UTF16_LE) or head.startswith(codecs.BOM_UTF16_BE):
        return _text(source, "utf-16", "UTF-16", errors="replace")
    if b"\0" in head:
        guess = "utf-16-le" if head[1:200:2].count(0) > head[0:200:2].count(0) else "utf-16-be"
        if head[: len(head) & ~1].decode(guess, "replace").count("\ufffd") or head.count(0) < len(head) // 4:
            raise UnreadableFile(
                "the file holds zero bytes: it is no text", remedy="save it as CSV, XLSX, vCard or LDIF and try again"
            )
        return _text(source, guess, "UTF-16", errors="replace")
    good, bad = _count(source)
    if bad and bad >= good:
        source.seek(0)
        codec = "latin-1" if any(byte in _UNDEFINED for byte in head) else "cp1252"
        return _text(source, codec, "Windows-1252", errors="replace")
    return _text(source, "utf-8-sig", "UTF-8", errors="surrogateescape", stray=bool(bad))


def has_stray(text: str) -> bool:
    """Whether bytes that are no text were met in it."""
    return _STRAY.search(text) is not None


def mended(text: str) -> str:
    """`text` with each stray byte read as Windows-1252: how it was most likely meant."""
    return _STRAY.sub(lambda found: bytes((ord(found[0]) - 0xDC00,)).decode("cp1252", "replace"), text)


def _count(source: BinaryIO) -> tuple[int, int]:
    """Letters beyond ASCII that are right UTF-8, and bytes that are not, in all of the file."""
    good = bad = 0
    strict = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    source.seek(0)
    while chunk := source.read(_CHUNK):
        if chunk.isascii():
            bad += len(strict.decode(b"", final=True))
            continue
        text = strict.decode(chunk)
        stray = len(_STRAY.findall(text))
        bad += stray
        good += len(_NOT_ASCII.findall(text)) - stray
    return good, bad + len(strict.decode(b"", final=True))


def _text(source: BinaryIO, codec: str, name: str, *, errors: str, stray: bool = False) -> Text:
    source.seek(0)
    return Text(io.TextIOWrapper(source, encoding=codec, errors=errors, newline=""), name, stray)
