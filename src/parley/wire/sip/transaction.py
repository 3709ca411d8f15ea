"""Transactions as state tables (RFC 3261 section 17, RFC 6026): what to do at each event, and which timers run.

A machine knows no bytes and no socket. `handle` returns the actions of the table row; an event that the state does
not list leaves everything as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

T1 = 0.5
"""Seconds: the round-trip estimate (RFC 3261 section 17.1.1.1)."""
T2 = 4.0
T4 = 5.0


class State(StrEnum):
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Act(StrEnum):
    """What the holder of a machine does: send the message at hand, repeat the last one, or tell the user of the
    transaction.
    """

    SEND = "send"
    REPEAT = "repeat"
    TELL = "tell"
    TELL_TIMEOUT = "tell timeout"


@dataclass(frozen=True, slots=True)
class Move:
    """One row: the next state, the actions, the timers that start; `keep` leaves running timers alone."""

    to: State
    do: tuple[Act, ...] = ()
    start: tuple[str, ...] = ()
    keep: bool = False


Table = Mapping[tuple[State, str], Move]

INVITE_SERVER: Table = {
    (State.PROCEEDING, "request"): Move(State.PROCEEDING, (Act.REPEAT,), keep=True),
    (State.PROCEEDING, "1xx"): Move(State.PROCEEDING, (Act.SEND,), keep=True),
    (State.PROCEEDING, "2xx"): Move(State.ACCEPTED, (Act.SEND,), ("L",)),
    (State.PROCEEDING, "refusal"): Move(State.COMPLETED, (Act.SEND,), ("G", "H")),
    (State.COMPLETED, "request"): Move(State.COMPLETED, (Act.REPEAT,), keep=True),
    (State.COMPLETED, "G"): Move(State.COMPLETED, (Act.REPEAT,), ("G",), keep=True),
    (State.COMPLETED, "ack"): Move(State.CONFIRMED, (), ("I",)),
    (State.COMPLETED, "H"): Move(State.TERMINATED),
    (State.CONFIRMED, "I"): Move(State.TERMINATED),
    (State.ACCEPTED, "2xx"): Move(State.ACCEPTED, (Act.SEND,), keep=True),
    (State.ACCEPTED, "L"): Move(State.TERMINATED),
}
"""RFC 3261 figure 7 as changed by RFC 6026 section 7.1: a repeated INVITE after a 2xx is absorbed, the core repeats
the 2xx.
"""

NON_INVITE_SERVER: Table = {
    (State.TRYING, "1xx"): Move(State.PROCEEDING, (Act.SEND,), keep=True),
    (State.TRYING, "2xx"): Move(State.COMPLETED, (Act.SEND,), ("J",)),
    (State.TRYING, "refusal"): Move(State.COMPLETED, (Act.SEND,), ("J",)),
    (State.PROCEEDING, "request"): Move(State.PROCEEDING, (Act.REPEAT,), keep=True),
    (State.PROCEEDING, "1xx"): Move(State.PROCEEDING, (Act.SEND,), keep=True),
    (State.PROCEEDING, "2xx"): Move(State.COMPLETED, (Act.SEND,), ("J",)),
    (State.PROCEEDING, "refusal"): Move(State.COMPLETED, (Act.SEND,), ("J",)),
    (State.COMPLETED, "request"): Move(State.COMPLETED, (Act.REPEAT,), keep=True),
    (State.COMPLETED, "J"): Move(State.TERMINATED),
}
"""RFC 3261 figure 8."""

NON_INVITE_CLIENT: Table = {
    (State.TRYING, "E"): Move(State.TRYING, (Act.REPEAT,), ("E",), keep=True),
    (State.TRYING, "F"): Move(State.TERMINATED, (Act.TELL_TIMEOUT,)),
    (State.TRYING, "1xx"): Move(State.PROCEEDING, (), ("E",), keep=True),
    (State.TRYING, "final"): Move(State.COMPLETED, (Act.TELL,), ("K",)),
    (State.PROCEEDING, "E"): Move(State.PROCEEDING, (Act.REPEAT,), ("E",), keep=True),
    (State.PROCEEDING, "F"): Move(State.TERMINATED, (Act.TELL_TIMEOUT,)),
    (State.PROCEEDING, "final"): Move(State.COMPLETED, (Act.TELL,), ("K",)),
    (State.COMPLETED, "K"): Move(State.TERMINATED),
}
"""RFC 3261 figure 6; entered in TRYING with E and F running."""


def duration(timer: str, *, reliable: bool, round_number: int) -> float | None:
    """Seconds until `timer` fires, None when it does not run on a reliable transport (RFC 3261 table 4)."""
    if timer in {"E", "G"}:
        return None if reliable else min(T1 * 2**round_number, T2)
    if timer in {"I", "K"}:
        return 0.0 if reliable else T4
    if timer == "J":
        return 0.0 if reliable else 64 * T1
    return 64 * T1


@dataclass(slots=True)
class Machine:
    """One transaction: a state, its table, its running timers (name to deadline)."""

    table: Table
    state: State
    reliable: bool
    timers: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)

    def start(self, *timers: str, now: float) -> None:
        for timer in timers:
            seconds = duration(timer, reliable=self.reliable, round_number=self.rounds.get(timer, 0))
            if seconds is not None:
                self.timers[timer] = now + seconds
                self.rounds[timer] = self.rounds.get(timer, 0) + 1

    def handle(self, event: str, *, now: float) -> tuple[Act, ...]:
        """Moves by the table; an event that is not in it changes nothing."""
        move = self.table.get((self.state, event))
        if move is None:
            return ()
        self.state = move.to
        if not move.keep:
            self.timers.clear()
        self.start(*move.start, now=now)
        return move.do

    def due(self, now: float) -> tuple[str, ...]:
        """Timers whose time has come, taken off the list, in order."""
        fired = sorted((at, name) for name, at in self.timers.items() if at <= now)
        for _, name in fired:
            del self.timers[name]
        return tuple(name for _, name in fired)

    @property
    def next_timer(self) -> float | None:
        return min(self.timers.values(), default=None)
