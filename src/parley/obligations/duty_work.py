"""What the worker does about duties: warn before they are due, and at the due date see whether they were met."""

from collections.abc import Mapping

from parley.obligations import duties
from parley.obligations.models import Duty
from parley.obligations.types import Handler, Work


def handlers() -> Mapping[str, Handler]:
    """The kinds of work that belong to duties."""
    return {duties.WARN: _warn, duties.DUE: _due}


def _warn(work: Work) -> None:
    row = _open(work)
    at = max(work.due, work.now)
    # What comes too late to be a warning is left to the due date.
    if row is not None and at < row.due:
        duties.warned(row, at=at)


def _due(work: Work) -> None:
    row = _open(work)
    if row is None:
        return
    at = max(row.due, work.now)
    if row.kind == "duty":
        duties.breach(row, at=at)
    else:
        duties.passed(row, at=at)


def _open(work: Work) -> Duty | None:
    """The duty of this work, locked, if it still waits."""
    return Duty.objects.select_for_update().filter(key=work.payload["key"], state="open").first()
