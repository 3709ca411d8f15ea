"""What rights tell others: requests as people see them, their states, what was found. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Kind = Literal[
    "access", "rectification", "erasure", "restriction", "portability", "objection", "automated-decision", "minor",
    "unclear",
]  # fmt: skip
KINDS: Final[Mapping[Kind, str]] = {
    "access": "access: what is held, and a copy (GDPR Art. 15)",
    "rectification": "rectification (GDPR Art. 16)",
    "erasure": "erasure (GDPR Art. 17)",
    "restriction": "restriction of processing (GDPR Art. 18)",
    "portability": "portability: a copy for machines, or for another controller (GDPR Art. 20)",
    "objection": "objection, to marketing or otherwise (GDPR Art. 21)",
    "automated-decision": "no decision by machine alone (GDPR Art. 22)",
    "minor": "a guardian, for a child (GDPR Art. 8)",
    "unclear": "not clear yet: a person sorts it",
}
"""What a person can ask for, in words."""

Channel = Literal["portal", "email", "api", "console", "telephone", "letter"]
CHANNELS: Final[tuple[Channel, ...]] = ("portal", "email", "api", "console", "telephone", "letter")

State = Literal[
    "received", "forwarded", "acknowledged", "identity-pending", "verified", "waiting-for-controller", "in-work",
    "answered", "refused", "withdrawn",
]  # fmt: skip
ENDED: Final[frozenset[State]] = frozenset({"answered", "refused", "withdrawn"})

Deed = Literal[
    "sort", "ask-identity", "verify", "authorise", "look", "choose", "rectify", "fulfil", "lift", "review", "decide",
    "transmit", "extend", "refuse", "answer", "withdraw", "note",
]  # fmt: skip
"""What can be done with a request: `RequestView.possible` names what is possible now."""

Column = Literal[
    "overdue", "this-week", "this-month", "later", "waiting-for-identity", "waiting-for-controller", "done"
]
COLUMNS: Final[tuple[Column, ...]] = (
    "overdue", "this-week", "this-month", "later", "waiting-for-identity", "waiting-for-controller", "done",
)  # fmt: skip
CodeTo = Literal["email", "number"]
Means = Literal["code-to-email", "code-to-number", "call-back", "signed-in", "document-seen", "known-to-controller"]
MEANS: Final[Mapping[Means, str]] = {
    "code-to-email": "a code sent to the e-mail address of the request",
    "code-to-number": "a code read out by staff to the telephone number of the request",
    "call-back": "a call back to the number that was on file",
    "signed-in": "signed in to an account of the customer",
    "document-seen": "a document was looked at, and not kept",
    "known-to-controller": "the controller knows the person",
}
"""How an identity was verified. Documents are looked at; no copy is kept (imagicle-dpa IM-9.procedure)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A request that came in: its id, the `tag` that people quote ("R-7QHX-2M4K"), and the secret token that lets the
    person follow it."""

    id: UUID
    tag: str
    follow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, opened; `sealed` True and all else empty where the customer alone holds the key."""

    name: str = ""
    email: str = ""
    number: str = ""
    text: str = ""
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One thing that happened. `who`: "person", "parley", "mail", or the id of a user. `what` is a word of
    `words.STORY`; `facts` are ids and counts; `said` is what was written, opened ("" where there is none, or it is
    sealed)."""

    number: int
    at: datetime
    who: str
    what: str
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
    said: str = ""
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStore:
    """What one store holds of the person: how many records of each kind, how many are left out, and what became of
    them ("erased", "kept", "restricted", "rectified")."""

    store: str
    offering: str
    kinds: Mapping[str, int]
    count: int
    left_out: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """One record: `left_out` is why it is, "" when it is not; `law` keeps it where `outcome` is "kept"."""

    store: str
    kind: str
    id: UUID
    at: datetime
    left_out: str
    outcome: str
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The clock stood still: only while the person was asked, with `ground`, to prove who it is (Art. 12(6))."""

    began_at: datetime
    ended_at: datetime | None
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request in a list or on the board; nothing in it names the person. `due` moves with pause and extension,
    `strict_due` is a month from receipt whatever happened."""

    id: UUID
    tag: str
    kinds: tuple[Kind, ...]
    channel: Channel
    state: State
    column: Column
    received_at: datetime
    due: datetime
    strict_due: datetime
    ended_at: datetime | None

    @property
    def cursor(self) -> str:
        """Continues a list after this request."""
        return f"{self.received_at.isoformat()}_{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """All of a request that the customer's people see. `done` says which kinds are done, with their outcome in words;
    `undone` what stands between now and an answer; `blocked` why a fulfilment stopped, "" when it did not.

    `authorised_by`: "" (not yet), "agreement" (its `authorisation_clause` allows the provider to answer), or a user's
    id. `longest` is the last day that an extension gives. `possible` are the deeds that are possible now.
    """

    line: RequestLine
    person: Person
    regulation: str
    external_id: str
    forwarded_at: datetime | None
    acknowledged_at: datetime | None
    identity: Literal["unknown", "pending", "verified"]
    means: str
    covers: tuple[CodeTo, ...]
    verified_at: datetime | None
    answers: Literal["controller", "provider-when-authorised", "provider"]
    authorised_by: str
    authorised_at: datetime | None
    authorisation_clause: str
    extended_at: datetime | None
    longest: datetime
    pauses: tuple[Pause, ...]
    ground: str
    found: tuple[FoundStore, ...]
    looked_at: datetime | None
    done: Mapping[str, str]
    undone: tuple[str, ...]
    blocked: str
    export_id: UUID | None
    story: tuple[StoryLine, ...]
    possible: tuple[Deed, ...]
    clause: str
    identity_removed_at: datetime | None

    @property
    def id(self) -> UUID:
        return self.line.id

    @property
    def state(self) -> State:
        return self.line.state


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """A step as the person sees it."""

    at: datetime
    what: str
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRequest:
    """What the person who holds the token sees: no name, no data, nothing that says whether anything is held.

    `can_verify` are the ways in which a code can be sent now; `needs_address`: the person types the address again, for
    nobody but the customer can read the one that was given. `answer` is the text of the answer, once there is one and
    the identity is verified; `package` whether a package waits to be fetched.
    """

    id: UUID
    tag: str
    kinds: tuple[Kind, ...]
    state: State
    received_at: datetime
    due: datetime
    identity: Literal["unknown", "pending", "verified"]
    asked: str
    can_verify: tuple[CodeTo, ...]
    needs_address: bool
    package: bool
    answer: str
    steps: tuple[PublicStep, ...]
    can_withdraw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """The answer to every wish for a code, whether or not the address is the right one. `by` "mail": it is under way,
    if the address is that of the request; "call-back": staff will call (there is no offering that sends messages)."""

    by: Literal["mail", "call-back"]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn:
    """A column of the desk, soonest due first; `count` is of all, `lines` at most 50."""

    column: Column
    count: int
    lines: tuple[RequestLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailIntake:
    """What became of an e-mail: a new request, an entry on an existing one, or nothing, with the reason."""

    outcome: Literal["request", "entry", "ignored"]
    receipt: Receipt | None = None
    request_id: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a request may be refused: data, with the article that says so and words for the person."""

    key: str
    law: str
    words: str
    kinds: frozenset[str]
    """Which kinds it can refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of requests, newest first; `cursor` continues, None at the end."""

    lines: tuple[RequestLine, ...]
    cursor: str | None
