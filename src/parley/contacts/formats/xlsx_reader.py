"""Reads the first visible sheet of an XLSX workbook (ECMA-376), row by row.

The archive is judged before anything is unpacked: how much it says it holds, how often, how tightly packed. XML with a
document type is refused, so that no entity exists. Cells are read as they stand; formulas give their last value.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final
from xml.parsers import expat  # document types are refused before an entity can be declared

from parley.contacts.formats.types import Limits, Row, Table, UnreadableFile

_MOST_MEMBERS: Final = 5_000
_TIGHT_FROM: Final = 1 << 20
_CHUNK: Final = 1 << 16
_REFERENCE: Final = re.compile(r"^([A-Z]{1,3})\d{1,7}$")
_DATE_FORMATS: Final = frozenset({*range(14, 23), 27, 30, 36, *range(45, 48), 50, 57})
_QUOTED: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet's dates have no zone
_DAMAGED: Final = "open it in a spreadsheet program and save it anew, or as CSV"


def read_xlsx(source: BinaryIO, *, limits: Limits | None = None) -> Table:
    """The table in `source`, which is seekable. Raises UnreadableFile for an archive that is damaged or hostile."""
    limits = limits or Limits()
    try:
        archive = zipfile.ZipFile(source)
    # zipfile says NotImplementedError of a compression or a version that it does not know.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile("the workbook's archive is damaged", remedy=_DAMAGED) from error
    judge(archive, limits)
    sheet, name = _first_sheet(archive)
    strings = _shared_strings(archive, limits)
    dates = _date_styles(archive)
    parsed = _Sheet(strings, dates, limits)
    rows = _whole(_pieces(archive, sheet, parsed))
    first = next((row for row in rows if any(row[1])), None)
    if first is None:
        raise UnreadableFile("the first sheet is empty", remedy="move the table to the first sheet")
    columns = tuple(cell.strip()[:100] for cell in first[1])
    while columns and not columns[-1]:
        columns = columns[:-1]
    return Table(
        kind="xlsx", columns=columns, rows=_table(rows, len(columns), limits), about=f"XLSX, sheet “{name[:60]}”"
    )


def judge(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Raises UnreadableFile for an archive that is a bomb by what it says of itself; nothing is unpacked."""
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise UnreadableFile(f"the workbook has {len(members)} parts", remedy="save the table alone, or as CSV")
    for member in members:
        packed = max(1, member.compress_size)
        if member.file_size > _TIGHT_FROM and member.file_size / packed > limits.ratio:
            raise UnreadableFile(
                f"a part of the workbook unpacks to {member.file_size // packed} times its size",
                remedy="save the table as CSV and import that",
            )
        if member.flag_bits & 1:
            raise UnreadableFile("the workbook is protected by a password", remedy="save it without one")
    if sum(member.file_size for member in members) > limits.unpacked:
        raise UnreadableFile("the workbook unpacks to more than is possible here", remedy="split it, or save it as CSV")


def _parse(archive: zipfile.ZipFile, member: str, handlers: Any) -> Iterator[None]:
    """Feeds a member to `handlers` (start, end, text), yielding after each piece. No document type is accepted."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        with archive.open(member) as content:
            while piece := content.read(_CHUNK):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
            yield
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise UnreadableFile(f"the part {member[:80]} of the workbook is damaged", remedy=_DAMAGED) from error


def _refuse_document_type(*_declared: object) -> None:
    raise UnreadableFile("the workbook declares XML entities", remedy="save it anew, or as CSV")


class _Elements:
    """Collects the attributes of every element: for the small parts of a workbook."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.found) >= 200_000:
            raise UnreadableFile("a part of the workbook is far too large", remedy="save it as CSV")
        self.found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    def end(self, name: str) -> None: ...

    def text(self, data: str) -> None: ...


def _elements(archive: zipfile.ZipFile, member: str) -> list[tuple[str, dict[str, str]]]:
    if member not in archive.NameToInfo:
        return []
    handlers = _Elements()
    for _ in _parse(archive, member, handlers):
        pass
    return handlers.found


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _first_sheet(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Member and name of the first visible sheet."""
    sheets = [seen for name, seen in _elements(archive, "xl/workbook.xml") if name == "sheet"]
    targets = {
        seen.get("Id", ""): seen.get("Target", "")
        for name, seen in _elements(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship"
    }
    for sheet in sheets:
        target = targets.get(sheet.get("id", ""), "")
        member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if sheet.get("state", "visible") == "visible" and member in archive.NameToInfo:
            return member, sheet.get("name", "")
    raise UnreadableFile("the archive holds no sheet that can be seen", remedy=_DAMAGED)


class _Strings:
    """The shared strings: what was written, without phonetic hints."""

    def __init__(self, limits: Limits) -> None:
        self.all: list[str] = []
        self._now: list[str] = []
        self._take = self._hint = False
        self._left, self._most = limits.strings, limits.cell

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        match _local(name):
            case "si":
                self._now = []
            case "rPh":
                self._hint = True
            case "t":
                self._take = not self._hint

    def end(self, name: str) -> None:
        match _local(name):
            case "si":
                text = "".join(self._now)
                self.all.append(text if len(text) <= self._most else text[: self._most + 1])
            case "rPh":
                self._hint = False
            case "t":
                self._take = False

    def text(self, data: str) -> None:
        if self._take:
            self._left -= len(data)
            if self._left < 0:
                raise UnreadableFile("the workbook holds more text than is possible here", remedy="save it as CSV")
            if sum(map(len, self._now)) <= self._most:
                self._now.append(data)


def _shared_strings(archive: zipfile.ZipFile, limits: Limits) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.NameToInfo:
        return []
    handlers = _Strings(limits)
    for _ in _parse(archive, "xl/sharedStrings.xml", handlers):
        pass
    return handlers.all


def _date_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The styles that show a number as a date."""
    custom: set[str] = set()
    dates: set[str] = set()
    inside, position = False, 0
    for name, seen in _elements(archive, "xl/styles.xml"):
        if name == "numFmt" and re.search("[dmy]", _QUOTED.sub("", seen.get("formatCode", "")).lower()):
            custom.add(seen.get("numFmtId", ""))
        elif name == "cellXfs":
            inside = True
        elif name in {"cellStyles", "dxfs"}:
            inside = False
        elif name == "xf" and inside:
            number = seen.get("numFmtId", "0")
            if number in custom or (number.isdecimal() and int(number) in _DATE_FORMATS):
                dates.add(str(position))
            position += 1
    return frozenset(dates)


Found = tuple[int, list[str], str]


class _Sheet:
    """Turns the elements of a sheet into rows; `rows` are those that are complete and not taken yet."""

    def __init__(self, strings: list[str], dates: frozenset[str], limits: Limits) -> None:
        self._strings, self._dates, self._limits = strings, dates, limits
        self.rows: list[Found] = []
        self._line = 0
        self._cells: list[str] = []
        self._why = ""
        self._kind = self._style = ""
        self._column = -1
        self._text: list[str] = []
        self._size = 0
        self._take = self._hint = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                given = attributes.get("r", "")
                self._line = int(given) if given.isdecimal() and len(given) < 8 else self._line + 1
                self._cells, self._why, self._column = [], "", -1
            case "c":
                self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
                self._column = _column(attributes.get("r", ""), self._column + 1)
                self._text, self._size = [], 0
            case "v" | "t":
                self._take = not self._hint
            case "rPh":
                self._hint = True

    def end(self, name: str) -> None:
        match _local(name):
            case "c":
                self._cell()
            case "row":
                self.rows.append((self._line, self._cells, self._why))
            case "v" | "t":
                self._take = False
            case "rPh":
                self._hint = False

    def text(self, data: str) -> None:
        if self._take and self._size <= self._limits.cell:
            self._text.append(data)
            self._size += len(data)

    def _cell(self) -> None:
        value = self._value("".join(self._text))
        if not value:
            return
        if self._column >= self._limits.columns:
            self._why = self._why or f"a cell stands right of column {self._limits.columns}: take it away"
            return
        if len(value) > self._limits.cell:
            self._why = f"cell {self._column + 1} has more than {self._limits.cell} characters: shorten it"
            value = value[:200] + " …"
        self._cells.extend([""] * (self._column + 1 - len(self._cells)))
        self._cells[self._column] = value

    def _value(self, text: str) -> str:
        match self._kind:
            case "s":
                position = int(text) if text.isdecimal() and len(text) < 10 else -1
                return self._strings[position] if 0 <= position < len(self._strings) else ""
            case "b":
                return {"1": "yes", "0": "no"}.get(text, text)
            case "n" | "":
                return _number(text, date=self._style in self._dates)
            case "e":
                self._why = self._why or f"cell {self._column + 1} holds the error {text[:10]}: mend the formula"
        return text


def _number(text: str, *, date: bool) -> str:
    """A number as a person would have typed it: 3.9058494E11 is a telephone number."""
    try:
        value = float(text)
    except ValueError:
        return text
    if date and 0 < value < 3_000_000:
        when = _EPOCH + timedelta(days=value)
        return when.date().isoformat() if value == int(value) else when.isoformat(sep=" ", timespec="seconds")
    return str(int(value)) if value.is_integer() and abs(value) < 1e17 else text


def _column(reference: str, otherwise: int) -> int:
    """0 for "A7"; `otherwise` when the cell does not say where it stands."""
    match = _REFERENCE.match(reference)
    if match is None:
        return otherwise
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _pieces(archive: zipfile.ZipFile, member: str, sheet: _Sheet) -> Iterator[list[Found]]:
    for _ in _parse(archive, member, sheet):
        rows, sheet.rows = sheet.rows, []
        yield rows


def _whole(pieces: Iterator[list[Found]]) -> Iterator[Found]:
    for rows in pieces:
        yield from rows


def _table(rows: Iterator[Found], width: int, limits: Limits) -> Iterator[Row]:
    """Rows of `width` cells. Raises UnreadableFile at the row that is one too many."""
    count = 0
    strip: Callable[[str], str] = str.strip
    for line, found, given in rows:
        if not any(found) and not given:
            continue
        why, cells = given, found
        count += 1
        if count > limits.rows:
            raise UnreadableFile(f"row {line}: more than {limits.rows} rows", remedy="split the file, import the parts")
        if len(cells) > width:
            why = why or f"a cell stands right of the last column that has a name ({width}): name or empty it"
            cells = cells[:width]
        else:
            cells = cells + [""] * (width - len(cells))
        yield Row(line, tuple(map(strip, cells)), why)
