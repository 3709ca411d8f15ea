"""When signing in is locked. Pure: a state, an event, a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LOCKED_FOR = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(minutes=15)
ACCOUNT_FAILURES = 5
ADDRESS_FAILURES = 20  # an office shares one address: a whole team mistypes more than one person


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """Failures in a row of one account or address. The pause is measured from the last failure."""

    failures: int
    last: datetime
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> timedelta | None:
        """How long it stays locked, or None."""
        if self.locked_until is None or self.locked_until <= now:
            return None
        return self.locked_until - now


def after_failure(before: Attempts | None, *, limit: int, now: datetime) -> Attempts:
    """The state after one more failure: at `limit` in a row it locks, then counting starts again."""
    forgotten = before is None or now - before.last >= FORGOTTEN_AFTER
    failures = 1 if before is None or forgotten else before.failures + 1
    if failures >= limit:
        return Attempts(failures=0, last=now, locked_until=now + LOCKED_FOR)
    return Attempts(failures=failures, last=now)
