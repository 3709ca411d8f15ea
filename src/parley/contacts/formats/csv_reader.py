"""Reads CSV (RFC 4180 and its cousins): any usual separator, quoted line breaks, a header or none.

A quote that never closes costs its own line only: the lines after it are read again.
"""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import BinaryIO, Final

from parley.contacts.formats.decoding import Text, decoded, has_stray, mended
from parley.contacts.formats.types import Limits, Row, Table, UnreadableFile

SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAMPLE_LINES: Final = 60
_SHORTENED: Final = 200
_DATA: Final = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|^\+?[\d\s().\-/]{6,}$")
_NEUTRALISED: Final = re.compile(r"^'+[=+\-@\t\r]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def read_csv(source: BinaryIO, *, limits: Limits | None = None) -> Table:
    """The table in `source`, which is seekable. Raises UnreadableFile when it is empty or too wide."""
    limits = limits or Limits()
    text = decoded(source)
    lines = _Lines(text, limits)
    sample = lines.sample()
    separator = _separator(sample)
    if sample and (told := re.match(r"^sep=(.)\r?\n?$", sample[0])):
        separator = told[1]
        lines.drop()
    records = _records(lines, separator)
    first = next((record for record in records if any(record[1]) or record[2]), None)
    if first is None:
        raise UnreadableFile("the file is empty", remedy="choose a file with a header and at least one row")
    line, cells, why = first
    if why or len(cells) > limits.columns:
        raise UnreadableFile(
            f"line {line}: {why or f'more than {limits.columns} columns'}",
            remedy="the first line must name the columns: mend it and try again",
        )
    columns = tuple(mended(cell).strip()[:100] for cell in cells)
    rows = _rows(records, len(columns), lines, limits)
    if any(_DATA.match(cell) for cell in columns):
        rows = _rows(_before([first], records), len(columns), lines, limits)
        columns = tuple(f"column {number}" for number in range(1, len(cells) + 1))
    about = f"CSV, {text.encoding}, separated by {SEPARATORS.get(separator, 'its own sign')}"
    return Table(kind="csv", columns=columns, rows=rows, about=about)


_OPEN_QUOTE: Final = "a quote opens in this line and never closes: close it or take it away"
Record = tuple[int, list[str], str]
"""Line, cells, and what is wrong with it as a record."""


class _Runaway(Exception):
    """A record has taken more lines or characters than any real one has."""


class _Lines:
    """Feeds the parser, remembers what it took for the record at hand, and takes lines back."""

    def __init__(self, text: Text, limits: Limits) -> None:
        self._read = text.lines.readline
        self._limits = limits
        self._back: deque[str] = deque()
        self.stray = text.stray
        self.taken: list[str] = []
        self.number = 0
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        taken = self.taken
        if taken and (len(taken) >= self._limits.lines or self.size > self._limits.record):
            raise _Runaway
        line = self._back.popleft() if self._back else self._whole_line()
        taken.append(line)
        self.size += len(line)
        return line

    def begin(self) -> int:
        """The next record begins; its line."""
        self.number += len(self.taken)
        self.taken.clear()
        self.size = 0
        return self.number + 1

    def give_back(self) -> None:
        """All lines of the record at hand but its first are to be read again."""
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def sample(self) -> list[str]:
        """The first lines, which are read again afterwards."""
        for _ in range(_SAMPLE_LINES):
            try:
                self._back.append(self._whole_line())
            except StopIteration:
                break
        return list(self._back)

    def drop(self) -> None:
        """The first line is not part of the table."""
        self._back.popleft()
        self.number += 1

    def _whole_line(self) -> str:
        """One line; of a longer one than any record may be, its beginning with a mark."""
        most = self._limits.record
        line = self._read(most + 1)
        if not line:
            raise StopIteration
        if len(line) > most and line[-1] not in "\r\n":
            while (rest := self._read(most + 1)) and rest[-1] not in "\r\n":
                pass
            return line[:_SHORTENED].replace('"', "'") + _CUT
        return line


_CUT: Final = " … [too long: cut here]\n"


def _records(lines: _Lines, separator: str) -> Iterator[Record]:
    """Every record, whole or not. In strict mode the parser sees where a stray quote swallowed the lines after it."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = lines.begin()
        why = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Runaway):
            cells, why = _salvaged(lines, separator)
        if lines.size > _SHORTENED and lines.taken[0].endswith(_CUT):
            why = "the line is too long: shorten its longest cell"
        yield line, cells, why


def _salvaged(lines: _Lines, separator: str) -> tuple[list[str], str]:
    """The first line of a record that does not parse, read on its own; the others are read again."""
    several = len(lines.taken) > 1
    lines.give_back()
    alone = lines.taken[0].rstrip("\r\n")
    loose = csv.reader([alone], delimiter=separator)
    try:
        cells = next(loose, [])
    except csv.Error:
        return [alone[:_SHORTENED]], "a cell is too long: shorten it"
    opened = alone.count('"') % 2 == 1
    if several or opened:
        plain = alone.replace('"', "").split(separator)
        return plain, _OPEN_QUOTE
    return cells, ""


def _before(first: list[Record], rest: Iterator[Record]) -> Iterator[Record]:
    yield from first
    yield from rest


def _rows(records: Iterator[Record], width: int, lines: _Lines, limits: Limits) -> Iterator[Row]:
    """Records as rows of `width` cells. Raises UnreadableFile at the row that is one too many."""
    count, stray, most = 0, lines.stray, limits.cell
    for line, found, given in records:
        if not given and not any(found):
            continue
        count += 1
        if count > limits.rows:
            raise UnreadableFile(
                f"line {line}: more than {limits.rows} rows", remedy="split the file and import the parts"
            )
        cells, why = found, given
        if len(cells) > width and not why and len(lines.taken) > 1:
            lines.give_back()
            cells, why = [cell.partition("\n")[0] for cell in cells], _OPEN_QUOTE
        if len(cells) != width:
            cells, why = _fitted(cells, width, why)
        why = why or _wrong_cell(cells, stray=stray, most=most)
        if why:
            cells = [mended(cell) if len(cell) <= most else mended(cell[:_SHORTENED]) + " …" for cell in cells]
        yield Row(line, tuple([_as_text(cell) for cell in cells]), why)


def _fitted(cells: list[str], width: int, why: str) -> tuple[list[str], str]:
    """The cells of a row that has another number of them than the header: empty ones at its end are no mistake."""
    if len(cells) < width:
        return cells + [""] * (width - len(cells)), why
    if any(cells[width:]) and not why:
        why = f"{len(cells)} cells where the header has {width}: quote a cell that holds the separator"
    return [*cells[: width - 1], " ".join(cell for cell in cells[width - 1 :] if cell)], why


def _wrong_cell(cells: list[str], *, stray: bool, most: int) -> str:
    for number, cell in enumerate(cells, 1):
        if len(cell) > most:
            return f"cell {number} has {len(cell)} characters, at most {most} are possible: shorten it"
        if stray and has_stray(cell):
            return f"cell {number} is not in the encoding of the file (UTF-8): check its letters"
        if not cell.isprintable() and _CONTROL.search(cell):
            return f"cell {number} holds a control character: take it away"
    return ""


def _as_text(cell: str) -> str:
    """The cell without the sign with which a formula was made harmless, and without white space around it."""
    return (cell[1:] if cell[:1] == "'" and _NEUTRALISED.match(cell) else cell).strip()


def _separator(sample: list[str]) -> str:
    """The separator under which most lines of the sample have the same number of cells, at least two."""
    best, best_score = ",", (0.0, 0)
    for separator in SEPARATORS:
        try:
            widths = Counter(len(cells) for cells in csv.reader(sample, delimiter=separator) if cells)
        except csv.Error:
            continue
        widths.pop(1, None)
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / max(1, len(sample)), width)
        if (round(score[0], 1), width) > (round(best_score[0], 1), best_score[1]):
            best, best_score = separator, score
    return best
