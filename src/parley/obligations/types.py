"""What the engine hands to whoever does the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from parley.foundation.errors import ParleyError


@dataclass(frozen=True, kw_only=True)
class Work:
    """One deadline that fell due; `attempt` counts from 1, `now` is the instant that `run_due` was given."""

    id: UUID
    kind: str
    key: str
    due: datetime
    payload: Mapping[str, Any]
    attempt: int
    now: datetime


Handler = Callable[[Work], None]
"""Does the work inside the engine's transaction, in the customer's scope: what it writes is kept if and only if the
deadline is marked done. Raise anything to have it tried again, GiveUp to have it never tried again."""


class GiveUp(ParleyError):
    """The work can never succeed: it is marked failed at once, and people have to look."""

    error_id: ClassVar[str] = "obligations.give-up"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one look at a customer did; `next_due` is when to look again, None when nothing is open."""

    done: int
    failed: int
    next_due: datetime | None
