"""The token by which a person follows its request: derived, so that letters can name it again and no row holds it."""

import base64
import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

from django.conf import settings

from parley.tenancy import api as tenancy

FOLLOW: Final = "/rights/{handle}/follow/{token}/"
"""Where the person's page is."""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def follow_token(request_id: UUID) -> str:
    """192 bits that only this installation can derive, for the request of whoever is in scope."""
    key = tenancy.keyring().index_key(tenancy.current(), "rights follow")
    return base64.urlsafe_b64encode(hmac.digest(key, request_id.bytes, "sha256")[:24]).decode("ascii")


def digest(token: str) -> bytes:
    """What the row holds of a token."""
    return hashlib.sha256(token.encode()).digest()


def follow_url(request_id: UUID) -> str:
    """The address of the person's page."""
    path = FOLLOW.format(handle=tenancy.current().handle, token=follow_token(request_id))
    return f"{settings.PARLEY_PUBLIC_URL}{path}"


def new_tag() -> str:
    """A reference to quote, "R-7QHX-2M4K": random, so that nobody counts requests; 39 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"R-{letters[:4]}-{letters[4:]}"


def code_digest(code_id: UUID, code: str) -> bytes:
    """What the row holds of a code: keyed, for six digits are soon tried out."""
    key = tenancy.keyring().index_key(tenancy.current(), "rights code")
    return hmac.digest(key, code_id.bytes + code.encode(), "sha256")


def new_code() -> str:
    """Six digits from the system's randomness."""
    return f"{secrets.randbelow(1_000_000):06d}"
