"""CSV of every sort and of bad intent: good rows arrive, broken ones say why and at which line."""

import io
from pathlib import Path

import pytest

from parley.contacts.formats.reading import kind_of, read_table
from parley.contacts.formats.types import Limits, Row, Table, UnreadableFile
from parley.contacts.formats.writing import neutral, write_csv


def table(content: bytes | str, **limits: int) -> tuple[Table, list[Row]]:
    raw = content.encode() if isinstance(content, str) else content
    made = read_table(io.BytesIO(raw), limits=Limits(**limits))
    return made, list(made.rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_by_the_rows(separator: str) -> None:
    lines = ["Name,Phone,Note", 'Ann,+39 0584 943232,"a, b; c"', "Bo,0584 1,x"]
    made, rows = table("\r\n".join(line.replace(",", separator) for line in lines))
    assert made.columns == ("Name", "Phone", "Note")
    assert [row.cells[0] for row in rows] == ["Ann", "Bo"]
    assert [row.line for row in rows] == [2, 3]
    assert all(not row.why for row in rows)


@pytest.mark.parametrize(
    ("codec", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"),
     ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252"), ("latin-1", "Windows-1252")],
)  # fmt: skip
def test_the_encoding_is_told_by_the_bytes(codec: str, said: str) -> None:
    made, rows = table("Name;Città\nJosé Müller;Forlì\n".encode(codec))
    assert made.columns == ("Name", "Città")
    assert rows[0].cells == ("José Müller", "Forlì")
    assert said in made.about


def test_a_row_in_a_foreign_encoding_is_broken_not_the_file() -> None:
    content = "Name,City\nJosé,Forlì\nÀnn,Ò\n".encode() + "Müller,Köln\n".encode("cp1252") + "Zoë,Liège\n".encode()
    _, rows = table(content)
    assert [bool(row.why) for row in rows] == [False, False, True, False]
    assert "cell 1 is not in the encoding" in rows[2].why
    assert rows[2].cells == ("Müller", "Köln")


def test_a_header_is_not_taken_from_data() -> None:
    made, rows = table("Ann,+390584943232\nBo,+390584943233\n")
    assert made.columns == ("column 1", "column 2")
    assert len(rows) == 2


def test_excels_own_first_line_is_left_out() -> None:
    made, rows = table("sep=;\nName;Phone\nAnn;1\n")
    assert made.columns == ("Name", "Phone")
    assert rows == [Row(3, ("Ann", "1"))]


def test_a_quote_that_never_closes_costs_its_own_line() -> None:
    lines = ["Name,Phone,Note", 'Ann,1,"open', "Bo,2,b", 'Cy,3,"closed"', "Di,4,d"]
    _, rows = table("\n".join(lines) + "\n")
    assert [row.cells[0] for row in rows] == ["Ann", "Bo", "Cy", "Di"]
    assert [bool(row.why) for row in rows] == [True, False, False, False]
    assert "never closes" in rows[0].why
    assert [row.line for row in rows] == [2, 3, 4, 5]


def test_line_breaks_inside_quotes_belong_to_the_cell() -> None:
    _, rows = table('Name,Note\r\nAnn,"two\r\nlines"\r\nBo,x\r\n')
    assert rows == [Row(2, ("Ann", "two\r\nlines")), Row(4, ("Bo", "x"))]


def test_too_many_cells_are_broken_missing_ones_are_empty() -> None:
    _, rows = table("a,b,c\n1,2,3,4\n1\n1,2,3,,\n")
    assert "4 cells where the header has 3" in rows[0].why
    assert rows[1] == Row(3, ("1", "", ""))
    assert not rows[2].why


def test_a_cell_of_ten_megabytes() -> None:
    content = "Name,Note\nAnn,x\nBo," + "y" * 10_000_000 + "\nCy,z\n"
    _, rows = table(content)
    assert [bool(row.why) for row in rows] == [False, True, False]
    assert "too long" in rows[1].why
    assert max(len(cell) for row in rows for cell in row.cells) < 40_000
    assert rows[2] == Row(4, ("Cy", "z"))


def test_a_cell_that_is_just_too_long_is_named() -> None:
    _, rows = table("Name,Note\nBo," + "y" * 40_000 + "\n")
    assert "cell 2 has 40000 characters, at most 32767" in rows[0].why


def test_control_characters_are_broken() -> None:
    _, rows = table("Name,Note\nA\x07nn,x\nBo,y\n")
    assert "control character" in rows[0].why
    assert not rows[1].why


def test_one_row_too_many_ends_it() -> None:
    with pytest.raises(UnreadableFile, match="more than 2 rows"):
        table("a,b\n1,2\n3,4\n5,6\n", rows=2)


@pytest.mark.parametrize("content", [b"", b"\n\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        table(content)


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\xd0\xcf\x11\xe0rest", b"\x1f\x8b\x08", b"\x89PNG"])
def test_other_kinds_are_named(content: bytes) -> None:
    with pytest.raises(UnreadableFile, match="the file is"):
        kind_of(io.BytesIO(content))


def test_binary_rubbish_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        table(bytes(range(256)) * 40)


@pytest.mark.parametrize(
    "value", ["=cmd|' /C calc'!A0", "+1+cmd|'x'!A1", "-2+3+cmd", "@SUM(A1)", "\tx", "'=x", "''@y", "=1+1"]
)
def test_formulas_leave_harmless_and_come_back_as_they_were(value: str) -> None:
    assert neutral(value).startswith("'")
    target = io.BytesIO()
    write_csv(target, columns=["Name", "Note"], rows=[["Ann", value]])
    _, rows = table(target.getvalue())
    assert rows[0].cells == ("Ann", value.strip())


def test_numbers_are_no_formulas() -> None:
    assert neutral("+390584943232") == "+390584943232"


def test_a_million_rows_with_broken_ones(tmp_path: Path) -> None:
    """Small here: the size does not matter to a stream; every tenth row is broken in one of three ways."""
    path = tmp_path / "many.csv"
    broken = ['x{n},"open,1\n', "x{n},1,2,3,4\n", "x{n}\x01,1,2\n"]
    with path.open("w") as file:
        file.write("Name,Phone,Note\n")
        for n in range(30_000):
            file.write(broken[n // 10 % 3].format(n=n) if n % 10 == 0 else f'Ann {n},+39058494{n:05},"a {n}"\n')
    with path.open("rb") as source:
        rows = list(read_table(source).rows)
    assert sum(not row.why for row in rows) == 27_000
    assert sum(bool(row.why) for row in rows) == 3_000
    assert [row.line for row in rows] == list(range(2, 30_002))
