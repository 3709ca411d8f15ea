"""Search while somebody types. Three looks, each only when the one before has not filled the page: names that are
exactly these words; names that begin with or sound like them; anything that does. Digits are a number, its end, what
a key pad gives for a name, or the beginning of any word.

At most `WINDOW` contacts are opened and ranked for one question: with more matches than that, typing on finds better.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.contacts import rows
from parley.contacts.directories import visible_ids
from parley.contacts.errors import BadCursor
from parley.contacts.quick_numbers import calling_code
from parley.contacts.reading import MOST_PER_PAGE, usable
from parley.contacts.tokens import LONGEST_PATH, key_pad, other_text, sound
from parley.contacts.tools import Tools, tools
from parley.contacts.types import NewContact, Page
from parley.contacts.writing import region
from parley.foundation.words import fold, words_of
from parley.people.api import Viewer

WINDOW: Final = 120
_MOST_WORDS: Final = 6
_NUMBER_MARKS: Final = frozenset("+()-./ ")
_SOUNDED_FROM: Final = 3
_SHORTEST_HEAD: Final = 4
_SHORTEST_TAIL: Final = 3
_FIND: Final = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0;
WITH sampled AS MATERIALIZED (
    SELECT {columns} FROM contacts_contact c TABLESAMPLE SYSTEM ((
        SELECT CASE WHEN pages > {large} THEN least(100, 100.0 * {sampled} / pages) ELSE 0 END
        FROM (SELECT pg_relation_size('contacts_contact') / 8192 AS pages) size
    )) REPEATABLE (1) WHERE {where} LIMIT {window}
)
SELECT * FROM sampled UNION ALL (
    SELECT {columns} FROM contacts_contact c WHERE (SELECT count(*) FROM sampled) < {window} AND {where} LIMIT {window}
)
"""
"""The index tells all contacts that match before the first can be read. What a few in a hundred match is found
sooner in a sample; only what is not goes to the index. The planner does not know how rare a word is; reading the table
in order until enough was found is never better."""
_LARGE: Final = 2_000
"""Pages of 8 kB from which on a sample is looked at first."""
_SAMPLED: Final = 250
_SAMPLED_EXACTLY: Final = 60
"""Pages of the sample; fewer for whole words, which cost the index less: 0.15 us a contact, beginnings 0.45."""


def search(
    text: str,
    *,
    directory: UUID | None = None,
    limit: int = 20,
    cursor: str | None = None,
    viewer: Viewer | None = None,
) -> Page:
    """What matches as somebody types: the beginning of any word of any field, words that sound alike, digits as a key
    pad has them ("446" finds Giovanni), the beginning or end of a number. Best first. Raises BadCursor."""
    limit, offset = max(1, min(limit, MOST_PER_PAGE)), _read_cursor(cursor)
    question = _Question(tools(), visible_ids(viewer, directory))
    digits = number_digits(text)
    if digits:
        found = question.numbers(digits, international=text.strip().startswith(("+", "00")))
    else:
        found = question.words(list(dict.fromkeys(words_of(text[:200])))[:_MOST_WORDS], enough=offset + limit + 1)
    lines = usable(found[offset : offset + limit])
    more = len(found) > offset + limit
    return Page(
        lines=tuple(row.line() for row in lines),
        cursor=_cursor(offset + limit) if more else None,
        more_than=WINDOW if question.full else None,
    )


def number_digits(text: str) -> str:
    """The digits of what looks like a part of a number, "" for anything else. "+" and "00" are left out."""
    digits = "".join(one for one in text if one not in _NUMBER_MARKS)
    if len(digits) < 2 or not (digits.isascii() and digits.isdigit()):
        return ""
    return digits[2:] if digits.startswith("00") else digits


@dataclass
class _Question:
    """One question to one customer's contacts; `full` when there were more than could be looked at."""

    tools: Tools
    directories: Sequence[UUID] | None
    full: bool = False

    def words(self, words: Sequence[str], *, enough: int) -> list[rows.Row]:
        if not words:
            return []
        token = self.tools.tokeniser
        exact = self._ask(" & ".join("n" + token.path(word) for word in words), sampled=_SAMPLED_EXACTLY)
        found = {row.id: row for row in self._ranked(exact, words)}
        names = [self._name(word) for word in words]
        anything = [f"({name} | w{token.beginning(word)}:*)" for name, word in zip(names, words, strict=True)]
        for several in (names, anything):
            if len(found) < max(enough, 1):
                asked = self._ask(" & ".join(several))
                wanted = [row for row in asked if row.id not in found and self._begins(row.fields, words)]
                found |= {row.id: row for row in self._ranked(wanted, words)}
        return list(found.values())

    def numbers(self, digits: str, *, international: bool) -> list[rows.Row]:
        token = self.tools.tokeniser
        heads = [digits] if international else _heads(digits)
        parts = [token.head(head) for head in heads if len(head) >= _SHORTEST_HEAD]
        parts += [token.tail(digits)] if len(digits) >= _SHORTEST_TAIL else []
        parts += [kind + token.beginning(digits) for kind in "nw"]
        parts += [] if international else [token.typed(digits)]
        whole = [token.number(one) for one in {f"+{head}" for head in heads} | {digits}]
        found = self._ask(" | ".join(f"{part}:*" for part in parts), addresses=whole)
        if self.tools.opener is not None:
            found = [row for row in found if _has_digits(row.fields, digits, heads)]
        return sorted(found, key=lambda row: (not _begins_number(row.fields, heads), fold(row.fields.name), row.id.int))

    def _name(self, word: str) -> str:
        """What is asked for names that begin with a word or sound like it."""
        token = self.tools.tokeniser
        heard = sound(word) if len(word) >= _SOUNDED_FROM else ""
        return f"(n{token.beginning(word)}:* | {token.heard(heard)})" if heard else f"n{token.beginning(word)}:*"

    def _ask(self, lexemes: str, *, addresses: Sequence[int] = (), sampled: int = _SAMPLED) -> list[rows.Row]:
        """Contacts that a tsquery finds (or that have one of the addresses)."""
        where, parameters = "c.tokens @@ %s::tsquery", list[Any]([lexemes])
        if addresses:
            where = f"({where} OR c.addresses && %s::bigint[])"
            parameters.append(list(addresses))
        if self.directories is not None:
            where = f"{where} AND c.directory_id = ANY(%s)"
            parameters.append(list(self.directories))
        sql = _FIND.format(columns=rows.COLUMNS, where=where, window=WINDOW, large=_LARGE, sampled=sampled)
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters * 2)
            while cursor.description is None and cursor.nextset():
                pass
            fetched = list({row[0]: row for row in cursor.fetchall()}.values())[:WINDOW]
        self.full = self.full or len(fetched) >= WINDOW
        return rows.opened(self.tools, fetched)

    def _begins(self, fields: NewContact, words: Sequence[str]) -> bool:
        """Whether words longer than paths tell match to their end."""
        long = [word for word in words if len(word) > LONGEST_PATH]
        if not long or self.tools.opener is None:
            return True
        held = set(words_of(f"{fields.given} {fields.family} {fields.company} {other_text(fields)}"))
        return all(any(one.startswith(word) or sound(one) == sound(word) for one in held) for word in long)

    @staticmethod
    def _ranked(found: Sequence[rows.Row], words: Sequence[str]) -> list[rows.Row]:
        """Names that begin as typed come first, then by name."""

        def key(row: rows.Row) -> tuple[int, str, int]:
            held = row.fields
            family, given = fold(held.family), fold(held.given)
            begins = family.startswith(words[0]) or given.startswith(words[0])
            return (0 if begins else 1, f"{family} {given} {fold(held.company)}", row.id.int)

        return sorted(found, key=key)


def _heads(digits: str) -> list[str]:
    """What national digits can be internationally: as they are, with the country's code, with and without the 0."""
    code = calling_code(region())
    if not code:
        return [digits]
    return [digits, code + digits] + ([code + digits[1:]] if digits.startswith("0") else [])


def _has_digits(fields: NewContact, digits: str, heads: Sequence[str]) -> bool:
    if any(one.value.endswith(digits) for one in fields.numbers) or _begins_number(fields, heads):
        return True
    names = words_of(f"{fields.given} {fields.family} {fields.company}")
    if any(key_pad(word).startswith(digits) for word in names):
        return True
    texts = (*(a.postcode for a in fields.addresses), *(a.street for a in fields.addresses), *fields.custom.values())
    others = (fields.title, fields.department, fields.speed_dial, fields.notes, *fields.emails, *texts)
    return any(word.startswith(digits) for text in others for word in words_of(text)) or any(
        word.startswith(digits) for word in names
    )


def _begins_number(fields: NewContact, heads: Sequence[str]) -> bool:
    return any(one.value.lstrip("+").startswith(head) for one in fields.numbers for head in heads)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"p{offset}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        offset = int(text[1:])
    except (ValueError, binascii.Error) as error:
        raise BadCursor("this is no place in the list", remedy="Start at its first page.") from error
    if not text.startswith("p") or not 0 <= offset <= 10 * WINDOW:
        raise BadCursor("this is no place in the list", remedy="Start at its first page.")
    return offset
