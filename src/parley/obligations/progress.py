"""How far long work has come, for pages to show while its transaction is still open.

Written over a connection of its own, outside the work's transaction: what is reported is seen at once, and stays when
the work is killed. It decides nothing: work that is tried again finds out by itself where it stands.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley.obligations.models import ProgressLine
from parley.tenancy import api as tenancy

_STALE = timedelta(minutes=2)
_REPORT = """
INSERT INTO obligations_progressline (key, done, total, unit, began_at, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET done = EXCLUDED.done, total = EXCLUDED.total, unit = EXCLUDED.unit, at = EXCLUDED.at
"""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`done` of `total` (0: not known yet) `unit`s, since `began_at`, last heard of at `at`."""

    done: int
    total: int
    unit: str
    began_at: datetime
    at: datetime

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def per_second(self) -> float:
        """How many units a second, over the whole time."""
        seconds = (self.at - self.began_at).total_seconds()
        return self.done / seconds if seconds > 0 else 0.0

    def stale(self, now: datetime) -> bool:
        """Whether nothing was heard for two minutes: the work waits to be tried again."""
        return now - self.at > _STALE


def report(key: str, *, done: int, total: int, unit: str) -> None:
    """Say how far the work `key` of the customer in scope has come. Call it now and then: each call is a commit."""
    now = datetime.now(UTC)
    with tenancy.connect(tenancy.current(), autocommit=True) as connection:
        connection.execute(_REPORT, [key, done, total, unit, now, now])


def progress(key: str) -> Progress | None:
    """How far the work `key` has come; None when it has not begun, or was forgotten."""
    row = ProgressLine.objects.filter(key=key).first()
    if row is None:
        return None
    return Progress(done=row.done, total=row.total, unit=row.unit, began_at=row.began_at, at=row.at)


def forget_progress(key: str) -> None:
    """The work is over: its page shows the result. In the caller's transaction."""
    ProgressLine.objects.filter(key=key).delete()
