"""Tables of a package: gathered line by line, written as CSV and as JSON lines with the same columns.

A ZIP file takes one member at a time, and records bring their lines and their files in turns. Lines therefore wait in
a temporary file that is sealed to a key which this process makes and forgets: nothing lies on the disk in clear.
"""

import base64
import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from parley.sealing.api import AgeReader, AgeWriter, generate_identity

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")


class Spool:
    """Lines of text that wait, sealed, to be read once in order."""

    def __init__(self) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed by `lines` or `close`
        self._identity = generate_identity()
        self._writer = AgeWriter(self._file, [self._identity.recipient])
        self.count = 0

    def add(self, line: str) -> None:
        """One line, without its end."""
        self._writer.write(line.encode() + b"\n")
        self.count += 1

    def lines(self) -> Iterator[str]:
        """All lines from the first on, again at each call; nothing may be added any more."""
        self._writer.close()
        for line in AgeReader(self._file, [self._identity.secret]).stream():
            yield line.decode().removesuffix("\n")

    def close(self) -> None:
        """The lines are gone."""
        self._file.close()


class Table:
    """A table that grows: all its lines have the columns of the first."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.spool = Spool()

    def add(self, values: Mapping[str, Any]) -> None:
        """One line. Raises ValueError when its columns are others."""
        if tuple(values) != self.columns:
            raise ValueError(f"a line of {self.name} has other columns than the first")
        self.spool.add(json.dumps(values, ensure_ascii=False, default=plain, separators=(",", ":")))

    def jsonl(self) -> Iterator[bytes]:
        """As JSON lines."""
        for line in self.spool.lines():
            yield line.encode() + b"\n"

    def csv(self) -> Iterator[bytes]:
        """As CSV (RFC 4180) in UTF-8, the names of the columns first."""
        yield _csv_line(self.columns)
        for line in self.spool.lines():
            yield csv_row(list(json.loads(line).values()))


def cell(value: Any) -> str:
    """A value as the text of a cell that no spreadsheet takes for a formula: such a text gets an apostrophe in front.

    Numbers and telephone numbers are what they are. The JSON lines have every value unchanged.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.startswith(_RISKY) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def plain(value: Any) -> Any:
    """What JSON has no word for: instants in ISO 8601, ids as text, bytes in base64."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview | bytearray):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def csv_row(values: Sequence[Any]) -> bytes:
    """A line of CSV (RFC 4180) in UTF-8, every value as `cell` makes it: for lists that are streamed."""
    return _csv_line([cell(value) for value in values])


def _csv_line(cells: Sequence[str]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
