"""Blind index: equality search over values that are stored sealed."""

import hmac

_VERSION = b"\x01"
_DIGEST_LENGTH = 16
_KEY_LENGTH = 32


def blind_index(key: bytes, *, field: str, value: str) -> bytes:
    """The 17 bytes under which `value` of `field` is found again: a version byte (1), then 16 bytes of HMAC-SHA-256.

    `key` (32 bytes) belongs to one customer and one field; `value` must already be canonical. The same value gives the
    same index, so whoever holds the key can try out all telephone numbers: the key lives outside the database.
    The authenticated text is length of `field` (u16, big-endian) | `field` | `value`, in UTF-8.
    """
    if len(key) != _KEY_LENGTH:
        raise ValueError("an index key has 32 bytes")
    name = field.encode()
    message = len(name).to_bytes(2, "big") + name + value.encode()
    return _VERSION + hmac.digest(key, message, "sha256")[:_DIGEST_LENGTH]
