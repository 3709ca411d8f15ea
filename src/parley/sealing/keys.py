"""X25519 keys of age: who can be sealed to, and who can open."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from . import bech32
from .errors import KeyFormatError

_RECIPIENT_PREFIX = "age"
_IDENTITY_PREFIX = "age-secret-key-"
_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key to seal to: `text` is "age1...", `public_key` its 32 bytes."""

    text: str
    public_key: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key that opens what was sealed to its `recipient`.

    `secret` is "AGE-SECRET-KEY-1..."; it shows neither in a repr nor in a str.
    """

    secret: str = field(repr=False)
    recipient: str
    private_key: X25519PrivateKey = field(repr=False, compare=False)
    public_key: bytes = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"identity of {self.recipient}"


def generate_identity() -> Identity:
    """A new identity from the operating system's random source."""
    return _identity(X25519PrivateKey.generate())


def identity_from(secret: bytes) -> Identity:
    """The identity of these 32 secret bytes: the same bytes give the same identity. Raises KeyFormatError."""
    if len(secret) != _KEY_LENGTH:
        raise KeyFormatError("a secret key has 32 bytes", remedy="derive 32 bytes")
    return _identity(X25519PrivateKey.from_private_bytes(secret))


def parse_identity(text: str) -> Identity:
    """The identity written as "AGE-SECRET-KEY-1..." (surrounding white space allowed). Raises KeyFormatError."""
    stripped = text.strip()
    prefix, payload = bech32.decode(stripped)
    if prefix != _IDENTITY_PREFIX or not stripped.isupper() or len(payload) != _KEY_LENGTH:
        raise KeyFormatError(
            "this is not an age identity", remedy='an identity begins with "AGE-SECRET-KEY-1"; `age-keygen` makes one'
        )
    return _identity(X25519PrivateKey.from_private_bytes(payload))


@lru_cache(maxsize=4096)  # public keys only: an identity is never kept
def parse_recipient(text: str) -> Recipient:
    """The recipient written as "age1..." (surrounding white space allowed).

    Raises KeyFormatError, also for the few points of small order, to which anybody could open what is sealed.
    """
    stripped = text.strip()
    prefix, payload = bech32.decode(stripped)
    if prefix != _RECIPIENT_PREFIX or not stripped.islower() or len(payload) != _KEY_LENGTH:
        raise KeyFormatError(
            "this is not an age recipient",
            remedy='a recipient begins with "age1"; `age-keygen -y` prints that of a key',
        )
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(payload))
    except ValueError as error:
        raise KeyFormatError("this recipient protects nothing", remedy="make a new key with `age-keygen`") from error
    return Recipient(text=stripped, public_key=payload)


def identities_of(identities: Sequence["str | Identity"]) -> tuple[Identity, ...]:
    """`identities` with every text parsed. Raises KeyFormatError."""
    return tuple(parse_identity(each) if isinstance(each, str) else each for each in identities)


def recipients_of(recipients: Sequence["str | Recipient"]) -> tuple[Recipient, ...]:
    """`recipients` with every text parsed, in order. Raises KeyFormatError, also when there is none."""
    if not recipients:
        raise KeyFormatError("there is nobody to seal to", remedy="give the customer at least one recipient")
    return tuple(parse_recipient(each) if isinstance(each, str) else each for each in recipients)


def _identity(private_key: X25519PrivateKey) -> Identity:
    public_key = private_key.public_key().public_bytes_raw()
    return Identity(
        secret=bech32.encode(_IDENTITY_PREFIX, private_key.private_bytes_raw()).upper(),
        recipient=bech32.encode(_RECIPIENT_PREFIX, public_key),
        private_key=private_key,
        public_key=public_key,
    )
