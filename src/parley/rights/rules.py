"""What is possible when: states as a table, dates, grounds of refusal, what is kept how long. Pure.

A request moves by `move(state, deed)`; a move that the table does not know leaves the state as it is and says what is
possible instead.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, cast, get_args
from zoneinfo import ZoneInfo

from parley.agreement.api import Span, after
from parley.rights.errors import MoveRefused
from parley.rights.types import ENDED, Column, Deed, Ground, Kind, State

Step = str
"""A deed, or a step that the machine takes by itself: forward, acknowledge, wait, begin."""

_OPEN: Final[tuple[State, ...]] = (
    "acknowledged", "identity-pending", "verified", "waiting-for-controller", "in-work",
)  # fmt: skip

MOVES: Final[Mapping[Step, Mapping[State, State]]] = MappingProxyType(
    {
        "forward": {"received": "forwarded"},
        "acknowledge": {"forwarded": "acknowledged"},
        "ask-identity": {
            "acknowledged": "identity-pending",
            "verified": "identity-pending",
            "waiting-for-controller": "identity-pending",
            "in-work": "identity-pending",
        },
        "verify": {"acknowledged": "verified", "identity-pending": "verified"},
        "wait": {"verified": "waiting-for-controller"},
        "authorise": {"waiting-for-controller": "in-work"},
        "begin": {"verified": "in-work"},
        "answer": {"in-work": "answered"},
        "refuse": dict.fromkeys(_OPEN, "refused"),
        "withdraw": dict.fromkeys(_OPEN, "withdrawn"),
        "lift": {"answered": "answered", "in-work": "in-work"},
        **{deed: {state: state for state in _OPEN} for deed in ("sort", "extend", "note")},
        **{deed: {"in-work": "in-work"} for deed in ("choose", "rectify", "fulfil", "review", "decide", "transmit")},
        "look": {"verified": "verified", "waiting-for-controller": "waiting-for-controller", "in-work": "in-work"},
    }
)
"""By step: from which state to which."""

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sort": "say what is asked", "ask-identity": "ask for proof of identity", "verify": "verify the identity",
        "authorise": "authorise the answer", "look": "find what is held", "choose": "choose what is left out",
        "rectify": "correct a record", "fulfil": "do what was asked", "lift": "lift the restriction",
        "review": "review the decision", "decide": "decide the objection", "transmit": "send it to another controller",
        "extend": "extend by two months", "refuse": "refuse with reasons", "answer": "answer the person",
        "withdraw": "withdraw", "note": "write a note",
    }
)  # fmt: skip


def move(state: str, step: Step) -> State:
    """The state after `step`. Raises MoveRefused, which names what is possible instead."""
    to = MOVES[step].get(cast(State, state))
    if to is None:
        can = ", ".join(WORDS[deed] for deed in possible(state)) or "nothing: it is over"
        raise MoveRefused(f"a request that is {state} cannot take the step {step}", remedy=f"Possible now: {can}.")
    return to


def possible(state: str) -> tuple[Deed, ...]:
    """The deeds that the table knows in this state."""
    return tuple(deed for deed in get_args(Deed) if state in MOVES[deed])


ANSWER: Final = Span(1, "months")
EXTENSION: Final = Span(2, "months")
"""GDPR Art. 12(3): what holds where no agreement binds, in the provider's own scope."""

KEPT: Final[Mapping[str, Span]] = MappingProxyType({"erasure": Span(6, "months"), "": Span(3, "years")})
"""How long a request keeps who asked, after its end, to prove what was done (GDPR Art. 5(2)): ours. An erasure less: it
was asked for not to be known any more."""

REMOVED_AFTER_WITHDRAWAL: Final = Span(1, "months")


def kept_until(*, kinds: Collection[str], state: str, ended_at: datetime) -> datetime:
    """When the identity is removed from a request that is over."""
    if state == "withdrawn":
        return after(ended_at, REMOVED_AFTER_WITHDRAWAL, zone="UTC")
    return after(ended_at, KEPT["erasure"] if "erasure" in kinds else KEPT[""], zone="UTC")


def paused_for(pauses: Collection[tuple[datetime, datetime | None]], *, at: datetime) -> timedelta:
    """How long the clock stood still up to `at`."""
    return sum(((end or at) - began for began, end in pauses), timedelta())


def column(*, state: str, due: datetime, at: datetime, zone: str) -> Column:
    """The column of the desk: by what it waits for, else by due date, in weeks and months of `zone`."""
    if state in ENDED:
        return "done"
    if due <= at:
        return "overdue"
    if state == "identity-pending":
        return "waiting-for-identity"
    if state == "waiting-for-controller":
        return "waiting-for-controller"
    local, now = due.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(zone))
    monday = (now - timedelta(days=now.weekday())).date()
    if local.date() < monday + timedelta(days=7):
        return "this-week"
    return "this-month" if (local.year, local.month) == (now.year, now.month) else "later"


_ANY: Final = frozenset(
    {"access", "rectification", "erasure", "restriction", "portability", "objection", "automated-decision", "minor",
     "unclear"}
)  # fmt: skip

GROUNDS: Final[Mapping[str, Ground]] = MappingProxyType(
    {
        ground.key: ground
        for ground in (
            Ground(key="unfounded", law="GDPR Art. 12(5)", kinds=_ANY, words="The request is manifestly unfounded."),
            Ground(key="excessive", law="GDPR Art. 12(5)", kinds=_ANY,
                   words="The request is manifestly excessive, because it repeats others that were answered."),
            Ground(key="not-identified", law="GDPR Art. 12(2) and 11(2)", kinds=_ANY,
                   words="We could not identify you, and what we asked for did not come."),
            Ground(key="others-rights", law="GDPR Art. 15(4) and 20(4)", kinds=frozenset({"access", "portability"}),
                   words="A copy would adversely affect the rights and freedoms of others."),
            Ground(key="accurate", law="GDPR Art. 16", kinds=frozenset({"rectification"}),
                   words="The data is accurate and complete as it is."),
            Ground(key="still-needed", law="GDPR Art. 17(1)", kinds=frozenset({"erasure"}),
                   words="The data is still needed for the purpose for which it was collected, on a lawful ground."),
            Ground(key="expression", law="GDPR Art. 17(3)(a)", kinds=frozenset({"erasure"}),
                   words="The processing is necessary for the freedom of expression and information."),
            Ground(key="legal-obligation", law="GDPR Art. 17(3)(b)", kinds=frozenset({"erasure"}),
                   words="A law obliges us to keep the data."),
            Ground(key="public-health", law="GDPR Art. 17(3)(c)", kinds=frozenset({"erasure"}),
                   words="The processing is necessary for public health."),
            Ground(key="archiving", law="GDPR Art. 17(3)(d)", kinds=frozenset({"erasure"}),
                   words="The data is archived in the public interest, for research or statistics."),
            Ground(key="legal-claims", law="GDPR Art. 17(3)(e)", kinds=frozenset({"erasure", "objection"}),
                   words="The data is needed to establish, exercise or defend legal claims."),
            Ground(key="no-ground-of-restriction", law="GDPR Art. 18(1)", kinds=frozenset({"restriction"}),
                   words="None of the grounds of restriction is met."),
            Ground(key="not-portable", law="GDPR Art. 20(1)", kinds=frozenset({"portability"}),
                   words="The data was not provided by you under a contract or with consent."),
            Ground(key="compelling-grounds", law="GDPR Art. 21(1)", kinds=frozenset({"objection"}),
                   words="There are compelling legitimate grounds that override your interests."),
            Ground(key="no-automated-decision", law="GDPR Art. 22(1)", kinds=frozenset({"automated-decision"}),
                   words="No decision about you is made by machine alone."),
            Ground(key="no-guardian", law="GDPR Art. 8", kinds=frozenset({"minor"}),
                   words="It was not shown that you are the child's guardian."),
        )
    }
)  # fmt: skip
"""Why a request may be refused. Marketing is never weighed: an objection to it holds at once (Art. 21(3))."""


def grounds(kinds: Collection[str]) -> tuple[Ground, ...]:
    """The grounds on which a request of these kinds may be refused whole: each must be one of every kind asked."""
    wanted = frozenset(kinds) or frozenset({"unclear"})
    return tuple(ground for ground in GROUNDS.values() if wanted <= ground.kinds)


LEFT_OUT: Final = frozenset({"", "not-this-person", "others-rights", "already-had", "this-request", "open-request"})
"""Why a record is left out."""

LONGEST_TEXT: Final = 20_000
LONGEST_NAME: Final = 200
MOST_KINDS: Final = 8

CODE_LIVES: Final = timedelta(minutes=15)
CODE_TRIES: Final = 3
CODES_A_DAY: Final = 5
"""With six digits: 15 guesses a day against a million."""


def unknown_kinds(kinds: Collection[str]) -> frozenset[str]:
    """Those that are no `Kind`."""
    return frozenset(kinds) - frozenset(get_args(Kind))
