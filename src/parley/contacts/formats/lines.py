"""Unfolded lines of vCard and LDIF files, none longer than a limit."""

from collections.abc import Iterator
from typing import Final

from parley.contacts.formats.decoding import Text

_HEAD: Final = 400


def unfolded(text: Text, *, most: int, folds: str = " \t") -> Iterator[tuple[int, str, bool]]:
    """(number of its first line, the logical line, whether it was too long). Of one that is too long: its beginning.

    A line that begins with one of `folds` continues the one before (RFC 6350 section 3.2, RFC 2849).
    """
    read = text.lines.readline
    number = first = size = 0
    parts: list[str] = []
    for raw in iter(lambda: read(most + 1), ""):
        if parts and raw[0] in folds and number:
            number += 1
            piece = raw[1:].rstrip("\r\n")
        else:
            if parts:
                yield first, "".join(parts)[: most if size <= most else _HEAD], size > most
            number += 1
            first, parts, size = number, [], 0
            piece = raw.rstrip("\r\n")
        size += len(piece)
        read_last = raw
        while read_last and read_last[-1] not in "\r\n":
            read_last = read(most + 1)
            size += len(read_last.rstrip("\r\n"))
        if size <= most or not parts:
            parts.append(piece[: most + 1])
    if parts:
        yield first, "".join(parts)[: most if size <= most else _HEAD], size > most
