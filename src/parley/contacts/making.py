"""Rows of contacts by the ten thousand, as the bytes that COPY wants: what `tokens` and `rows` make one by one, with
everything that repeats (names, companies, towns) hashed once and the parts of all numbers in one go. No database.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from os import urandom
from time import time
from typing import Final, TypeVar
from uuid import UUID

import numpy as np

from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check, to_bytes
from parley.contacts.tokens import MOST_WORDS, NUMBER_HEADS, NUMBER_TAILS, Tokeniser
from parley.contacts.tools import AAD, Tools
from parley.contacts.types import NewContact
from parley.foundation.words import words_of
from parley.sealing.api import SealedField

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BIGINT: Final = 20  # its type's number in PostgreSQL
_MOST_TEXTS: Final = 100_000
_LONG_TEXT: Final = 60
"""Longer texts hardly repeat: they are not kept."""
_LONGEST_HEAD: Final = max(NUMBER_HEADS)
_LONGEST_TAIL: Final = max(NUMBER_TAILS)
_PARTS: Final = len(NUMBER_HEADS) + len(NUMBER_TAILS)

T = TypeVar("T")
Words = dict[int, tuple[str, str]]
"""Words by token, each with its class and letters."""


@dataclass
class Batch:
    """Rows ready to be written; `asked` are the different questions that the gate must answer for them."""

    first: int
    count: int = 0
    chunks: list[bytes] = field(default_factory=list)
    words: Words = field(default_factory=dict)
    sealed: dict[UUID, SealedField] = field(default_factory=dict)
    asked: set[tuple[bool, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Maker:
    """Makes rows for one directory. `checked`: they have come out of `fields.check` already. Rows without a source get
    `source`."""

    tools: Tools
    directory: UUID
    source: str
    at: datetime
    region: str | None
    checked: bool = False
    _names: dict[str, tuple[Words, tuple[int, ...], list[str]]] = field(default_factory=dict)
    _others: dict[str, Words] = field(default_factory=dict)

    def make(self, given: Sequence[NewContact], *, first: int) -> Batch:
        """The rows of contacts, the first of which is number `first` (from 0) of all. Raises ContactRefused."""
        made = Batch(first=first, count=len(given))
        rows = given if self.checked else self._checked(given, first)
        parts = parts_of_each(self.tools.tokeniser, [[one.value for one in new.numbers] for new in rows])
        ids = _ids(self.at, first, len(rows))
        seal, now = self.tools.sealer.seal, time()
        directory = b"\0\0\0\x10" + self.directory.bytes + b"\0\0\0\x10"
        instant = b"\0\0\0\x08" + micros(self.at)
        for contact, new, cut in zip(ids, rows, parts, strict=True):
            source = new.source or self.source
            sealed = seal(to_bytes(new, source=source), aad=AAD + contact, now=now)
            if sealed.epoch_id not in made.sealed:
                made.sealed[sealed.epoch_id] = sealed
            tokens, addresses = self._tokens(new, source, cut, made.words)
            made.asked.add((new.minor, new.citizenship))
            until = b"\xff\xff\xff\xff" if new.keep_until is None else b"\0\0\0\x08" + micros(new.keep_until)
            made.chunks += (
                b"\0\x09\0\0\0\x10", contact, directory, sealed.data[:16], instant, until,
                b"\0\0\0\x01\x01" if new.minor else b"\0\0\0\x01\x00", len(sealed.data).to_bytes(4, "big"),
                sealed.data, _array(tokens), _array(addresses),
            )  # fmt: skip
        return made

    def _checked(self, given: Sequence[NewContact], first: int) -> list[NewContact]:
        rows = []
        for number, new in enumerate(given, start=first + 1):
            try:
                rows.append(check(new, region=self.region))
            except ContactRefused as error:
                raise ContactRefused(
                    f"row {number}: {error.args[0]}", remedy=error.remedy, field=error.field
                ) from error
        return rows

    def _tokens(self, new: NewContact, source: str, parts: list[int], all_words: Words) -> tuple[list[int], list[int]]:
        """As `Tokeniser.of`: the tokens and addresses of a row. Its words come to `all_words`."""
        token = self.tools.tokeniser
        given, family, company = self._name(new.given), self._name(new.family), self._name(new.company)
        words = given[0] | family[0] | company[0]
        initials = {*given[1], *family[1], *company[1]}
        named = bool(words) and bool(new.given or new.family)
        for text in (new.title, new.department, new.speed_dial, *new.emails, *new.custom.values()):
            if text:
                words |= self._other(text)
        for one in new.addresses:
            for text in (one.street, one.city, one.region, one.postcode, one.country):
                if text:
                    words |= self._other(text)
        if new.notes:
            words |= self._other(new.notes)
        if len(words) > MOST_WORDS:
            words = token.of(new).words
        all_words |= words
        tokens = [*words, *initials, *parts]
        for purpose in new.purposes:
            tokens.append(token.metadata("purpose", purpose))
        if source:
            tokens.append(token.metadata("source", source))
        for receiver in new.shared_with:
            tokens.append(token.metadata("shared", receiver))
        addresses = [token.number(one.value) for one in new.numbers] + [token.email(one) for one in new.emails]
        if named:
            addresses.append(token.same_words([*given[2], *family[2]], company[2]))
        return tokens, addresses

    def _name(self, text: str) -> tuple[Words, tuple[int, ...], list[str]]:
        """The words of a name, the tokens of their first letters, and the words as they stand."""
        known = self._names.get(text)
        if known is None:
            token, words = self.tools.tokeniser, words_of(text)
            known = (
                {token.word("n", word): ("n", word) for word in words},
                tuple({token.word("i", word[0]) for word in words}),
                words,
            )
            _keep(self._names, text, known)
        return known

    def _other(self, text: str) -> Words:
        """The words of a text that is no name."""
        known = self._others.get(text)
        if known is None:
            word_of = self.tools.tokeniser.word
            known = {word_of("w", word): ("w", word) for word in words_of(text)}
            if "@" not in text:
                _keep(self._others, text, known)
        return known


def _keep(held: dict[str, T], text: str, value: T) -> None:
    if len(text) > _LONG_TEXT:
        return
    if len(held) >= _MOST_TEXTS:
        held.clear()
    held[text] = value


def parts_of_each(tokeniser: Tokeniser, numbers: Sequence[Sequence[str]]) -> list[list[int]]:
    """`Tokeniser.parts_of` of each of several lists of numbers."""
    found: list[list[int]] = [[] for _ in numbers]
    owners: list[list[int]] = []
    heads: list[str] = []
    tails: list[str] = []
    for parts, several in zip(found, numbers, strict=True):
        for number in several:
            digits = number.lstrip("+")
            if len(digits) < _LONGEST_HEAD or not digits.isascii():
                parts.extend(tokeniser.parts_of([number]))
                continue
            owners.append(parts)
            heads.append(digits[:_LONGEST_HEAD])
            tails.append(digits[-_LONGEST_TAIL:])
    if not owners:
        return found
    count = len(owners)
    blocks = np.zeros((count, _PARTS, 16), dtype=np.uint8)
    head = np.frombuffer("".join(heads).encode(), dtype=np.uint8).reshape(count, _LONGEST_HEAD)
    tail = np.frombuffer("".join(tails).encode(), dtype=np.uint8).reshape(count, _LONGEST_TAIL)
    for place, cut in enumerate(NUMBER_HEADS):
        blocks[:, place, 0] = ord("h")
        blocks[:, place, 1 : 1 + cut] = head[:, :cut]
    for place, cut in enumerate(NUMBER_TAILS, start=len(NUMBER_HEADS)):
        blocks[:, place, 0] = ord("t")
        blocks[:, place, 1 : 1 + cut] = tail[:, -cut:]
    tokens = np.frombuffer(tokeniser.hashed(blocks.tobytes()), dtype=">i8")[::2].reshape(count, _PARTS).tolist()
    for parts, made in zip(owners, tokens, strict=True):
        parts.extend(made)
    return found


def _ids(at: datetime, first: int, count: int) -> list[bytes]:
    """Ids (UUIDv7) for the rows from number `first` on, in ascending order: 24 bits count, 50 are random (RFC 9562
    section 6.2, method 1). New rows then stand side by side in the indexes."""
    begin = int(at.timestamp() * 1000).to_bytes(6, "big")
    return [
        begin
        + _ID.pack(
            0x7000 | (number >> 12 & 0xFFF),
            0x8000_0000_0000_0000 | (number & 0xFFF) << 50 | random & 0x3_FFFF_FFFF_FFFF,
        )
        for number, (random,) in enumerate(_RANDOM.iter_unpack(urandom(8 * count)), start=first)
    ]


_ID: Final = struct.Struct(">HQ")
_RANDOM: Final = struct.Struct(">Q")


def micros(at: datetime) -> bytes:
    """An instant as PostgreSQL writes it: microseconds since 2000."""
    since = at - _EPOCH
    return struct.pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _array(values: list[int]) -> bytes:
    """A bigint[] as PostgreSQL writes it, after its length."""
    if not values:
        return struct.pack(">iiii", 12, 0, 0, _BIGINT)
    size = len(values)
    flat = [8] * (2 * size)
    flat[1::2] = values
    return _packer(size).pack(20 + 12 * size, 1, 0, _BIGINT, size, 1, *flat)


@cache
def _packer(size: int) -> struct.Struct:
    return struct.Struct(">iiiiii" + "iq" * size)
