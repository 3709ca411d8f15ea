"""Keys: age's own spelling only, and no secret in what is printed."""

import pyrage
import pytest

from parley.sealing import bech32
from parley.sealing.api import KeyFormatError, generate_identity, parse_identity, parse_recipient, seal_bytes

# The example key of c2sp.org/age, "The X25519 recipient type".
IDENTITY = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"


def test_the_published_example() -> None:
    identity = parse_identity(f"  {IDENTITY}\n")
    assert (identity.secret, identity.recipient) == (IDENTITY, RECIPIENT)
    assert parse_recipient(RECIPIENT).public_key == identity.public_key
    assert str(parse_recipient(RECIPIENT)) == RECIPIENT


def test_generated_keys_are_those_of_another_implementation() -> None:
    identity = generate_identity()
    assert str(pyrage.x25519.Identity.from_str(identity.secret).to_public()) == identity.recipient
    assert generate_identity() != identity


def test_a_secret_is_never_printed() -> None:
    identity = generate_identity()
    printed = f"{identity} {identity!r} {[identity]}"
    assert identity.secret not in printed
    assert identity.secret[20:30].lower() not in printed.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        RECIPIENT,
        IDENTITY.lower(),
        IDENTITY[:-1],
        IDENTITY[:-1] + "Q",
        bech32.encode("age-secret-key-", bytes(31)).upper(),
    ],
)
def test_what_is_not_an_identity_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError) as caught:
        parse_identity(text)
    assert caught.value.remedy
    assert caught.value.error_id == "sealing.key_format"


@pytest.mark.parametrize(
    "text",
    ["", IDENTITY, RECIPIENT.upper(), RECIPIENT[:-1], RECIPIENT + "q", bech32.encode("age", bytes(33)), "age1pqabc"],
)
def test_what_is_not_a_recipient_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_recipient(text)


@pytest.mark.parametrize("point", [bytes(32), (1).to_bytes(32, "little"), (2**255 - 19).to_bytes(32, "little")])
def test_a_recipient_of_small_order_is_refused(point: bytes) -> None:
    with pytest.raises(KeyFormatError, match="protects nothing"):
        parse_recipient(bech32.encode("age", point))


def test_sealing_to_nobody_is_refused() -> None:
    with pytest.raises(KeyFormatError, match="nobody"):
        seal_bytes(b"x", [])
