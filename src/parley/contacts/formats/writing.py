"""Writes contacts as CSV, XLSX, vCard 3 and 4, and LDIF: streams, forward only.

Text that a spreadsheet would take for a formula is made harmless in CSV by a leading apostrophe, which the reader takes
away again; XLSX says of every cell that it is text.
"""

import base64
import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final, Literal, Protocol, cast
from xml.sax.saxutils import escape

from parley.contacts.formats.types import Card

WriteKind = Literal["csv", "xlsx", "vcard", "vcard3", "ldif"]
MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vcard": "text/vcard; charset=utf-8",
    "vcard3": "text/vcard; charset=utf-8",
    "ldif": "text/plain; charset=utf-8",
}
ENDINGS: Final = {"csv": "csv", "xlsx": "xlsx", "vcard": "vcf", "vcard3": "vcf", "ldif": "ldif"}
_FORMULA: Final = re.compile(r"^'*[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"^[+-]?\d[\d\s]*$")
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SAFE: Final = re.compile(r"^[\x01-\x09\x0b\x0c\x0e-\x1f\x21-\x39\x3b\x3d-\x7f][\x01-\x09\x0b\x0c\x0e-\x7f]*$")


class BinarySink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


def neutral(value: str) -> str:
    """`value` so that no spreadsheet computes it (OWASP, CSV injection); numbers stay as they are."""
    return f"'{value}" if _FORMULA.match(value) and not _NUMBER.match(value) else value


class _Encoded:
    """What the csv module writes to: UTF-8."""

    def __init__(self, target: BinarySink) -> None:
        self._target = target

    def write(self, text: str) -> None:
        self._target.write(text.encode("utf-8", "replace"))


class CsvWriter:
    """Writes CSV row by row: UTF-8 with a byte order mark, so that spreadsheets know the encoding."""

    def __init__(self, target: BinarySink, columns: Sequence[str]) -> None:
        target.write(b"\xef\xbb\xbf")
        self._rows = csv.writer(_Encoded(target))
        self.count = -1
        self.row(columns)

    def row(self, cells: Sequence[str]) -> None:
        """One line; `count` counts them."""
        self._rows.writerow([neutral(cell) for cell in cells])
        self.count += 1


def write_csv(target: BinarySink, *, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a table as CSV; how many rows."""
    writer = CsvWriter(target, columns)
    for row in rows:
        writer.row(row)
    return writer.count


_SHEET_START: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
_PARTS: Final = {
    "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


class Outgoing:
    """Collects what a writer writes, until somebody takes it. It cannot be sought: an archive then flows, too."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def xlsx_pieces(*, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A workbook of one sheet of text cells (at most 1,048,575 rows, as spreadsheets have), piece by piece."""
    out = Outgoing()
    with zipfile.ZipFile(cast(BinaryIO, out), "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_SHEET_START.encode())
            sheet.write(_sheet_row(columns))
            for count, row in enumerate(rows, 1):
                sheet.write(_sheet_row(row))
                if not count % 500:
                    yield out.take()
                if count == (1 << 20) - 1:
                    break
            sheet.write(b"</sheetData></worksheet>")
    yield out.take()


def write_xlsx(target: BinarySink, *, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write such a workbook."""
    for piece in xlsx_pieces(columns=columns, rows=rows):
        target.write(piece)


def _sheet_row(cells: Sequence[str]) -> bytes:
    made = "".join(
        f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_NO_XML.sub("", cell[:32_767]))}</t></is></c>'
        if cell else "<c/>"
        for cell in cells
    )  # fmt: skip
    return f"<row>{made}</row>".encode()


def write_vcards(target: BinarySink, cards: Iterable[Card], *, version: Literal["3.0", "4.0"] = "4.0") -> int:
    """Write vCard 3.0 or 4.0, folded at 75 octets; how many cards."""
    count = 0
    for card in cards:
        lines = ["BEGIN:VCARD", f"VERSION:{version}", *_vcard_lines(card, version), "END:VCARD"]
        target.write(b"".join(_folded(line, b"\r\n ") for line in lines))
        count += 1
    return count


def _vcard_lines(card: Card, version: str) -> list[str]:
    name = card.name or " ".join(part for part in (card.given, card.family) if part) or card.organisation
    lines = [f"FN:{_escaped(name)}", f"N:{_escaped(card.family)};{_escaped(card.given)};;;"]
    if card.organisation or card.department:
        lines.append("ORG:" + ";".join(_escaped(part) for part in (card.organisation, card.department) if part))
    types = {"mobile": "cell", "work": "work", "home": "home", "fax": "fax"}
    for label, number in card.numbers:
        kind = types.get(label, "voice")
        shown = kind if version == "4.0" else kind.upper()
        lines.append(f"TEL;TYPE={shown}:{_escaped(number)}")
    lines += [f"EMAIL:{_escaped(value)}" for _, value in card.emails]
    if card.address:
        lines.append(f"ADR:;;{_escaped(card.address)};;;;")
    for word, value in (
        ("TITLE", card.title), ("URL", card.website), ("BDAY", card.birthday), ("NOTE", card.note), ("UID", card.uid),
    ):  # fmt: skip
        if value:
            lines.append(f"{word}:{_escaped(value)}")
    if card.categories:
        lines.append("CATEGORIES:" + ",".join(_escaped(one) for one in card.categories))
    return lines


def _escaped(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str, fold: bytes, most: int = 75) -> bytes:
    """The line with folds between whole characters (RFC 6350 section 3.2), and its end."""
    end = fold.rstrip(b" ")
    whole = line.encode("utf-8", "replace")
    if len(whole) <= most:
        return whole + end
    pieces, start = [], 0
    while start < len(whole):
        stop = min(len(whole), start + (most if not start else most - 1))
        while stop < len(whole) and whole[stop] & 0xC0 == 0x80:
            stop -= 1
        pieces.append(whole[start:stop])
        start = stop
    return fold.join(pieces) + end


def write_ldif(target: BinarySink, cards: Iterable[Card], *, head: bool = True) -> int:
    """Write inetOrgPerson entries (RFC 2798) as LDIF; how many. Without `head`: more of a file that was begun."""
    if head:
        target.write(b"version: 1\n")
    count = 0
    for count, card in enumerate(cards, 1):
        name = card.name or " ".join(part for part in (card.given, card.family) if part) or card.organisation or "-"
        numbers = {
            "mobile": "mobile",
            "work": "telephoneNumber",
            "home": "homePhone",
            "fax": "facsimileTelephoneNumber",
        }
        pairs: list[tuple[str, str]] = [
            ("dn", f"cn={_rdn(name)},uid={_rdn(card.uid or str(count))},ou=contacts"),
            ("objectClass", "inetOrgPerson"),
            ("cn", name),
            ("sn", card.family or name),
            ("givenName", card.given),
            ("o", card.organisation),
            ("ou", card.department),
            ("title", card.title),
            *((numbers.get(label, "telephoneNumber"), number) for label, number in card.numbers),
            *(("mail", value) for _, value in card.emails),
            ("postalAddress", card.address),
            ("labeledURI", card.website),
            ("description", card.note),
            *(("businessCategory", one) for one in card.categories),
            ("uid", card.uid),
        ]
        target.write(b"\n" + b"".join(_ldif_line(attribute, value) for attribute, value in pairs if value))
    return count


def _rdn(value: str) -> str:
    """A value inside a distinguished name (RFC 4514 section 2.4)."""
    escaped = re.sub(r'([,+"\\<>;=])', r"\\\1", value)
    if escaped[:1] in {" ", "#"}:
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") else escaped


def _ldif_line(attribute: str, value: str) -> bytes:
    if _SAFE.match(value) and not value.endswith(" "):
        return _folded(f"{attribute}: {value}", b"\n ")
    return _folded(f"{attribute}:: {base64.b64encode(value.encode('utf-8', 'replace')).decode()}", b"\n ")
