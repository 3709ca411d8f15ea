"""What other packages may use of rights: requests of persons, for the customer (or the provider) in scope.

`receive` and `receive_mail` take a request in; `by_follow`, `send_code`, `confirm_code`, `withdraw_by_follow` and
`package_link` are the person's own way, with the token; `board`, `requests`, `request` read; the deeds do what
`RequestView.possible` names, and raise MoveRefused otherwise, leaving all as it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from parley.inventory.api import Subject
from parley.obligations.api import Handler
from parley.rights.errors import (
    CallbackRefused,
    CodeRefused,
    GateRefused,
    MoveRefused,
    NoSuchRequest,
    NotAuthorised,
    NotVerified,
    RequestRefused,
    RightsError,
    StaysOpen,
    StillOpen,
)
from parley.rights.types import (
    CHANNELS,
    COLUMNS,
    ENDED,
    KINDS,
    MEANS,
    BoardColumn,
    Channel,
    CodeSent,
    CodeTo,
    Column,
    Deed,
    FoundRecord,
    FoundStore,
    Ground,
    Kind,
    MailIntake,
    Means,
    Page,
    Pause,
    Person,
    PublicRequest,
    PublicStep,
    Receipt,
    RequestLine,
    RequestView,
    State,
    StoryLine,
)


def receive(
    *,
    channel: Channel,
    kinds: Collection[str],
    received_at: datetime,
    at: datetime,
    email: str = "",
    number: str = "",
    name: str = "",
    text: str = "",
    by: str = "",
    regulation: str = "gdpr",
    external_id: str = "",
    callback: str = "",
    marketing: bool = False,
) -> Receipt:
    """Take a request in: passed on to the controller, then acknowledged, its duties opened, all in one transaction.

    `by` is the id of the user who writes it down, "" for the person itself. `marketing`: the objection is to marketing,
    and holds at once. Idempotent by `external_id`. Raises RequestRefused, CallbackRefused.
    """
    raise NotImplementedError


def receive_mail(raw: bytes, at: datetime) -> MailIntake:
    """Take in an e-mail that was sent to the customer's (or the provider's) address for such requests."""
    raise NotImplementedError


def by_follow(token: str) -> PublicRequest:
    """What the person with this token sees. Raises NoSuchRequest."""
    raise NotImplementedError


def send_code(token: str, *, to: CodeTo, at: datetime, address: str = "") -> CodeSent:
    """Have a code sent to the address or number of the request; `address` is that again where `needs_address`.

    The answer is the same whether or not the address is right. Raises NoSuchRequest, CodeRefused (too many).
    """
    raise NotImplementedError


def confirm_code(token: str, code: str, *, at: datetime) -> PublicRequest:
    """The person typed the code. Raises NoSuchRequest, CodeRefused."""
    raise NotImplementedError


def withdraw_by_follow(token: str, *, at: datetime) -> PublicRequest:
    """The person takes its request back. Raises NoSuchRequest, MoveRefused."""
    raise NotImplementedError


def add_by_follow(token: str, text: str, *, at: datetime) -> PublicRequest:
    """The person adds a message. Raises NoSuchRequest, RequestRefused."""
    raise NotImplementedError


def package_link(token: str, *, at: datetime) -> str:
    """The path of the package for the person, after identity and authorisation only, and once answered.

    Raises NoSuchRequest, NotVerified, NotAuthorised, MoveRefused (there is none yet, or it expired).
    """
    raise NotImplementedError


def board(at: datetime) -> tuple[BoardColumn, ...]:
    """The desk: the columns of `COLUMNS`, in that order."""
    raise NotImplementedError


def requests(
    *,
    at: datetime,
    column: Column | None = None,
    kind: str = "",
    state: str = "",
    channel: str = "",
    tag: str = "",
    address: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Requests, newest first; `address` is an e-mail address or a number, found by blind index."""
    raise NotImplementedError


def request(request_id: UUID, *, at: datetime) -> RequestView:
    """One request with its story. Raises NoSuchRequest."""
    raise NotImplementedError


def by_external(external_id: str, *, at: datetime) -> RequestView:
    """The request of that id of the asking platform. Raises NoSuchRequest."""
    raise NotImplementedError


def found(request_id: UUID, *, store: str = "", after: UUID | None = None, limit: int = 200) -> tuple[FoundRecord, ...]:
    """The records that were found, store by store. Raises NoSuchRequest."""
    raise NotImplementedError


def status_payload(request_id: UUID, *, at: datetime) -> Mapping[str, Any]:
    """What the asking platform is told (OpenDSR): ids, status, dates; nothing of the person."""
    raise NotImplementedError


def callback_key() -> bytes:
    """The public Ed25519 key (32 bytes) that verifies the signatures of callbacks."""
    raise NotImplementedError


def grounds(kinds: Collection[str]) -> tuple[Ground, ...]:
    """Why a request of these kinds may be refused."""
    raise NotImplementedError


def code_to_read_out(request_id: UUID, *, by: UUID, at: datetime) -> str:
    """The code that staff reads out to the number of the request; leaves evidence of who did. "" when none waits."""
    raise NotImplementedError


def sort(request_id: UUID, *, kinds: Collection[str], by: UUID, at: datetime) -> None:
    """Say what the person asks for, where that was not clear. Raises MoveRefused, RequestRefused."""
    raise NotImplementedError


def ask_identity(request_id: UUID, *, what: str, why: str, by: UUID, at: datetime) -> None:
    """Ask the person to prove who it is: `what` is wanted, `why` there is doubt. The clock pauses meanwhile."""
    raise NotImplementedError


def verify(
    request_id: UUID,
    *,
    means: Means,
    seen: str = "",
    covers: Collection[CodeTo] = ("email", "number"),
    by: UUID,
    at: datetime,
) -> None:
    """The person is who it says: `means`, what was `seen` in words (no number of a document), and which of its
    addresses are its own. Raises MoveRefused."""
    raise NotImplementedError


def authorise(request_id: UUID, *, by: UUID, at: datetime) -> None:
    """The controller's word that the person is answered; `by` has role compliance or administrator.

    Raises NotAuthorised, MoveRefused.
    """
    raise NotImplementedError


def look(request_id: UUID, *, by: UUID, at: datetime, also: Subject | None = None) -> tuple[FoundStore, ...]:
    """Find the person in all stores, by what was verified; `also` is what the controller adds (and must give where the
    provider cannot open the request). Raises NotVerified, GateRefused, MoveRefused."""
    raise NotImplementedError


def choose(request_id: UUID, *, store: str, records: Sequence[UUID], why: str, by: UUID, at: datetime) -> None:
    """Leave records out, for `why` ("not-this-person", "others-rights", "already-had"), or take them in again: ""."""
    raise NotImplementedError


def rectify(
    request_id: UUID, *, store: str, record: UUID, changes: Mapping[str, str], by: UUID, at: datetime
) -> tuple[str, ...]:
    """Correct fields of a found record; the names of those that changed. Raises CannotRectify, MoveRefused."""
    raise NotImplementedError


def fulfil(request_id: UUID, *, by: UUID, at: datetime) -> None:
    """Do what was asked, kind by kind: package, erasure, restriction, objection. Raises NotVerified, NotAuthorised,
    MoveRefused, GateRefused, and StaysOpen, after the request kept the reason."""
    raise NotImplementedError


def decide(
    request_id: UUID, *, kind: str, granted: bool, ground: str = "", words: str = "", by: UUID, at: datetime
) -> None:
    """Decide an objection (while it waits, the records are restricted), or refuse one kind of several."""
    raise NotImplementedError


def review(request_id: UUID, *, outcome: str, by: UUID, at: datetime) -> None:
    """A human looked at the decision again (Art. 22(3)), with this outcome in words."""
    raise NotImplementedError


def lift(request_id: UUID, *, why: str, by: UUID, at: datetime) -> None:
    """Lift a restriction; the person is told before (Art. 18(3))."""
    raise NotImplementedError


def transmit(request_id: UUID, *, to: str, by: UUID, at: datetime) -> None:
    """Send the package to another controller, at the address that the person named (Art. 20(2)), by signed e-mail."""
    raise NotImplementedError


def extend(request_id: UUID, *, reasons: str, by: UUID, at: datetime) -> None:
    """Two months more, told to the person with the reasons inside the first. Raises MoveRefused afterwards."""
    raise NotImplementedError


def refuse(request_id: UUID, *, ground: str, reasons: str, by: UUID, at: datetime) -> None:
    """Refuse, telling reasons, complaint and judicial remedy (Art. 12(4)). Raises RequestRefused for a ground that
    does not fit, NotAuthorised, MoveRefused."""
    raise NotImplementedError


def answer(request_id: UUID, *, text: str, by: UUID, at: datetime) -> None:
    """Answer the person by the same channel. Raises MoveRefused while something is not done."""
    raise NotImplementedError


def withdraw(request_id: UUID, *, by: str, at: datetime) -> None:
    """The person took it back. Raises MoveRefused."""
    raise NotImplementedError


def note(request_id: UUID, *, text: str, by: UUID, at: datetime) -> None:
    """A note of the customer's people; the person does not see it."""
    raise NotImplementedError


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


__all__ = [
    "CHANNELS",
    "COLUMNS",
    "ENDED",
    "KINDS",
    "MEANS",
    "BoardColumn",
    "CallbackRefused",
    "Channel",
    "CodeRefused",
    "CodeSent",
    "CodeTo",
    "Column",
    "Deed",
    "FoundRecord",
    "FoundStore",
    "GateRefused",
    "Ground",
    "Kind",
    "MailIntake",
    "Means",
    "MoveRefused",
    "NoSuchRequest",
    "NotAuthorised",
    "NotVerified",
    "Page",
    "Pause",
    "Person",
    "PublicRequest",
    "PublicStep",
    "Receipt",
    "RequestLine",
    "RequestRefused",
    "RequestView",
    "RightsError",
    "State",
    "StaysOpen",
    "StillOpen",
    "StoryLine",
    "add_by_follow",
    "answer",
    "ask_identity",
    "authorise",
    "board",
    "by_external",
    "by_follow",
    "callback_key",
    "choose",
    "code_to_read_out",
    "confirm_code",
    "decide",
    "extend",
    "found",
    "fulfil",
    "grounds",
    "handlers",
    "lift",
    "long_handlers",
    "look",
    "note",
    "package_link",
    "receive",
    "receive_mail",
    "rectify",
    "refuse",
    "request",
    "requests",
    "review",
    "send_code",
    "sort",
    "status_payload",
    "transmit",
    "verify",
    "withdraw",
    "withdraw_by_follow",
]
