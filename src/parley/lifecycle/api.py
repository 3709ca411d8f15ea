"""What other packages may use of lifecycle: the timeline of a contract's end, and what is done along it.

`follow` keeps a departure in step with the contract of the customer in scope; everything after that happens by
deadlines in the provider's scope. Functions that take a `departure` id may be called in any scope, or in none, outside
a transaction.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from parley.lifecycle import certifying, closing, destroying, following, isolating, returning
from parley.lifecycle.closing import destroy_live, destroy_objects
from parley.lifecycle.confirming import confirm_by_code, confirm_end, send_code
from parley.lifecycle.errors import CodeRefused, DepartureRefused, LifecycleError, StillThere, UnknownDeparture
from parley.lifecycle.following import end, follow, new_link, renew, supposed, timeline_now
from parley.lifecycle.isolating import release_now as release_isolated
from parley.lifecycle.letters import PHASES
from parley.lifecycle.reading import (
    by_token,
    certificate,
    departure,
    departure_of,
    departures,
    open_return,
    progress,
    statements,
)
from parley.lifecycle.returning import ask_export
from parley.lifecycle.types import (
    STATES,
    STEPS,
    CertificateView,
    DepartureView,
    IsolatedView,
    Phase,
    ReturnView,
    StatementView,
    StepView,
    Timeline,
)
from parley.obligations.api import Handler, Work


def handlers(*, fonts: Path) -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline; `fonts` is where the letters lie."""
    return {
        "lifecycle.notice": following.notice,
        "lifecycle.close": closing.close,
        "lifecycle.keys": destroying.keys,
        "lifecycle.leftovers": destroying.leftovers,
        "lifecycle.verify": destroying.verify,
        "lifecycle.certificate": partial(certifying.certify, fonts=fonts),
        "lifecycle.hand-over": certifying.hand_over,
        "lifecycle.support": destroying.support,
        "lifecycle.forget": destroying.forget,
        returning.EXPIRE: returning.expire,
        isolating.RELEASE: isolating.release,
    }


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {
        "lifecycle.isolate": closing.isolate,
        "lifecycle.backup": closing.backup,
        "lifecycle.live": closing.live,
        "lifecycle.copies": destroying.copies,
        returning.RETURN: returning.make,
    }


def settled(work: Work) -> None:
    """After each settling of a contract (see project.wiring): departures follow."""
    follow(at=work.now)


__all__ = [
    "PHASES",
    "STATES",
    "STEPS",
    "CertificateView",
    "CodeRefused",
    "DepartureRefused",
    "DepartureView",
    "IsolatedView",
    "LifecycleError",
    "Phase",
    "ReturnView",
    "StatementView",
    "StepView",
    "StillThere",
    "Timeline",
    "UnknownDeparture",
    "ask_export",
    "by_token",
    "certificate",
    "confirm_by_code",
    "confirm_end",
    "departure",
    "departure_of",
    "departures",
    "destroy_live",
    "destroy_objects",
    "end",
    "follow",
    "handlers",
    "long_handlers",
    "new_link",
    "open_return",
    "progress",
    "release_isolated",
    "renew",
    "send_code",
    "settled",
    "statements",
    "supposed",
    "timeline_now",
]
