"""Which keys are safe in every kind of store."""

import re

from .errors import KeyRefusedError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_MAXIMUM_KEY = 512


def check_key(key: str) -> str:
    """`key` itself, when it is segments of letters, digits, ".", "_", "-" divided by "/". Raises KeyRefusedError.

    No segment begins with a dot, so that no key climbs out of a directory or hides in it.
    """
    if len(key) > _MAXIMUM_KEY or _KEY.fullmatch(key) is None:
        raise KeyRefusedError("an object key is not allowed", remedy="use letters, digits, '.', '_', '-' and '/'")
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` without a trailing "/"; empty means everything. Raises KeyRefusedError."""
    trimmed = prefix.removesuffix("/")
    return check_key(trimmed) if trimmed else ""
