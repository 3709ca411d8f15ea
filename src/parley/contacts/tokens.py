"""What search finds a contact by: keyed hashes of words, of parts of numbers, of whole addresses. Pure.

A contact's row names its words by a keyed hash of 8 bytes; a dictionary, one row for each different word of a
customer, says by which beginnings, sounds and key-pad digits the word is found. Words of names have a class of their
own ("n"), so that they are found first. Numbers are cut at a few lengths; a longer question is checked against what
was opened.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import jellyfish
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from parley.contacts.types import EMAIL_INDEX, NUMBER_INDEX, NewContact
from parley.sealing.api import blind_index

LONGEST_PREFIX: Final = 8
"""Characters of a word's beginning that the dictionary knows; more are checked against the whole word."""
MOST_WORDS: Final = 300
"""Different words of one contact that are found; notes can be long."""
NUMBER_HEADS: Final = (4, 5, 6, 7, 9)
NUMBER_TAILS: Final = (3, 4, 6)
_BLOCK: Final = struct.Struct(">q8x")
_MOST_KNOWN: Final = 300_000
_COMMON: Final = 4
"""Beginnings as short as this are those of many words."""
_WORD: Final = re.compile(r"[^\W_]+")
_KEYS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def fold(text: str) -> str:
    """Letters as people type them: no case, no accents ("Müller" is "muller", "Weiß" is "weiss")."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return _WORD.findall(fold(text))


def key_pad(word: str) -> str:
    """The digits that a telephone's keys give for a word, "" when a letter has no key ("Giovanni" is "44682664")."""
    digits = word.translate(_KEYS)
    return digits if digits.isascii() and digits.isdigit() else ""


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """What a word sounds like; words that sound alike give the same, "" when it has no letters to hear."""
    return jellyfish.metaphone(word) if word.isascii() and word.isalpha() else ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a row and the dictionary hold for one contact: `tokens` of the row, `addresses` of the row, and the
    dictionary's words by token, each with its class and letters."""

    tokens: list[int]
    addresses: list[int]
    words: dict[int, tuple[str, str]]


@dataclass(frozen=True)
class Tokeniser:
    """Makes the tokens of one customer. `number_key` and `email_key` are those of the blind indexes that every store of
    the customer shares; `key` is that of search alone."""

    key: bytes = field(repr=False)
    number_key: bytes = field(repr=False)
    email_key: bytes = field(repr=False)
    _known: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def token(self, text: str) -> int:
        """The keyed hash of a marked text, as PostgreSQL's bigint."""
        return int.from_bytes(blake2b(text.encode(), digest_size=8, key=self.key).digest(), "big", signed=True)

    def often(self, text: str) -> int:
        """`token` of what occurs in many contacts: kept for the next one."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            known = self._known[text] = self.token(text)
        return known

    def word(self, kind: str, word: str) -> int:
        """The token of a word of a class: "n" for names, "w" for all others."""
        return self.often(kind + word)

    def number(self, canonical: str) -> int:
        """The token of a whole number."""
        return _short(blind_index(self.number_key, field=NUMBER_INDEX, value=canonical))

    def email(self, address: str) -> int:
        """The token of a whole e-mail address."""
        return _short(blind_index(self.email_key, field=EMAIL_INDEX, value=address.lower()))

    def metadata(self, kind: str, value: str) -> int:
        """The token of a purpose ("purpose"), source ("source") or receiver ("shared"): found as a whole alone."""
        return self.often(f"m{kind}\x00{value}")

    def of(self, new: NewContact) -> Tokens:
        """All tokens of a checked contact."""
        words: dict[int, tuple[str, str]] = {}
        names = words_of(f"{new.given} {new.family} {new.company}")
        for word in names:
            words[self.word("n", word)] = ("n", word)
        for word in words_of(_other_text(new)):
            if len(words) >= MOST_WORDS:
                break
            words[self.word("w", word)] = ("w", word)
        tokens = list(words)
        for initial in {word[0] for word in names}:
            tokens.append(self.word("i", initial))
        tokens += self.parts_of([one.value for one in new.numbers])
        for purpose in new.purposes:
            tokens.append(self.metadata("purpose", purpose))
        if new.source:
            tokens.append(self.metadata("source", new.source))
        for receiver in new.shared_with:
            tokens.append(self.metadata("shared", receiver))
        addresses = [self.number(one.value) for one in new.numbers] + [self.email(one) for one in new.emails]
        if names and (new.given or new.family):
            addresses.append(self.same_name(new))
        return Tokens(tokens=tokens, addresses=addresses, words=words)

    def same_name(self, new: NewContact) -> int:
        """The token that contacts of one name at one company share."""
        return self.same_words(words_of(f"{new.given} {new.family}"), words_of(new.company))

    def same_words(self, name: Iterable[str], company: Iterable[str]) -> int:
        """`same_name` of words."""
        return self.token(f"d{' '.join(sorted(name))}\x00{' '.join(company)}")

    def head(self, digits: str) -> int:
        """The token of a number's beginning."""
        return _unpacked(self._blocks([f"h{digits}"]))[0]

    def tail(self, digits: str) -> int:
        """The token of a number's end."""
        return _unpacked(self._blocks([f"t{digits}"]))[0]

    def parts_of(self, numbers: Iterable[str]) -> list[int]:
        """`number_parts` of several numbers, in one go: a million contacts have ten million of them."""
        texts: list[str] = []
        for number in numbers:
            digits = number.lstrip("+")
            if not digits.isascii():  # no question is: see `search.number_digits`
                continue
            size = len(digits)
            texts += [f"h{digits[:cut]}" for cut in NUMBER_HEADS if cut <= size]
            texts += [f"t{digits[-cut:]}" for cut in NUMBER_TAILS if cut <= size]
        return _unpacked(self._blocks(texts)) if texts else []

    def _blocks(self, texts: list[str]) -> bytes:
        """Each text of at most 16 ASCII letters as one block of AES: a keyed permutation, so a keyed hash of it."""
        return self.hashed("".join([text.ljust(16, "\0") for text in texts]).encode())

    def hashed(self, blocks: bytes) -> bytes:
        """Blocks of 16 bytes, each permuted by itself."""
        cipher = Cipher(AES(self.key), ECB()).encryptor()  # noqa: S305  (one block per text, not a mode for messages)
        return cipher.update(blocks)

    def dictionary(self, kind: str, word: str) -> list[int]:
        """What the dictionary finds a word by: its beginnings; a name also by sound and key pad."""
        size = min(len(word), LONGEST_PREFIX)
        beginnings = [self.often(f"p{kind}{word[:cut]}") for cut in range(1, min(size, _COMMON) + 1)]
        beginnings += [self.token(f"p{kind}{word[:cut]}") for cut in range(_COMMON + 1, size + 1)]
        if kind != "n":
            return beginnings
        if heard := sound(word):
            beginnings.append(self.token("s" + heard))
        if len(digits := key_pad(word)) > 1:
            beginnings += [self.token("k" + digits[:cut]) for cut in range(2, min(len(digits), LONGEST_PREFIX) + 1)]
        return beginnings


def _other_text(new: NewContact) -> str:
    parts: Iterable[str] = (
        new.title, new.department, new.speed_dial, *new.emails, *new.custom.values(),
        *(f"{a.street} {a.city} {a.region} {a.postcode} {a.country}" for a in new.addresses), new.notes,
    )  # fmt: skip
    return " ".join(part for part in parts if part)


def _short(index: bytes) -> int:
    """The first 8 bytes of a blind index, behind its version: two of a million differ but for one in 10^7 customers."""
    return int.from_bytes(index[1:9], "big", signed=True)


def _unpacked(blocks: bytes) -> list[int]:
    """The first 8 bytes of each block, as PostgreSQL's bigint."""
    return [one[0] for one in _BLOCK.iter_unpack(blocks)]
