"""What other packages may use of the scrub, for the customer in scope.

`begin` once when a worker starts: every night each customer's objects are read again. `ask` has it done now, `advance`
does a slice in the caller's transaction (a command). `findings` are what differed from the ledger: `ask_repair` has
one put back from the backups, `accept` leaves it. The same nights move what is large of older recordings to the cold
store, where the installation has one: `moving`; `moves` are the passes that did.
"""

from collections.abc import Mapping

from parley.obligations.api import Handler
from parley.recordings.scrubbing import moving, resolving, running
from parley.recordings.scrubbing.errors import NoSuchFinding
from parley.recordings.scrubbing.reading import findings, finished, moves, open_findings, view
from parley.recordings.scrubbing.reading import running as running_now
from parley.recordings.scrubbing.resolving import STILL_DAMAGED, accept, ask_repair, repair
from parley.recordings.scrubbing.rules import by_tier
from parley.recordings.scrubbing.running import advance, ask, begin, handlers, started
from parley.recordings.scrubbing.types import AGES, KINDS, TIERS, FindingView, Line, MoveView, ScrubView


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {**running.long_handlers(), **moving.long_handlers(), **resolving.long_handlers()}


__all__ = [
    "AGES",
    "KINDS",
    "STILL_DAMAGED",
    "TIERS",
    "FindingView",
    "Line",
    "MoveView",
    "NoSuchFinding",
    "ScrubView",
    "accept",
    "advance",
    "ask",
    "ask_repair",
    "begin",
    "by_tier",
    "findings",
    "finished",
    "handlers",
    "long_handlers",
    "moves",
    "moving",
    "open_findings",
    "repair",
    "running_now",
    "started",
    "view",
]
