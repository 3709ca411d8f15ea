"""No contact file makes a reader do anything but give rows or refuse: any bytes, and files that are nearly right."""

import io
import os
import zipfile

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check
from parley.contacts.formats.csv_reader import read_csv
from parley.contacts.formats.ldif_reader import read_ldif
from parley.contacts.formats.reading import read_table
from parley.contacts.formats.types import CARD_COLUMNS, Card, Limits, Table, UnreadableFile
from parley.contacts.formats.vcard_reader import read_vcard
from parley.contacts.formats.writing import neutral, write_csv, write_ldif, write_vcards, write_xlsx
from parley.contacts.formats.xlsx_reader import read_xlsx
from parley.contacts.import_mapping import Reading, contact_of, guess

MORE = 20 if os.environ.get("PARLEY_FUZZ_SECONDS") else 1
FUZZ = settings(max_examples=80 * MORE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LIMITS = Limits(rows=200, cell=500, record=2000, lines=20, unpacked=1 << 20)
LINES = st.lists(
    st.sampled_from([
        "BEGIN:VCARD", "END:VCARD", "FN:Ann", "N:a;b;;;", "TEL;TYPE=cell:+39", "item1.TEL:",
        "NOTE;ENCODING=QUOTED-PRINTABLE:=C3=",
        " folded", "PHOTO;ENCODING=b:AAAA", "AGENT:", 'X;A="x:y":z', ":", "dn: cn=a", "cn:: QQ==", "cn:: %",
        "cn:< file:/x",
        "changetype: modify", "version: 1", "# x", "", "-", 'a,b,"c', 'a;"b"c;d', "sep=;", '"', "=1+1",
        "x" * 600, "\x00",
    ]) | st.text(max_size=30),
    max_size=30,
)  # fmt: skip


def all_of(read: object, content: bytes) -> None:
    """Reads it all: rows fit their columns and the limits, or the file is refused."""
    try:
        table: Table = read(io.BytesIO(content), limits=LIMITS)  # type: ignore[operator]
        rows = list(table.rows)
    except UnreadableFile as error:
        assert error.remedy
        return
    assert len(rows) <= LIMITS.rows
    mapping = guess(table.columns, [row.cells for row in rows])
    assert len(mapping) == len(table.columns)
    for row in rows:
        assert len(row.cells) == len(table.columns)
        assert row.line >= 1
        if row.why:
            continue
        assert all(len(cell) <= LIMITS.cell for cell in row.cells)
        "".join(row.cells).encode()  # no halves of characters
        try:
            check(contact_of(row.cells, Reading(mapping, "IT")), region="IT")
        except ContactRefused as error:
            assert str(error)


@FUZZ
@given(st.binary(max_size=3000))
@example(b"\xff\xfe\x00")
@example(b'a,b\n"' + b"x" * 5000)
@example(b"a\n" + b'"\n' * 100)
def test_any_bytes(content: bytes) -> None:
    for read in (read_table, read_csv, read_vcard, read_ldif, read_xlsx):
        all_of(read, content)


@FUZZ
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-16-le"]))
def test_lines_that_are_nearly_right(lines: list[str], end: str, codec: str) -> None:
    content = end.join(lines).encode(codec, "replace")
    for read in (read_table, read_csv, read_vcard, read_ldif):
        all_of(read, content)


@FUZZ
@given(st.text(max_size=400) | st.lists(st.sampled_from([
    "<row>", '<row r="7">', "</row>", '<c t="s">', '<c r="ZZ9" t="inlineStr">', "<c>", "</c>", "<v>", "</v>", "<is>",
    "</is>",
    "<t>", "</t>", "7", "1e400", "-1", "nan", "x" * 600,
]), max_size=40).map("".join), st.integers(0, 400), st.integers(0, 255))  # fmt: skip
def test_workbooks_that_are_nearly_right(sheet: str, place: int, byte: int) -> None:
    target = io.BytesIO()
    write_xlsx(target, columns=["Name", "Mail"], rows=[["a", "b"]])
    made = io.BytesIO()
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            body = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>"
            new.writestr(name, body.encode("utf-8", "replace") if "sheet1" in name else old.read(name))
    all_of(read_xlsx, made.getvalue())
    hurt = bytearray(target.getvalue())
    hurt[place % len(hurt)] ^= byte
    all_of(read_xlsx, bytes(hurt))


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(str.strip)


@FUZZ
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5))
def test_a_table_comes_back_as_it_was(rows: list[tuple[str, str]]) -> None:
    wanted = [row for row in rows if any(row)]
    for write, read in ((write_csv, read_csv), (write_xlsx, read_xlsx)):
        target = io.BytesIO()
        write(target, columns=["Name", "Note"], rows=[["first", "x"], *wanted])  # type: ignore[operator]
        found = [row.cells for row in read(io.BytesIO(target.getvalue())).rows]
        assert [tuple(cell.strip() for cell in row) for row in found] == [("first", "x"), *wanted]


@FUZZ
@given(TEXT)
def test_nothing_that_leaves_is_computed(value: str) -> None:
    out = neutral(value)
    assert out[:1] not in {"=", "@", "\t"}
    if out[:1] in {"+", "-"}:
        assert out[1:].replace(" ", "").isdecimal() or not out[1:].strip("0123456789 \t")


@FUZZ
@given(TEXT, TEXT, TEXT, TEXT)
def test_a_card_comes_back_as_it_was(given_name: str, family: str, company: str, note: str) -> None:
    card = Card(name=f"x{given_name}", given=given_name, family=family, organisation=company, note=note)
    for write, read in ((write_vcards, read_vcard), (write_ldif, read_ldif)):
        target = io.BytesIO()
        write(target, [card])  # type: ignore[operator]
        (row,) = read(io.BytesIO(target.getvalue())).rows
        cells = dict(zip(CARD_COLUMNS, row.cells, strict=True))
        assert not row.why
        assert cells["name"] == card.name
        assert cells["organisation"] == company
        assert cells["note"] == note
