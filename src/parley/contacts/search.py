"""Search while somebody types. Three looks, each only when the one before has not filled the page: names that are
exactly these words; names that begin with or sound like them; anything that does. Of several words few contacts have
all: there the third look comes before the second, which is seldom needed then. Digits are a number, its end, what a key
pad gives for a name, or the beginning of any word.

At most `WINDOW` contacts are opened and ranked for one question: with more matches than that, typing on finds better.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
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
_LONG_FROM: Final = 3
_FIND: Final = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0;
WITH sampled AS MATERIALIZED (
    SELECT {columns}, {filter} AS matches FROM contacts_contact c TABLESAMPLE SYSTEM ((
        SELECT CASE WHEN pages > {large} THEN least(100, 100.0 * {sampled} / pages) ELSE 0 END
        FROM (SELECT pg_relation_size('contacts_contact') / 8192 AS pages) size
    )) REPEATABLE (1) WHERE {begin} LIMIT {most}
), looked AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE matches) < {enough} AS open, count(*) >= {common} AS common FROM sampled
), found AS (
    (SELECT * FROM sampled WHERE matches LIMIT {window})
    UNION ALL (
        SELECT {columns}, true FROM contacts_contact c
        WHERE (SELECT open AND NOT common FROM looked) AND {begin} AND {filter} LIMIT {window}
    ) UNION ALL (
        SELECT {columns}, true FROM contacts_contact c
        WHERE (SELECT open AND common FROM looked) AND {all} LIMIT {window}
    )
) SELECT found.*, NOT (SELECT open FROM looked) FROM found
"""
"""The index tells all contacts that match before the first can be read. What some in a hundred match is found sooner in
a sample; only what is not goes to the index, and there by the longer words alone, unless those are common: what begins
with two letters the index takes long to tell. The planner does not know how rare a word is; reading the table in order
until enough was found is never better."""
_LARGE: Final = 2_000
"""Pages of 8 kB from which on a sample is looked at first."""
_SAMPLED: Final = 250
_SAMPLED_EXACTLY: Final = 60
"""Pages of the sample; fewer for whole words, which cost the index less: 0.15 us a contact, beginnings 0.45."""
_ENOUGH: Final = 40
"""Contacts of a sample, out of thousands, that are as good as any others."""
_MOST_SAMPLED: Final = 200
_COMMON: Final = 20
"""Contacts of a sample that show that reading all that match so is not worth it."""


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
        more_than=len(found) if question.full else None,
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
        token, enough = self.tools.tokeniser, max(enough, 1)
        exact = self._ask(" & ".join("n" + token.path(word) for word in words), sampled=_SAMPLED_EXACTLY)
        found = self._ranked(exact, words)
        if len(found) >= enough:
            return list(found.values())
        names = [self._name(word) for word in words]
        anything = [f"({name} | w{token.beginning(word)}:*)" for name, word in zip(names, words, strict=True)]
        rest = self._look(anything, words) if len(words) > 1 else {}
        if len(words) == 1 or self.full:  # so many that names must be asked for to come first
            found |= self._look(names, words)
        if len(words) == 1 and len(found) < enough:
            rest = self._look(anything, words)
        return list((found | {one: row for one, row in rest.items() if one not in found}).values())

    def _look(self, parts: Sequence[str], words: Sequence[str]) -> dict[UUID, rows.Row]:
        """What has all parts of a tsquery, one for each word, best first."""
        long = [len(word) >= _LONG_FROM for word in words]
        asked = self._ask(" & ".join(parts), first=" & ".join(compress(parts, long)))
        return self._ranked([row for row in asked if self._begins(row.fields, words)], words)

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

    def _ask(
        self, lexemes: str, *, first: str = "", addresses: Sequence[int] = (), sampled: int = _SAMPLED
    ) -> list[rows.Row]:
        """Contacts that a tsquery finds (or that have one of the addresses). `first`: those of its words that the index
        is asked for, the others are looked for in what it finds."""
        conditions = ["c.tokens @@ %(all)s::tsquery"]
        if addresses:
            conditions = [f"({conditions[0]} OR c.addresses && %(addresses)s::bigint[])"]
        if self.directories is not None:
            conditions.append("c.directory_id = ANY(%(directories)s)")
        where = " AND ".join(conditions)
        by_parts = first not in {"", lexemes}
        sql = _FIND.format(
            columns=rows.COLUMNS, all=where, begin=where.replace("%(all)s", "%(first)s") if by_parts else where,
            filter="ts_match_vq(c.tokens, %(all)s::tsquery)" if by_parts else "true",
            window=WINDOW, large=_LARGE, sampled=sampled, most=_MOST_SAMPLED, enough=_ENOUGH, common=_COMMON,
        )  # fmt: skip
        values: dict[str, Any] = {
            "all": lexemes, "first": first, "addresses": list(addresses), "directories": list(self.directories or ()),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            while cursor.description is None and cursor.nextset():
                pass
            fetched = list({row[0]: row for row in cursor.fetchall()}.values())[:WINDOW]
        self.full = self.full or len(fetched) >= WINDOW or any(row[-1] for row in fetched)
        return rows.opened(self.tools, fetched)

    def _begins(self, fields: NewContact, words: Sequence[str]) -> bool:
        """Whether words longer than paths tell match to their end."""
        long = [word for word in words if len(word) > LONGEST_PATH]
        if not long or self.tools.opener is None:
            return True
        held = set(words_of(f"{fields.given} {fields.family} {fields.company} {other_text(fields)}"))
        return all(any(one.startswith(word) or sound(one) == sound(word) for one in held) for word in long)

    @staticmethod
    def _ranked(found: Sequence[rows.Row], words: Sequence[str]) -> dict[UUID, rows.Row]:
        """Names that begin as typed come first, then by name."""

        def key(row: rows.Row) -> tuple[int, str, int]:
            held = row.fields
            family, given = fold(held.family), fold(held.given)
            begins = family.startswith(words[0]) or given.startswith(words[0])
            return (0 if begins else 1, f"{family} {given} {fold(held.company)}", row.id.int)

        return {row.id: row for row in sorted(found, key=key)}


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
