"""Workbooks: as spreadsheets write them, and as somebody writes them who means harm."""

import io
import zipfile

import pytest

from parley.contacts.formats.reading import read_table
from parley.contacts.formats.types import Limits, Row, UnreadableFile
from parley.contacts.formats.writing import write_xlsx

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(rows: list[list[str]]) -> bytes:
    target = io.BytesIO()
    write_xlsx(target, columns=rows[0], rows=rows[1:])
    return target.getvalue()


def replaced(content: bytes, **parts: str) -> bytes:
    """The workbook with other parts: `sheet`, `strings`, `styles`."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        mine = {names[key]: value for key, value in parts.items()}
        for name in old.namelist():
            if name not in mine:
                new.writestr(name, old.read(name))
        for name, value in mine.items():
            new.writestr(name, value)
    return target.getvalue()


def rows_of(content: bytes, **limits: int) -> list[Row]:
    return list(read_table(io.BytesIO(content), limits=Limits(**limits)).rows)


PLAIN = book([["Name", "Phone"], ["Ann", "=1+1"], ["Zoë", "+39 0584"]])


def test_what_is_written_is_read_as_text() -> None:
    made = read_table(io.BytesIO(PLAIN))
    assert made.kind == "xlsx"
    assert made.columns == ("Name", "Phone")
    assert list(made.rows) == [Row(2, ("Ann", "=1+1")), Row(3, ("Zoë", "+39 0584"))]


def test_shared_strings_numbers_dates_and_gaps() -> None:
    strings = f"<sst {MAIN}><si><t>Name</t></si><si><r><t>An</t></r><r><t>n</t></r><rPh><t>an</t></rPh></si></sst>"
    styles = (
        f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd"/></numFmts><cellXfs>'
        '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    sheet = (
        f'<worksheet {MAIN}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="str"><v>Phone</v></c>'
        '<c r="C1" t="str"><v>Born</v></c></row>'
        '<row r="5"><c r="A5" t="s"><v>1</v></c><c r="B5"><v>3.90584943232E11</v></c>'
        '<c r="C5" s="1"><v>45000</v></c></row>'
        '<row r="7"><c r="C7" s="2"><v>45000</v></c></row>'
        '<row r="8"><c r="A8" t="e"><v>#REF!</v></c></row>'
        '<row r="9"><c r="E9"><v>1</v></c></row></sheetData></worksheet>'
    )
    rows = rows_of(replaced(PLAIN, sheet=sheet, strings=strings, styles=styles))
    assert rows[0] == Row(5, ("Ann", "390584943232", "2023-03-15"))
    assert rows[1] == Row(7, ("", "", "2023-03-15"))
    assert "#REF!" in rows[2].why
    assert "right of the last column" in rows[3].why


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    sheet = f"<worksheet {MAIN}><sheetData>" + " " * 60_000_000 + "</sheetData></worksheet>"
    with pytest.raises(UnreadableFile, match="times its size"):
        rows_of(replaced(PLAIN, sheet=sheet))


def test_more_than_may_be_unpacked_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="unpacks to more"):
        rows_of(PLAIN, unpacked=1000)


def test_entities_are_refused() -> None:
    sheet = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        f'<worksheet {MAIN}><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>'
    )
    with pytest.raises(UnreadableFile, match="entities"):
        rows_of(replaced(PLAIN, sheet=sheet))


def test_a_far_cell_costs_nothing() -> None:
    sheet = (
        f'<worksheet {MAIN}><sheetData><row r="1"><c r="A1" t="str"><v>Name</v></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row></sheetData></worksheet>'
    )
    rows = rows_of(replaced(PLAIN, sheet=sheet))
    assert len(rows) == 1
    assert "right of column 200" in rows[0].why


def test_a_cell_of_ten_megabytes() -> None:
    sheet = (
        f'<worksheet {MAIN}><sheetData><row><c t="str"><v>Name</v></c></row><row><c t="inlineStr"><is><t>'
        + "".join(chr(33 + n * n % 80).replace("<", "x").replace("&", "x") for n in range(300)) * 34_000
        + '</t></is></c></row><row><c t="str"><v>Bo</v></c></row></sheetData></worksheet>'
    )
    rows = rows_of(replaced(PLAIN, sheet=sheet), ratio=10_000)
    assert "more than 32767 characters" in rows[0].why
    assert rows[1].cells == ("Bo",)


@pytest.mark.parametrize("cut", [10, 100, 400])
def test_a_cut_archive_is_refused(cut: int) -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        rows_of(PLAIN[:-cut])


def test_a_damaged_part_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        rows_of(replaced(PLAIN, sheet="<worksheet><row>"))
