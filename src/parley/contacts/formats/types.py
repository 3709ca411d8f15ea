"""What every reader gives and every writer takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, NamedTuple

from parley.foundation.errors import ParleyError

Kind = Literal["csv", "xlsx", "vcard", "ldif"]

CARD_COLUMNS: Final = (
    "name", "given name", "family name", "organisation", "department", "job title", "mobile", "work number",
    "home number", "fax", "number", "email", "address", "website", "birthday", "note", "categories", "id",
)  # fmt: skip
"""The columns of a vCard or LDIF file as a table; several values of one column stand on lines of their own."""
NUMBER_COLUMNS: Final = {"mobile": "mobile", "work": "work number", "home": "home number", "fax": "fax", "": "number"}


class UnreadableFile(ParleyError):
    """The file as a whole cannot be read: another kind, damaged, or made to do harm. Permanent."""

    error_id: ClassVar[str] = "contacts.unreadable-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a reader accepts: `cell` and `record` in characters, `unpacked` in bytes, `ratio` unpacked to packed."""

    rows: int = 2_000_000
    columns: int = 200
    cell: int = 32_767
    record: int = 1 << 20
    lines: int = 500
    unpacked: int = 1 << 30
    ratio: int = 250
    strings: int = 64 << 20


class Row(NamedTuple):
    """One row as it stands in the file at `line` (1 is the first; in a sheet its row). `why` says what is wrong with it
    as a row, "" when nothing is; then there are as many cells as columns."""

    line: int
    cells: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file as columns and rows; `about` says in words how it was read. Rows can be read once."""

    kind: Kind
    columns: tuple[str, ...]
    rows: Iterator[Row]
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A contact as files hold it. `numbers` and `emails` are (label, value), labels as in NUMBER_COLUMNS."""

    name: str = ""
    given: str = ""
    family: str = ""
    organisation: str = ""
    department: str = ""
    title: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    emails: tuple[tuple[str, str], ...] = ()
    address: str = ""
    website: str = ""
    birthday: str = ""
    note: str = ""
    categories: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def cells(self) -> tuple[str, ...]:
        """The values of CARD_COLUMNS."""
        by_label: dict[str, list[str]] = {label: [] for label in NUMBER_COLUMNS}
        for label, number in self.numbers:
            by_label[label if label in by_label else ""].append(number)
        numbers = {column: "\n".join(by_label[label]) for label, column in NUMBER_COLUMNS.items()}
        emails = "\n".join(value for _, value in self.emails)
        return (
            self.name, self.given, self.family, self.organisation, self.department, self.title, numbers["mobile"],
            numbers["work number"], numbers["home number"], numbers["fax"], numbers["number"], emails, self.address,
            self.website, self.birthday, self.note, "\n".join(self.categories), self.uid,
        )  # fmt: skip
