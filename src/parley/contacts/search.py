"""Search while somebody types. Three looks, each only when the one before has not filled the page: names that are
exactly these words; names that begin with or sound like them; anything that does. Digits are a number, its end, or what
a key pad gives for a name.

At most `WINDOW` contacts are opened and ranked for one question: with more matches than that, typing on finds better.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db import connection

from parley.contacts import rows
from parley.contacts.directories import visible_ids
from parley.contacts.errors import BadCursor
from parley.contacts.quick_numbers import calling_code
from parley.contacts.reading import MOST_PER_PAGE, usable
from parley.contacts.tokens import (
    LONGEST_PREFIX,
    NUMBER_HEADS,
    NUMBER_TAILS,
    Tokeniser,
    key_pad,
    sound,
)
from parley.contacts.tools import Tools, tools
from parley.contacts.types import NewContact, Page
from parley.contacts.writing import region
from parley.foundation.words import fold, words_of
from parley.people.api import Viewer

WINDOW: Final = 120
_MOST_WORDS: Final = 6
_MOST_MATCHES: Final = 1000
"""Different words that one beginning stands for; more only for one or two letters."""
_NUMBER_MARKS: Final = frozenset("+()-./ ")
_SOUNDED_FROM: Final = 3
_AT_A_TIME: Final = 32
"""Words that are looked for in one look at the index: it compares each contact that it finds with all of them."""
_FIND: Final = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0;
{looks} LIMIT {window}
"""
"""The planner does not know how rare a word is; reading the table in order until enough was found is never better.
Of several looks the later ones are not taken when the first ones have found enough."""
_LOOK: Final = "SELECT {columns} FROM contacts_contact c WHERE {where}"
_WORDS: Final = "(SELECT %s::int AS word, id FROM contacts_word WHERE found_by @> ARRAY[%s]::bigint[] LIMIT {most})"


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
        exact = self._ask([[token.word("n", word)] for word in words])
        found = {row.id: row for row in self._ranked(exact, words)}
        names, rest = self._dictionary(words)
        for several in (names, [a + b for a, b in zip(names, rest, strict=True)] if any(rest) else []):
            if len(found) >= max(enough, 1) or not several or not all(several):
                continue
            wanted = [row for row in self._ask(several) if row.id not in found and self._begins(row.fields, words)]
            found |= {row.id: row for row in self._ranked(wanted, words)}
        return list(found.values())

    def numbers(self, digits: str, *, international: bool) -> list[rows.Row]:
        token = self.tools.tokeniser
        heads = [digits] if international else _heads(digits)
        tokens = [*chain.from_iterable(_cuts(token, head, digits) for head in heads)]
        names, rest = self._dictionary([digits], key_pad_too=not international)
        whole = [token.number(one) for one in {f"+{head}" for head in heads} | {digits}]
        found = self._ask([tokens + names[0] + rest[0]], addresses=whole)
        if self.tools.opener is not None:
            found = [row for row in found if _has_digits(row.fields, digits, heads)]
        return sorted(found, key=lambda row: (not _begins_number(row.fields, heads), fold(row.fields.name), row.id.int))

    def _ask(self, several: Sequence[Sequence[int]], *, addresses: Sequence[int] = ()) -> list[rows.Row]:
        """Contacts that have one token of each list (or one of the addresses)."""
        longest = max(several, key=len)
        looks, parameters = list[str](), list[Any]()
        for first in range(0, max(1, len(longest)), _AT_A_TIME):
            some = longest[first : first + _AT_A_TIME]
            where = " AND ".join(["c.tokens && %s::bigint[]"] * len(several))
            parameters += [list(some if one is longest else one) for one in several]
            if addresses and not first:
                where = f"({where} OR c.addresses && %s::bigint[])"
                parameters.append(list(addresses))
            if self.directories is not None:
                where = f"{where} AND c.directory_id = ANY(%s)"
                parameters.append(list(self.directories))
            looks.append(_LOOK.format(columns=rows.COLUMNS, where=where))
        with connection.cursor() as cursor:
            cursor.execute(_FIND.format(looks=" UNION ALL ".join(looks), window=WINDOW), parameters)
            while cursor.description is None and cursor.nextset():
                pass
            fetched = cursor.fetchall()
        self.full = self.full or len(fetched) >= WINDOW
        return rows.opened(self.tools, list({row[0]: row for row in fetched}.values()))

    def _dictionary(
        self, words: Sequence[str], *, key_pad_too: bool = False
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Tokens of the names, and of the other words, that each word may be the beginning of."""
        token = self.tools.tokeniser
        names: list[list[int]] = [[token.word("i", word)] if len(word) == 1 else [] for word in words]
        rest: list[list[int]] = [[] for _ in words]
        asked: list[tuple[int, int, list[list[int]]]] = []
        for place, word in enumerate(words):
            cut = word[:LONGEST_PREFIX]
            if len(word) > 1:
                asked.append((place, token.token("pn" + cut), names))
            asked.append((place, token.token("pw" + cut), rest))
            if len(word) >= _SOUNDED_FROM and (heard := sound(word)):
                asked.append((place, token.token("s" + heard), names))
            if key_pad_too:
                asked.append((place, token.token("k" + cut), names))
        if asked:
            sql = " UNION ALL ".join([_WORDS.format(most=_MOST_MATCHES)] * len(asked))
            parameters = chain.from_iterable((number, one[1]) for number, one in enumerate(asked))
            with connection.cursor() as cursor:
                cursor.execute(sql, list(parameters))
                for number, found in cursor.fetchall():
                    place, _, target = asked[number]
                    target[place].append(found)
        return names, rest

    def _begins(self, fields: NewContact, words: Sequence[str]) -> bool:
        """Whether words longer than the dictionary's beginnings match to their end."""
        long = [word for word in words if len(word) > LONGEST_PREFIX]
        if not long or self.tools.opener is None:
            return True
        held = set(self.tools.tokeniser.of(fields).words.values())
        return all(any(one.startswith(word) or sound(one) == sound(word) for _, one in held) for word in long)

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


def _cuts(token: Tokeniser, head: str, digits: str) -> list[int]:
    heads = [cut for cut in NUMBER_HEADS if cut <= len(head)]
    tails = [cut for cut in NUMBER_TAILS if cut <= len(digits)]
    found = [token.head(head[: heads[-1]])] if heads else []
    return found + ([token.tail(digits[-tails[-1] :])] if tails else [])


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
