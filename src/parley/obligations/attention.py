"""What people must look at: work that will not be tried again by itself."""

from parley.obligations.models import Deadline


def failed() -> int:
    """How many deadlines of the customer in scope failed for good."""
    return Deadline.objects.filter(failed_at__isnull=False).count()
