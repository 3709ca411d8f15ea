"""The link to an export: whoever has it may fetch the package until it expires.

The token is 32 bytes, HMAC-SHA-256 over 32 random bytes under a key of the customer's keyring: the page can show the
link again, and who reads the database alone, or a backup of it, has no link. Stored are the random bytes and the
token's hash.
"""

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Final

from parley.tenancy import api as tenancy

_KEY: Final = "export link"
_TOKEN: Final = 32


@dataclass(frozen=True, slots=True)
class Link:
    """What is stored of a link."""

    salt: bytes
    hash: bytes


def new_link() -> Link:
    """A link that nobody knows yet, for the customer in scope."""
    salt = os.urandom(_TOKEN)
    return Link(salt, hashlib.sha256(_token(salt)).digest())


def token_of(salt: bytes) -> str:
    """The token of a link, as it stands in an address."""
    return base64.urlsafe_b64encode(_token(salt)).decode().rstrip("=")


def hash_of(token: str) -> bytes | None:
    """What a token is looked up by; None when this is no token."""
    try:
        clear = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return hashlib.sha256(clear).digest() if len(clear) == _TOKEN else None


def _token(salt: bytes) -> bytes:
    return hmac.digest(tenancy.keyring().index_key(tenancy.current(), _KEY), bytes(salt), "sha256")
