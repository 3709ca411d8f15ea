"""When to try again. Pure."""

from datetime import timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 40
"""About a day and a half of trying."""


def pause_after(attempts: int) -> timedelta | None:
    """How long the next attempt may take before another begins, after `attempts` earlier ones; None: there is none."""
    if attempts >= MAX_ATTEMPTS:
        return None
    doubled: int = 2 ** min(attempts, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
