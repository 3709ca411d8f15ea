"""Identifiers that sort by the time they were made."""

import os
from datetime import datetime
from uuid import UUID


def new_id(*, at: datetime, entropy: bytes | None = None) -> UUID:
    """A UUIDv7 for the instant `at` (RFC 9562 section 5.7): 48 bits of Unix milliseconds, 74 random bits.

    `entropy` (10 bytes) makes the result repeatable in tests. Raises ValueError when `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an identifier needs an instant with a time zone")
    random = entropy if entropy is not None else os.urandom(10)
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
