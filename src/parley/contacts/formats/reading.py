"""Any contact file as a table: its kind is told by its content, never by its name."""

from typing import BinaryIO, Final

from parley.contacts.formats.csv_reader import read_csv
from parley.contacts.formats.ldif_reader import read_ldif
from parley.contacts.formats.types import Kind, Limits, Table, UnreadableFile
from parley.contacts.formats.vcard_reader import read_vcard
from parley.contacts.formats.xlsx_reader import read_xlsx

_READERS: Final = {"csv": read_csv, "xlsx": read_xlsx, "vcard": read_vcard, "ldif": read_ldif}
_FOREIGN: Final = {
    b"\xd0\xcf\x11\xe0": "an old or protected spreadsheet",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "packed with gzip",
    b"7z\xbc\xaf": "packed with 7-Zip",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def kind_of(source: BinaryIO) -> Kind:
    """What the file is. Raises UnreadableFile for a kind that holds no contacts."""
    source.seek(0)
    head = source.read(4096)
    source.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UnreadableFile(f"the file is {what}", remedy="save the contacts as CSV, XLSX, vCard or LDIF")
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith(b"begin:vcard"):
        return "vcard"
    plain = [line for line in text.splitlines() if line and not line.startswith(b"#")]
    if plain and plain[0].startswith((b"dn:", b"version: 1", b"version:1")):
        return "ldif"
    return "csv"


def read_table(source: BinaryIO, *, limits: Limits | None = None) -> Table:
    """The table in `source`, which is seekable and stays open while rows are read. Raises UnreadableFile, also from
    the rows: where the file is damaged from there on, or has more rows than the limits allow."""
    return _READERS[kind_of(source)](source, limits=limits)
