"""The verifier's own Ed25519, for machines with Python alone, says what RFC 8032 and `cryptography` say."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from parley.ledger.verifier import ed25519_holds

ORDER = 2**252 + 27742317777372353535851937790883648493
PUBLISHED = [  # RFC 8032 section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), PUBLISHED)
def test_published_vectors(public: str, message: str, signature: str) -> None:
    key, said, signed = (bytes.fromhex(text) for text in (public, message, signature))
    assert ed25519_holds(key, signed, said)
    assert not ed25519_holds(key, signed, said + b"x")
    # The same point with the order added to the scalar: accepted by careless code, refused by section 5.1.7.
    scalar = int.from_bytes(signed[32:], "little") + ORDER
    assert not ed25519_holds(key, signed[:32] + scalar.to_bytes(32, "little"), said)


@given(message=st.binary(max_size=200), flip=st.integers(0, 96 * 8 - 1))
def test_it_agrees_with_the_library(message: bytes, flip: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    both = bytearray(private.public_key().public_bytes_raw() + private.sign(message))
    assert ed25519_holds(bytes(both[:32]), bytes(both[32:]), message)
    both[flip // 8] ^= 1 << flip % 8
    public, signature = bytes(both[:32]), bytes(both[32:])
    assert ed25519_holds(public, signature, message) == library(public, signature, message)


@pytest.mark.parametrize("size", [0, 31, 63, 65])
def test_other_lengths_are_refused(size: int) -> None:
    assert not ed25519_holds(bytes(32), bytes(size), b"")
    assert not ed25519_holds(bytes(size), bytes(64), b"")


def library(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
