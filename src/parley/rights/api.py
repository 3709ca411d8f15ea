"""What other packages may use of rights: requests of persons, for the customer (or the provider) in scope.

`receive` and `receive_mail` take a request in; `by_follow`, `send_code`, `confirm_code`, `withdraw_by_follow`,
`add_by_follow` and `package_link` are the person's own way, with the token; `board`, `requests`, `request`, `found`
read; the deeds do what `RequestView.possible` names, and raise MoveRefused otherwise, leaving all as it is.

receipt = receive(channel="portal", kinds=["access"], email="a@example.org", received_at=now, at=now)
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from parley.obligations.api import Handler
from parley.rights import callbacks, deeds, forgetting, identity, notices, rules
from parley.rights.callbacks import public_key as callback_key
from parley.rights.callbacks import signature
from parley.rights.deeds import answer, authorise, extend, note, refuse, sort, withdraw
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
from parley.rights.finding import choose, look
from parley.rights.fulfilling import decide, fulfil, lift, rectify, review, transmit
from parley.rights.holding import STORE
from parley.rights.identity import ask_identity, code_to_read_out, send_code, verify
from parley.rights.intake import receive_mail
from parley.rights.reading import board, by_external, by_follow, found, package_link, request, requests, status_payload
from parley.rights.receiving import receive
from parley.rights.tokens import FOLLOW
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


def confirm_code(token: str, code: str, *, at: datetime) -> PublicRequest:
    """The person typed the code. Raises NoSuchRequest, CodeRefused."""
    identity.confirm_code(token, code, at=at)
    return by_follow(token)


def withdraw_by_follow(token: str, *, at: datetime) -> PublicRequest:
    """The person takes its request back. Raises NoSuchRequest, MoveRefused."""
    deeds.withdraw_by_follow(token, at=at)
    return by_follow(token)


def add_by_follow(token: str, text: str, *, at: datetime) -> PublicRequest:
    """The person adds a message. Raises NoSuchRequest, RequestRefused."""
    deeds.add_by_follow(token, text, at=at)
    return by_follow(token)


def grounds(kinds: Collection[str]) -> tuple[Ground, ...]:
    """Why a request of these kinds may be refused whole, or one of them alone."""
    return rules.grounds(kinds)


def handlers() -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline."""
    return {
        notices.DISPATCHED: notices.dispatched,
        notices.CLEAR: notices.clear,
        callbacks.SEND: callbacks.attempt,
        deeds.FORGET: forgetting.forget,
        identity.WAITS: identity.still_waits,
    }


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return {}


__all__ = [
    "CHANNELS",
    "COLUMNS",
    "ENDED",
    "FOLLOW",
    "KINDS",
    "MEANS",
    "STORE",
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
    "signature",
    "sort",
    "status_payload",
    "transmit",
    "verify",
    "withdraw",
    "withdraw_by_follow",
]
