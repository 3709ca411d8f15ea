"""Messages about agreement files that read like a compiler's: file, line, field, what is wrong, what would be right."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from parley.foundation.errors import ParleyError

FieldPath = tuple[str | int, ...]

_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT: Final = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\")\s*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One mistake in one file. `line` counts from 1; `field` is written like clause[2].enforced_by."""

    file: str
    line: int
    field: str
    problem: str
    remedy: str
    excerpt: str = ""

    def __str__(self) -> str:
        shown = f"\n    {self.line:>4} | {self.excerpt.strip()}" if self.excerpt.strip() else ""
        return f"{self.file}:{self.line}: {self.field}: {self.problem}{shown}\n         = remedy: {self.remedy}"


class AgreementFileError(ParleyError):
    """An agreement file cannot be used; `diagnoses` holds every mistake that was found, in order of lines."""

    error_id: ClassVar[str] = "agreement.file"

    def __init__(self, diagnoses: Iterable[Diagnosis]) -> None:
        self.diagnoses = tuple(sorted(diagnoses, key=lambda diagnosis: diagnosis.line))
        count = len(self.diagnoses)
        text = "\n".join(str(diagnosis) for diagnosis in self.diagnoses)
        super().__init__(f"{text}\n{count} mistake{'s' if count != 1 else ''}")


class Sheet:
    """The text of one file with the line of each field, collecting diagnoses while it is read."""

    def __init__(self, *, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.diagnoses: list[Diagnosis] = []
        self._places = field_lines(self.lines)

    def line_of(self, path: FieldPath) -> int:
        """The line where `path` is written, or that of the nearest table around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._places:
                return self._places[path[:length]]
        return 1

    def report(self, path: FieldPath, problem: str, *, remedy: str, line: int | None = None) -> None:
        """Adds a mistake; reading goes on, so that one run shows all of them."""
        number = line if line is not None else self.line_of(path)
        excerpt = self.lines[number - 1] if 0 < number <= len(self.lines) else ""
        self.diagnoses.append(
            Diagnosis(file=self.file, line=number, field=spell(path), problem=problem, remedy=remedy, excerpt=excerpt)
        )


def spell(path: FieldPath) -> str:
    """("clause", 2, "id") -> "clause[2].id"; the whole file is "(file)". Positions count from 1, as people do."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(file)"


def field_lines(lines: list[str]) -> Mapping[FieldPath, int]:
    """The line of each table and key of a TOML text that has already parsed.

    Reads headers and assignments only; the inside of multi-line strings and arrays is skipped by counting their
    brackets and quotes, which is enough because the syntax is known to be right.
    """
    places: dict[FieldPath, int] = {}
    counts: dict[FieldPath, int] = {}
    table: FieldPath = ()
    skip_to = 0
    for index, line in enumerate(lines):
        if index < skip_to:
            continue
        if header := _HEADER.match(line):
            table = _table_path(header.group(2), repeated=header.group(1) == "[[", counts=counts)
            places[table] = index + 1
        elif assignment := _ASSIGNMENT.match(line):
            places[(*table, assignment.group(1).strip('"'))] = index + 1
            skip_to = _value_end(lines, index, line[assignment.end() :])
    return places


def _table_path(name: str, *, repeated: bool, counts: dict[FieldPath, int]) -> FieldPath:
    path: FieldPath = ()
    steps = [step.strip().strip("\"'") for step in name.split(".")]
    for position, step in enumerate(steps):
        path = (*path, step)
        last = position == len(steps) - 1
        if last and repeated:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _value_end(lines: list[str], index: int, value: str) -> int:
    """The first line after a value that starts on line `index`."""
    for quotes in ('"""', "'''"):
        if value.lstrip().startswith(quotes):
            if value.count(quotes) >= 2:
                return index + 1
            following = (number for number in range(index + 1, len(lines)) if quotes in lines[number])
            return next(following, len(lines)) + 1
    depth = _bracket_balance(value)
    number = index
    while depth > 0 and number + 1 < len(lines):
        number += 1
        depth += _bracket_balance(lines[number])
    return number + 1


def _bracket_balance(text: str) -> int:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', "", text).partition("#")[0]
    return bare.count("[") - bare.count("]") + bare.count("{") - bare.count("}")
