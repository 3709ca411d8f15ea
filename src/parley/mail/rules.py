"""When to try again, and what may be kept of a server's words. Pure."""

import re
from datetime import timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=20)
LONGEST_PAUSE: Final = timedelta(minutes=15)
GIVEN_UP_AFTER: Final = timedelta(days=7)
"""A mail server may be away this long; RFC 5321 section 4.5.4.1 asks for four to five days at least."""
_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
_ANSWER_AT_MOST: Final = 300


def pause_after(attempts: int) -> timedelta:
    """How long to wait after `attempts` that came to nothing: twice as long each time, at most 15 minutes."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def answer_words(code: int, text: bytes) -> str:
    """A server's answer on one line, without addresses, for they are not needed to prove anything."""
    words = " ".join(text.decode("utf-8", errors="replace").split())
    return f"{code} {_ADDRESS.sub('…', words)}".strip()[:_ANSWER_AT_MOST]
