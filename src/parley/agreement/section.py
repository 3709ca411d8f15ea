"""Typed reading of one table of an agreement file; each wrong field becomes a diagnosis and a harmless stand-in."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from parley.agreement.clock import Span, read_span
from parley.agreement.diagnosis import FieldPath, Sheet

_SPAN: Final = 'a span of time such as "30 days", "48 hours", "1 month" or "3 years"'
_NOTHING: Final = Span(0, "days")

_Kind = TypeVar("_Kind")
_Word = TypeVar("_Word", bound=str)


class Section:
    """One table: read each field once, then `finish` reports the fields that nobody asked for."""

    def __init__(self, raw: Mapping[str, object], *, path: FieldPath, sheet: Sheet) -> None:
        self.path = path
        self.sheet = sheet
        self._raw = raw
        self._read: set[str] = set()

    def text(self, key: str, *, default: str | None = None) -> str:
        """A non-empty string."""
        value = self._take(key, str, "a text in quotes", required=default is None)
        if value is None:
            return default or ""
        if not value.strip():
            self.report(key, "is empty", remedy="write the text, or remove the line if the field is optional")
        return value.strip()

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """true or false."""
        value = self._take(key, bool, "true or false", required=default is None)
        return bool(default) if value is None else value

    def count(self, key: str, *, unit: str, most: int = 36_500) -> int:
        """A whole number of `unit`, from 0 to `most`."""
        value = self._take(key, int, f"a whole number of {unit}", required=True)
        if value is None:
            return 0
        if not 0 <= value <= most:
            self.report(key, f"{value} {unit} is out of range", remedy=f"write a number from 0 to {most}")
            return 0
        return value

    def optional_count(self, key: str, *, unit: str, most: int) -> int | None:
        """A whole number of `unit`, from 1 to `most`, or None when the field is missing."""
        value = self._take(key, int, f"a whole number of {unit}", required=False)
        if value is not None and not 1 <= value <= most:
            self.report(key, f"{value} {unit} is out of range", remedy=f"write a number from 1 to {most}")
        return value

    def percent(self, key: str) -> float | None:
        """A share of a hundred, above 0 and up to 100, or None when the field is missing."""
        value = self._take(key, (int, float), "a number such as 99.5", required=False)
        if value is not None and not 0 < value <= 100:
            self.report(key, f"{value} % is out of range", remedy="write a number above 0 and up to 100")
        return value

    def span(self, key: str) -> Span:
        """A span of time that must be there."""
        return self._span(key, required=True) or _NOTHING

    def optional_span(self, key: str) -> Span | None:
        """A span of time, or None when the field is missing."""
        return self._span(key, required=False)

    def _span(self, key: str, *, required: bool) -> Span | None:
        value = self._take(key, str, _SPAN, required=required)
        if value is None:
            return None
        span = read_span(value)
        if span is None:
            self.report(key, f'"{value}" is not a span of time', remedy=f"write {_SPAN}")
        return span

    def optional_word(self, key: str, *, known: Iterable[str]) -> str:
        """One word of `known`, or "" when the field is missing."""
        return self.one_of(key, tuple(known)) if key in self._raw else self._absent(key)

    def _absent(self, key: str) -> str:
        self._read.add(key)
        return ""

    def one_of(self, key: str, choices: tuple[_Word, ...], *, default: _Word | None = None) -> _Word:
        """One word of `choices`; `default` when the field is missing."""
        value = self._take(key, str, "one of: " + ", ".join(choices), required=default is None)
        if value is None and default is not None:
            return default
        for choice in choices:
            if choice == value:
                return choice
        if value is not None:
            self.report(key, f'"{value}" is not known here', remedy=_suggest(value, choices))
        return choices[0]

    def words(self, key: str, *, known: Iterable[str], required: bool = True) -> tuple[str, ...]:
        """A list of different words, each out of `known`; never empty when `required`."""
        known = tuple(known)
        value = self._take(key, list, 'a list such as ["a", "b"]', required=required)
        if value is None:
            return ()
        if required and not value:
            self.report(key, "is an empty list", remedy="name at least one of: " + ", ".join(known))
        words: list[str] = []
        for word in value:
            if not isinstance(word, str):
                self.report(key, f"{word!r} is not a text", remedy="write every word in quotes")
            elif word not in known:
                self.report(key, f'"{word}" is not known here', remedy=_suggest(word, known))
            elif word in words:
                self.report(key, f'"{word}" stands twice', remedy="keep one of them")
            else:
                words.append(word)
        return tuple(words)

    def table(self, key: str) -> "Section":
        """A sub-table that must be there."""
        value = self._take(key, dict, f"a table [{'.'.join(map(str, (*self.path, key)))}]", required=True)
        return Section(value or {}, path=(*self.path, key), sheet=self.sheet)

    def optional_table(self, key: str) -> "Section | None":
        """A sub-table that may be missing."""
        return self.table(key) if key in self._raw else None

    def tables(self, key: str, *, required: bool = True) -> Iterator["Section"]:
        """Each of the repeated sub-tables [[key]]."""
        value = self._take(key, list, f"at least one [[{'.'.join(map(str, (*self.path, key)))}]]", required=required)
        for index, item in enumerate(value or []):
            if isinstance(item, dict):
                yield Section(item, path=(*self.path, key, index), sheet=self.sheet)
            else:
                self.report(key, "holds something that is not a table", remedy=f"write [[{key}]] and its fields below")

    def report(self, key: str, problem: str, *, remedy: str) -> None:
        """A mistake in the field `key` of this table."""
        self.sheet.report((*self.path, key), problem, remedy=remedy)

    def finish(self) -> None:
        """Reports fields that the format does not know: a misspelt field must never be silently without effect."""
        for key in self._raw:
            if key not in self._read:
                self.report(key, "is not a field of this table", remedy=_suggest(key, sorted(self._read)))

    def _take(
        self, key: str, kind: type[_Kind] | tuple[type[_Kind], ...], wanted: str, *, required: bool = True
    ) -> _Kind | None:
        self._read.add(key)
        if key not in self._raw:
            if required:
                self.report(
                    key, "is missing", remedy=f"write {key} = {wanted}" if "[" not in wanted[:14] else f"add {wanted}"
                )
            return None
        value = self._raw[key]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.report(key, f"has the wrong form ({type(value).__name__})", remedy=f"write {wanted}")
            return None
        return value


def _suggest(word: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    choices = "known here: " + ", ".join(known)
    return f'did you mean "{near[0]}"? {choices}' if near else choices
