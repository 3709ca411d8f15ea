"""Blind index: equality search over values that are stored sealed."""

from hashlib import sha256

_VERSION = b"\x01"
_DIGEST_LENGTH = 16
_KEY_LENGTH = 32
_INNER = bytes(one ^ 0x36 for one in range(256))
_OUTER = bytes(one ^ 0x5C for one in range(256))


class BlindIndex:
    """The blind index of one field of one customer, made ready: `of` a value is what `blind_index` gives for it.

    The key and the field are hashed once (HMAC's inner and outer state, RFC 2104 section 4), each value goes on from
    there: an import asks for millions.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes, *, field: str) -> None:
        if len(key) != _KEY_LENGTH:
            raise ValueError("an index key has 32 bytes")
        name = field.encode()
        block = key.ljust(sha256().block_size, b"\0")
        self._inner = sha256(block.translate(_INNER) + len(name).to_bytes(2, "big") + name)
        self._outer = sha256(block.translate(_OUTER))

    def of(self, value: str) -> bytes:
        """The 17 bytes under which a canonical value is found again."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return _VERSION + outer.digest()[:_DIGEST_LENGTH]


def blind_index(key: bytes, *, field: str, value: str) -> bytes:
    """The 17 bytes under which `value` of `field` is found again: a version byte (1), then 16 bytes of HMAC-SHA-256.

    `key` (32 bytes) belongs to one customer and one field; `value` must already be canonical. The same value gives the
    same index, so whoever holds the key can try out all telephone numbers: the key lives outside the database.
    The authenticated text is length of `field` (u16, big-endian) | `field` | `value`, in UTF-8.
    """
    return BlindIndex(key, field=field).of(value)
