"""Secrets that the service itself must read: sealed under a key of the customer's keyring, never clear in a row.

They are the service's own (a person's codes, a client secret), not content of the customer: they open also where the
customer holds the keys to its content. Column: nonce 12 | ciphertext and tag of AES-256-GCM; the associated data names
the place.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.people.errors import SecretUnreadable
from parley.tenancy.api import current, keyring

_NONCE: Final = 12


def seal(value: bytes, *, place: str) -> bytes:
    """`value` sealed for `place` ("one-time-codes:<id of the account>"), for the customer in scope."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher().encrypt(nonce, value, place.encode())


def unseal(sealed: bytes | memoryview, *, place: str) -> bytes:
    """The value. Raises SecretUnreadable when it was altered, moved, or belongs to another customer."""
    sealed = bytes(sealed)
    try:
        return _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable("a secret of the service does not open", remedy="Set it up anew.") from error


def _cipher() -> AESGCM:
    return AESGCM(keyring().index_key(current(), "secrets of people"))
