"""Rows of contacts by the ten thousand, as the bytes that COPY wants: what `tokens` and `rows` make one by one, with
everything that repeats (names, companies, towns) hashed once and the paths of all numbers in one go. No database.
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
from parley.contacts.tokens import LONGEST_HEAD, LONGEST_TAIL, MOST_WORDS, Tokeniser
from parley.contacts.types import AAD, NewContact
from parley.foundation.words import words_of
from parley.sealing.api import FieldSealer, SealedField

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BIGINT: Final = 20  # its type's number in PostgreSQL
_MOST_TEXTS: Final = 100_000
_LONG_TEXT: Final = 60
"""Longer texts hardly repeat: they are not kept."""
_END: Final = b"\0\0\0"
"""Behind each lexeme: it ends, and has no positions."""

T = TypeVar("T")


@dataclass
class Batch:
    """Rows as COPY wants them; `asked` are the different questions that the gate must answer for them,
    `sealed` one of their fields: all are of one epoch."""

    first: int
    count: int = 0
    copied: bytes = b""
    sealed: SealedField | None = None
    asked: set[tuple[bool, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Name:
    """A name: its words as they stand, and all their lexemes, as they are written."""

    words: tuple[str, ...]
    lexemes: frozenset[bytes]


@dataclass(frozen=True)
class Maker:
    """Makes rows for one directory. `checked`: they have come out of `fields.check` already. Rows without a source get
    `source`."""

    tokeniser: Tokeniser
    sealer: FieldSealer
    directory: UUID
    source: str
    at: datetime
    region: str | None
    checked: bool = False
    _names: dict[str, "_Name"] = field(default_factory=dict)
    _others: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _facts: dict[str, bytes] = field(default_factory=dict)

    def make(self, given: Sequence[NewContact], *, first: int) -> Batch:
        """The rows of contacts, the first of which is number `first` (from 0) of all. Raises ContactRefused."""
        made = Batch(first=first, count=len(given))
        chunks: list[bytes] = []
        rows = given if self.checked else self._checked(given, first)
        parts = parts_of_each(self.tokeniser, [[one.value for one in new.numbers] for new in rows])
        ids = _ids(self.at, first, len(rows))
        epoch = self.sealer.epoch(now=time(), seals=len(rows))
        directory = b"\0\0\0\x10" + self.directory.bytes
        instant = b"\0\0\0\x08" + micros(self.at)
        for contact, new, cut in zip(ids, rows, parts, strict=True):
            source = new.source or self.source
            sealed = epoch.seal(to_bytes(new, source=source), aad=AAD + contact)
            lexemes, addresses = self._tokens(new, source, cut)
            text = b"".join(lexemes)
            made.asked.add((new.minor, new.citizenship))
            until = b"\xff\xff\xff\xff" if new.keep_until is None else b"\0\0\0\x08" + micros(new.keep_until)
            chunks += (
                b"\0\x08\0\0\0\x10", contact, directory, instant, until,
                b"\0\0\0\x01\x01" if new.minor else b"\0\0\0\x01\x00", len(sealed).to_bytes(4, "big"),
                sealed, (len(text) + 4).to_bytes(4, "big"), len(lexemes).to_bytes(4, "big"), text,
                _array(addresses),
            )  # fmt: skip
        if rows:
            made.sealed = SealedField(epoch_id=epoch.id, wrapped=epoch.wrapped, data=sealed)
        made.copied = b"".join(chunks)
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

    def _tokens(self, new: NewContact, source: str, parts: list[bytes]) -> tuple[set[bytes], list[int]]:
        """As `Tokeniser.of`: the lexemes and addresses of a row."""
        token = self.tokeniser
        given, family, company = self._name(new.given), self._name(new.family), self._name(new.company)
        found = {*given.lexemes, *family.lexemes, *company.lexemes, *parts}
        others = self._words(new)
        named = {*given.words, *family.words, *company.words}
        if len(named) + len(others) > MOST_WORDS:
            found |= {one.encode() + _END for one in token.of(new).lexemes}
        else:
            found.update([lexeme for word, lexeme in others.items() if word not in named])
        for purpose in new.purposes:
            found.add(self._metadata("purpose", purpose))
        if source:
            found.add(self._metadata("source", source))
        for receiver in new.shared_with:
            found.add(self._metadata("shared", receiver))
        addresses = [token.number(one.value) for one in new.numbers] + [token.email(one) for one in new.emails]
        if named and (new.given or new.family):
            addresses.append(token.same_words([*given.words, *family.words], company.words))
        return found, addresses

    def _metadata(self, kind: str, value: str) -> bytes:
        named = f"{kind} {value}"
        known = self._facts.get(named)
        if known is None:
            known = self.tokeniser.metadata(kind, value).encode() + _END
            _keep(self._facts, named, known)
        return known

    def _words(self, new: NewContact) -> dict[str, bytes]:
        """The words of a row besides its names, each with its lexeme."""
        found: dict[str, bytes] = {}
        for text in (new.title, new.department, new.speed_dial, *new.emails, *new.custom.values()):
            if text:
                found |= self._other(text)
        for one in new.addresses:
            for text in (one.street, one.city, one.region, one.postcode, one.country):
                if text:
                    found |= self._other(text)
        return found | self._other(new.notes) if new.notes else found

    def _name(self, text: str) -> _Name:
        known = self._names.get(text)
        if known is None:
            name, words = self.tokeniser.name, words_of(text)
            lexemes = frozenset(one.encode() + _END for word in words for one in name(word))
            known = _Name(words=tuple(words), lexemes=lexemes)
            _keep(self._names, text, known)
        return known

    def _other(self, text: str) -> dict[str, bytes]:
        """The words of a text that is no name."""
        known = self._others.get(text)
        if known is None:
            path = self.tokeniser.path
            known = {word: b"w" + path(word).encode() + _END for word in words_of(text)}
            if "@" not in text:
                _keep(self._others, text, known)
        return known


def _keep(held: dict[str, T], text: str, value: T) -> None:
    if len(text) > _LONG_TEXT:
        return
    if len(held) >= _MOST_TEXTS:
        held.clear()
    held[text] = value


def parts_of_each(tokeniser: Tokeniser, numbers: Sequence[Sequence[str]]) -> list[list[bytes]]:
    """`Tokeniser.number_parts` of each of several lists of numbers, as they are written."""
    found: list[list[bytes]] = [[] for _ in numbers]
    owners: list[list[bytes]] = []
    whole: list[str] = []
    for parts, several in zip(found, numbers, strict=True):
        for number in several:
            digits = number.lstrip("+")
            if len(digits) < LONGEST_HEAD or not (digits.isascii() and digits.isdigit()):
                parts.extend([one.encode() + _END for one in tokeniser.number_parts(number)])
                continue
            owners.append(parts)
            whole.append(digits)
    if owners:
        heads = _paths(tokeniser, b"h", [one[:LONGEST_HEAD] for one in whole])
        tails = _paths(tokeniser, b"t", [one[: -LONGEST_TAIL - 1 : -1] for one in whole])
        for parts, head, tail in zip(owners, heads, tails, strict=True):
            parts.extend((head, tail))
    return found


def _paths(tokeniser: Tokeniser, kind: bytes, texts: Sequence[str]) -> list[bytes]:
    """Lexemes as `Tokeniser.digits` makes them, of texts of equally many digits, as they are written."""
    count, size = len(texts), len(texts[0])
    digits = np.frombuffer("".join(texts).encode(), dtype=np.uint8).reshape(count, size) - ord("0")
    blocks = np.zeros((count, size, 16), dtype=np.uint8)
    blocks[:, :, 0] = ord(kind)
    for cut in range(1, size):
        blocks[:, cut, 1 : 1 + cut] = digits[:, :cut] + ord("0")
    hashed = np.frombuffer(tokeniser.hashed(blocks.tobytes()), dtype=np.uint8).reshape(count, size, 16)
    hashed = hashed.astype(np.uint32)
    each = [hashed[:, :, digit] << 12 | hashed[:, :, digit + 6] << 4 | digit for digit in range(10)]
    mine = np.choose(digits, each)
    made = np.zeros((count, 1 + size + len(_END)), dtype=np.uint8)
    made[:, 0] = ord(kind)
    made[:, 1 : 1 + size] = ord("0") + sum((one < mine).astype(np.uint8) for one in each)
    raw, step = made.tobytes(), made.shape[1]
    return [raw[place : place + step] for place in range(0, len(raw), step)]


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
