"""What people must look at: work that waits too long, or will not be tried again by itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, Count, Q, Value, When

from parley.monitoring.api import JobState
from parley.obligations.models import Deadline

LATE: Final = timedelta(minutes=1)
"""Work that should have begun so long ago finds no worker, or one that cannot keep up."""


def failed() -> int:
    """How many deadlines of the customer in scope failed for good."""
    return Deadline.objects.filter(failed_at__isnull=False).count()


def backlog(*, now: datetime) -> Mapping[tuple[str, JobState], int]:
    """How much work of the customer in scope is due and not done, by kind and state. Late work is not counted as
    waiting too; what is being done for the first time is not late, however long it takes. Reads indexes of what is
    left, not what was ever done."""
    untouched = Q(attempts=0) | ~Q(last_error="")
    late = Case(When(untouched, due__lt=now - LATE, then=Value("late")), default=Value("waiting"))
    left = Deadline.objects.filter(done_at__isnull=True, failed_at__isnull=True, due__lte=now).annotate(state=late)
    counted = left.values_list("kind", "state").annotate(number=Count("id")).order_by("kind", "state")
    gone = Deadline.objects.filter(failed_at__isnull=False).values_list("kind").annotate(number=Count("id"))
    return {
        **{(kind, state): number for kind, state, number in counted},
        **{(kind, "failed"): number for kind, number in gone.order_by("kind")},
    }
