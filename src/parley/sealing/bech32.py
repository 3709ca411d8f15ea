"""Bech32 (BIP 173) as age uses it: no limit on length, payload in bytes."""

from collections.abc import Iterable

from .errors import KeyFormatError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6


def encode(prefix: str, data: bytes) -> str:
    """The lower-case Bech32 text of `data` under the human-readable `prefix` (lower case)."""
    values = _regroup(data, width=8, into=5, pad=True)
    checked = _expand(prefix) + values + [0] * _CHECKSUM_LENGTH
    remainder = _polymod(checked) ^ 1
    checksum = [remainder >> 5 * (_CHECKSUM_LENGTH - 1 - place) & 31 for place in range(_CHECKSUM_LENGTH)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in values + checksum)


def decode(text: str) -> tuple[str, bytes]:
    """The prefix (in lower case) and the payload of `text`.

    Raises KeyFormatError for mixed case, foreign letters, a wrong checksum, or padding that is not zero, so that every
    payload has exactly one lower-case spelling.
    """
    if text.lower() != text and text.upper() != text:
        raise KeyFormatError("a key mixes upper and lower case", remedy="copy the key again, unchanged")
    lowered = text.lower()
    prefix, separator, body = lowered.rpartition("1")
    if (
        not separator
        or not prefix
        or len(body) < _CHECKSUM_LENGTH
        or any(not 33 <= ord(letter) < 127 for letter in prefix)
    ):
        raise KeyFormatError("a key is incomplete", remedy="copy the whole key, from its first to its last letter")
    if any(letter not in _VALUES for letter in body):
        raise KeyFormatError("a key has a letter that keys do not use", remedy="copy the key again, unchanged")
    values = [_VALUES[letter] for letter in body]
    if _polymod(_expand(prefix) + values) != 1:
        raise KeyFormatError("a key's checksum is wrong", remedy="a letter was mistyped or lost: copy the key again")
    return prefix, bytes(_regroup(values[:-_CHECKSUM_LENGTH], width=5, into=8, pad=False))


def _expand(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if top >> place & 1:
                checksum ^= generator
    return checksum


def _regroup(values: Iterable[int], *, width: int, into: int, pad: bool) -> list[int]:
    """Bits of `values` (`width` bits each) in groups of `into` bits, most significant first."""
    accumulator = bits = 0
    groups = []
    for value in values:
        accumulator = accumulator << width | value
        bits += width
        while bits >= into:
            bits -= into
            groups.append(accumulator >> bits & (1 << into) - 1)
        accumulator &= (1 << bits) - 1
    if pad and bits:
        groups.append(accumulator << into - bits & (1 << into) - 1)
    elif not pad and (bits >= width or accumulator):
        raise KeyFormatError("a key has stray bits at its end", remedy="copy the key again, unchanged")
    return groups
