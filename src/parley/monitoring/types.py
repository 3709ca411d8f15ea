"""What is watched, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

JobState = Literal["waiting", "late", "failed"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: what was found, and what to do where it is not good."""

    what: str
    good: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What waits: how many, and for how many seconds the oldest has (0.0: nothing waits)."""

    waiting: int = 0
    oldest: float = 0.0

    def __add__(self, other: "Queue") -> "Queue":
        return Queue(waiting=self.waiting + other.waiting, oldest=max(self.oldest, other.oldest))


@dataclass(frozen=True, kw_only=True)
class Room:
    """A disk: bytes in all and free."""

    size: int
    free: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is stored and waits, over all customers together.

    `unread` customers could not be asked. `jobs` are counted by kind and state: late ones are waiting ones that should
    have begun a minute ago. `spooled` recordings are closed and not yet filed; `seconds` is how long counting took.
    """

    customers: int
    unread: int = 0
    jobs: Mapping[tuple[str, JobState], int] = field(default_factory=dict)
    renditions: Mapping[str, int] = field(default_factory=dict)
    spooled: int = 0
    webhooks: Queue = field(default_factory=Queue)
    mail: Queue = field(default_factory=Queue)
    ledger: Queue = field(default_factory=Queue)
    rooms: Mapping[str, Room] = field(default_factory=dict)
    connections: int = 0
    connections_allowed: int = 0
    seconds: float = 0.0
