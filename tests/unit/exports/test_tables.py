"""Tables of a package: no cell is a formula, every line has the same columns, nothing waits in clear."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from parley.exports.package import write_package
from parley.exports.tables import Spool, Table, cell
from parley.inventory.api import ExportOptions, Sink


class Few:
    """A store of three records."""

    name = "few"

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        assert options
        for one in ids:
            with sink.file(f"few/{one}.txt", "text/plain") as file:
                file.write(b"hello ")
                file.write(str(one).encode())
            sink.row("few", {"id": one, "words": "=1+1", "at": datetime(2026, 1, 1, tzinfo=UTC), "none": None})
            yield one


def package(**options: Any) -> tuple[Any, zipfile.ZipFile]:
    target = io.BytesIO()
    ids = [UUID(int=number) for number in range(3)]
    told: list[int] = []
    made = write_package(
        target,
        batches=[(Few(), ids)],  # type: ignore[list-item]
        options=ExportOptions(**options),
        title="<b>Title</b>",
        extra={"NOTE.txt": b"note"},
        progress=told.append,
    )
    assert told == [1, 2, 3]
    return made, zipfile.ZipFile(target)


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "=", "|x", "%x"])
def test_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [("+390584943232", "+390584943232"), ("-3.5", "-3.5"), (-3, "-3"), (None, ""), (True, "true"), ("a=b", "a=b"),
     (["=1"], '["=1"]')],
)  # fmt: skip
def test_what_is_no_formula_stays(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_table_of_other_columns_is_refused() -> None:
    table = Table("t", ("a", "b"))
    table.add({"a": 1, "b": 2})
    for wrong in ({"a": 1}, {"b": 2, "a": 1}, {"a": 1, "b": 2, "c": 3}):
        with pytest.raises(ValueError, match="other columns"):
            table.add(wrong)


def test_lines_wait_sealed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "spool"

    def visible() -> Any:
        return path.open("w+b")

    monkeypatch.setattr(tempfile, "TemporaryFile", visible)
    spool = Spool()
    for number in range(5000):
        spool.add(f"Ada Quillfeather {number}")
    assert list(spool.lines()) == list(spool.lines()) == [f"Ada Quillfeather {number}" for number in range(5000)]
    assert b"Quillfeather" not in path.read_bytes()


def test_counts_are_what_is_in_it() -> None:
    made, opened = package()
    assert (made.records, made.files, dict(made.tables), dict(made.by_store)) == (3, 4, {"few": 3}, {"few": 3})
    lines = list(csv.DictReader(io.StringIO(opened.read("tables/few.csv").decode())))
    assert [line["words"] for line in lines] == ["'=1+1"] * 3
    rows: list[Mapping[str, Any]] = [json.loads(line) for line in opened.read("tables/few.jsonl").splitlines()]
    assert rows[0] == {"id": str(UUID(int=0)), "words": "=1+1", "at": "2026-01-01T00:00:00+00:00", "none": None}
    assert opened.testzip() is None


def test_only_the_forms_that_were_asked_for() -> None:
    assert "tables/few.jsonl" not in package(formats=("csv",))[1].namelist()
    assert "tables/few.csv" not in package(formats=("json", "mp3"))[1].namelist()


def test_the_page_needs_nothing_else() -> None:
    page = package()[1].read("index.html").decode()
    assert "&lt;b&gt;Title" in page
    assert "<script" not in page
    assert "http" not in page
    assert f"few/{UUID(int=2)}.txt" in page


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", ".hidden", "a\\b", "", "a/"])
def test_a_name_stays_within_the_package(name: str) -> None:
    class Outside(Few):
        def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
            assert options
            with sink.file(name, "text/plain"):
                yield ids[0]

    with pytest.raises(ValueError, match="plain words"):
        write_package(
            io.BytesIO(),
            batches=[(Outside(), [UUID(int=1)])],  # type: ignore[list-item]
            options=ExportOptions(),
        )
