"""Bech32: the published strings of BIP 173, and one spelling for each payload."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.sealing import bech32
from parley.sealing.api import KeyFormatError

PREFIXES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(str.lower)


@given(prefix=PREFIXES, data=st.binary(max_size=80))
def test_decode_inverts_encode_in_both_cases(prefix: str, data: bytes) -> None:
    text = bech32.encode(prefix, data)
    assert bech32.decode(text) == (prefix, data)
    assert bech32.decode(text.upper()) == (prefix, data)


@given(
    data=st.binary(min_size=32, max_size=32),
    place=st.integers(0, 57),
    letter=st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"),
)
def test_one_wrong_letter_is_always_found(data: bytes, place: int, letter: str) -> None:
    text = bech32.encode("age", data)
    position = len("age1") + place
    if text[position] == letter:
        return
    with pytest.raises(KeyFormatError):
        bech32.decode(text[:position] + letter + text[position + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    ],
)
def test_valid_strings_of_bip_173(text: str) -> None:
    prefix, data = bech32.decode(text)
    assert bech32.encode(prefix, data) == text.lower()


@pytest.mark.parametrize(
    "text",
    ["", "1", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8", "10a06t8", "1qzzfhee", "A12uEL5L",
     "\x201nwldj5", "é1qqqqqq"],
)  # fmt: skip
def test_invalid_strings_of_bip_173(text: str) -> None:
    with pytest.raises(KeyFormatError):
        bech32.decode(text)


def test_bits_after_the_last_byte_must_be_zero() -> None:
    values = [ord("x") >> 5, 0, ord("x") & 31, 0, 1]
    remainder = bech32._polymod([*values, 0, 0, 0, 0, 0, 0]) ^ 1
    checksum = [remainder >> 5 * (5 - place) & 31 for place in range(6)]
    text = "x1" + "".join(bech32._ALPHABET[value] for value in [0, 1, *checksum])
    with pytest.raises(KeyFormatError, match="stray bits"):
        bech32.decode(text)
