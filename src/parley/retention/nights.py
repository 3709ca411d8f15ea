"""When the nightly deletion of a customer begins."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

NIGHT: Final = "retention.night"
HOUR: Final = 2
"""When a night begins, on the clocks of the customer's zone."""


def next_night(at: datetime) -> datetime:
    """When the next deletion of the customer in scope begins."""
    local = at.astimezone(ZoneInfo(tenancy.standing().zone))
    begins = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return begins if begins > local else begins + timedelta(days=1)


def expect_night(*, at: datetime) -> None:
    """Open the deadline of the next night, in the caller's transaction; once is enough."""
    due = next_night(at)
    obligations.enqueue(kind=NIGHT, key=f"{NIGHT}:{due:%Y-%m-%d}", due=due, payload={})


def progress_key(night: datetime, store: str, kind: str) -> str:
    """Under what name a night's deletion of a kind tells how far it is."""
    return f"{NIGHT}:{night:%Y-%m-%d}:{store}/{kind}"
