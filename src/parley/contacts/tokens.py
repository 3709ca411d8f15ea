"""What search finds a contact by: lexemes of its words and numbers, keyed hashes of whole addresses. Pure.

A lexeme is a class and a path. Each character of a path is that of one letter, under a permutation that a key and all
letters before it choose: texts that begin alike have paths that begin alike as far, so one range of the index finds a
beginning, and nothing else is told: no letter, no order (prefix-preserving encryption, Xu et al., ICNP 2002).

Classes: "n" words of names, "w" other words, "k" a name as digits on a key pad, "s" what a name sounds like, "h" a
number from its beginning, "t" from its end, "m" metadata. Classes "s" and "m" are hashes: they are found as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Final, TypeVar

import jellyfish
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from parley.contacts.types import EMAIL_INDEX, NUMBER_INDEX, NewContact
from parley.foundation.words import words_of
from parley.sealing.api import BlindIndex

LONGEST_PATH: Final = 10
"""Letters of a word that its path tells; a longer word ends in a hash of the whole."""
LONGEST_HEAD: Final = 9
"""Digits of a number's beginning that its path tells."""
LONGEST_TAIL: Final = 6
MOST_WORDS: Final = 300
"""Different words of one contact that are found; notes can be long."""
_MOST_KNOWN: Final = 300_000
_LETTERS: Final = {letter: place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
_OTHER: Final = len(_LETTERS)
"""The place of every other letter; four digits of a hash follow it in the path."""
_CHARACTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyzA"
_PAD: Final = "\0"
_KEYS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")

T = TypeVar("T")


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
    """What a row holds for one contact: its lexemes, and the hashes of its whole addresses."""

    lexemes: frozenset[str]
    addresses: list[int]

    @property
    def text(self) -> str:
        """The lexemes as PostgreSQL reads a tsvector: letters and digits alone, so nothing is quoted."""
        return " ".join(self.lexemes)


@dataclass(frozen=True)
class Tokeniser:
    """Makes the tokens of one customer. `number_key` and `email_key` are those of the blind indexes that every store of
    the customer shares; `key` is that of search alone."""

    key: bytes = field(repr=False)
    number_key: bytes = field(repr=False)
    email_key: bytes = field(repr=False)
    _paths: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _nodes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _tags: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _numbers(self) -> BlindIndex:
        return BlindIndex(self.number_key, field=NUMBER_INDEX)

    @cached_property
    def _emails(self) -> BlindIndex:
        return BlindIndex(self.email_key, field=EMAIL_INDEX)

    def of(self, new: NewContact) -> Tokens:
        """All tokens of a checked contact."""
        names = list(dict.fromkeys(words_of(f"{new.given} {new.family} {new.company}")))
        named, lexemes = set(names), set[str]()
        for word in names:
            lexemes.update(self.name(word))
        others = (word for word in dict.fromkeys(words_of(other_text(new))) if word not in named)
        for word, _ in zip(others, range(MOST_WORDS - len(names)), strict=False):
            lexemes.add("w" + self.path(word))
        for one in new.numbers:
            lexemes.update(self.number_parts(one.value))
        lexemes |= self.all_metadata(new)
        addresses = [self.number(one.value) for one in new.numbers] + [self.email(one) for one in new.emails]
        if names and (new.given or new.family):
            addresses.append(self.same_name(new))
        return Tokens(lexemes=frozenset(lexemes), addresses=addresses)

    def name(self, word: str) -> list[str]:
        """The lexemes of a word of a name: as it is, as it sounds, as it is typed on a key pad."""
        found = ["n" + self.path(word)]
        if heard := sound(word):
            found.append(self.heard(heard))
        if len(digits := key_pad(word)) > 1:
            found.append(self.typed(digits))
        return found

    def typed(self, digits: str) -> str:
        """The lexeme of all names that a key pad gives these first digits for."""
        return "k" + self.beginning(digits, pad=_PAD)

    def path(self, word: str) -> str:
        """The path of a word, whole: no other word has it."""
        known = self._paths.get(word)
        if known is None:
            known = self.beginning(word)
            if len(word) > LONGEST_PATH:
                known += self._tag(f"x{word}", 3)
            _keep(self._paths, word, known)
        return known

    def beginning(self, word: str, *, pad: str = "") -> str:
        """The path of all words that begin so, as far as paths tell; `pad` keeps paths of another kind apart."""
        made = []
        for place, letter in enumerate(word[:LONGEST_PATH]):
            before = pad + word[:place]
            node = self._nodes.get(before) or self._node(before)
            known = _LETTERS.get(letter)
            made.append(node[known] if known is not None else node[_OTHER] + self._tag(f"l{before}{letter}", 2))
        return "".join(made)

    def heard(self, sounds: str) -> str:
        """The lexeme of what a name sounds like."""
        return "s" + self._tag(f"s{sounds}", 3)

    def metadata(self, kind: str, value: str) -> str:
        """The lexeme of a purpose ("purpose"), source ("source") or receiver ("shared"): found as a whole alone."""
        return "m" + self._tag(f"m{kind}\x00{value}", 5)

    def all_metadata(self, new: NewContact) -> set[str]:
        """The lexemes of all metadata of a contact, which are of their own class."""
        found = {self.metadata("purpose", one) for one in new.purposes}
        found.update([self.metadata("shared", one) for one in new.shared_with])
        if new.source:
            found.add(self.metadata("source", new.source))
        return found

    def number_parts(self, number: str) -> list[str]:
        """The lexemes of a number from its beginning and from its end; none of what has no digits to type."""
        digits = number.lstrip("+")
        if not (digits.isascii() and digits.isdigit()):  # no question is: see `search.number_digits`
            return []
        return [self.head(digits), self.tail(digits)]

    def head(self, digits: str) -> str:
        """The lexeme of a number's beginning, as far as paths tell."""
        return "h" + self.digits("h", digits[:LONGEST_HEAD])

    def tail(self, digits: str) -> str:
        """The lexeme of a number's end, last digit first."""
        return "t" + self.digits("t", digits[: -LONGEST_TAIL - 1 : -1])

    def digits(self, kind: str, digits: str) -> str:
        """The path of digits: each as its rank among ten, by two bytes of a block that all digits before it make."""
        blocks = self.hashed("".join([(kind + digits[:cut]).ljust(16, "\0") for cut in range(len(digits))]).encode())
        made = ""
        for place, digit in enumerate(digits):
            block = blocks[16 * place : 16 * place + 16]
            ten = [(block[one], block[one + 6], one) for one in range(10)]
            made += str(sum(one < ten[int(digit)] for one in ten))
        return made

    def hashed(self, blocks: bytes) -> bytes:
        """Blocks of 16 bytes, each permuted by itself under the key: a keyed hash of what stands in it."""
        cipher = Cipher(AES(self.key), ECB()).encryptor()  # noqa: S305  (one block per text, not a mode for messages)
        return cipher.update(blocks)

    def number(self, canonical: str) -> int:
        """The token of a whole number."""
        return _short(self._numbers.of(canonical))

    def email(self, address: str) -> int:
        """The token of a whole e-mail address."""
        return _short(self._emails.of(address.lower()))

    def same_name(self, new: NewContact) -> int:
        """The token that contacts of one name at one company share."""
        return self.same_words(words_of(f"{new.given} {new.family}"), words_of(new.company))

    def same_words(self, name: Iterable[str], company: Iterable[str]) -> int:
        """`same_name` of words."""
        text = f"d{' '.join(sorted(name))}\x00{' '.join(company)}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8, key=self.key).digest(), "big", signed=True)

    def _tag(self, text: str, size: int) -> str:
        """The keyed hash of a marked text, `size` bytes as hexadecimal digits."""
        known = self._tags.get(text)
        if known is None:
            known = blake2b(text.encode(), digest_size=size, key=self.key).hexdigest()
            _keep(self._tags, text, known)
        return known

    def _node(self, before: str) -> str:
        """The characters that stand for `_LETTERS` behind these letters, and at last the one for any other letter."""
        digest = blake2b(f"p{before}".encode(), digest_size=64, key=self.key).digest()
        # Two bytes each: equal ones would show an order.
        ranks = sorted(zip(digest, digest[-len(_CHARACTERS) :], range(len(_CHARACTERS)), strict=False))
        made = "".join([_CHARACTERS[place] for _, _, place in ranks])
        _keep(self._nodes, before, made)
        return made


def other_text(new: NewContact) -> str:
    """What is searched besides names and numbers."""
    parts: Iterable[str] = (
        new.title, new.department, new.speed_dial, *new.emails, *new.custom.values(),
        *(f"{a.street} {a.city} {a.region} {a.postcode} {a.country}" for a in new.addresses), new.notes,
    )  # fmt: skip
    return " ".join(part for part in parts if part)


def _keep(held: dict[str, T], text: str, value: T) -> None:
    if len(held) >= _MOST_KNOWN:
        held.clear()
    held[text] = value


def _short(index: bytes) -> int:
    """The first 8 bytes of a blind index, behind its version: two of a million differ but for one in 10^7 customers."""
    return int.from_bytes(index[1:9], "big", signed=True)
