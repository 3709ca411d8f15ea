"""What becomes of a duty, and who may waive it. Pure: the time is an argument."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from parley.obligations.duty_types import Party, State, WaiverRefused

REASON_LONGEST = 4000


def state_at(state: str, *, kind: str, warn_from: datetime | None, due: datetime, at: datetime) -> State:
    """The state that people read: an open duty is "due" from its first warning on, and breached from its due date on,
    also in the seconds before a worker has looked."""
    if state == "open" and kind == "duty" and due <= at:
        return "breached"
    if state == "open":
        return "due" if (warn_from or due) <= at else "open"
    return cast(State, state)


def next_warning(warn_at: Sequence[datetime], *, due: datetime, at: datetime) -> datetime | None:
    """The first warning after `at` and before `due`; those that were missed are not made up for."""
    return min((point for point in warn_at if at < point < due), default=None)


def check_waiver(*, state: str, statutory: bool, protects: str, party: Party, reason: str) -> None:
    """Raises WaiverRefused unless `party` may waive the duty, for `reason`, in its present state."""
    if statutory:
        raise WaiverRefused("a statute requires this: nobody can waive it", remedy="Do it, and mark it as met.")
    if protects != party:
        raise WaiverRefused(
            f"this clause protects the {protects}, not the {party}",
            remedy="Only the party that a clause protects may waive it."
            if protects != "persons"
            else "Nobody can waive what protects persons.",
        )
    if not reason.strip():
        raise WaiverRefused("a waiver is given in writing", remedy="Write down who waives what, and why.")
    if len(reason) > REASON_LONGEST:
        raise WaiverRefused(f"the waiver is longer than {REASON_LONGEST} characters", remedy="Shorten it.")
    if state not in {"open", "breached"}:
        raise WaiverRefused(f"the duty is {state} already", remedy="There is nothing to waive.")
