"""What signs: derived from the customer's keyring and a random salt, kept nowhere.

Whoever reads the database, or a backup of it, can sign nothing.
"""

import secrets
from datetime import datetime

from parley.tenancy import api as tenancy
from parley.webhooks.models import Endpoint


def fresh_salt() -> bytes:
    """What makes a secret differ from all others."""
    return secrets.token_bytes(16)


def secrets_of(endpoint: Endpoint, *, at: datetime) -> list[bytes]:
    """The secrets that sign at `at`, 32 bytes each: the present one, and while it is rotated the one before."""
    found = [_secret(endpoint, bytes(endpoint.salt))]
    if endpoint.previous_salt is not None and endpoint.previous_until is not None and at < endpoint.previous_until:
        found.append(_secret(endpoint, bytes(endpoint.previous_salt)))
    return found


def _secret(endpoint: Endpoint, salt: bytes) -> bytes:
    return tenancy.keyring().index_key(tenancy.current(), f"webhook {endpoint.id} {salt.hex()}")
