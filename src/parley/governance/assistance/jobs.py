"""The kinds of work that assistance leaves to the worker."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from parley.governance.assistance import complaints, disclosures, dpia, findings
from parley.governance.assistance.docket import FOLLOW, write
from parley.governance.assistance.words import TOLD
from parley.obligations.api import Handler, Work
from parley.tenancy import api as tenancy

_BY: Final = "mail"
_TOLD: Final[Mapping[str, Callable[[UUID, datetime], object]]] = MappingProxyType(
    {
        "assessment": lambda record, at: dpia.told(record, at=at, by=_BY),
        "disclosure": lambda record, at: disclosures.told_customer(record, at=at, by=_BY),
        "complaint": lambda record, at: complaints.forwarded(record, at=at, by=_BY),
        "finding": lambda record, at: findings.informed(record, at=at, by=_BY),
    }
)
"""What follows when the letter about a record was dispatched, by the first word of the message's key."""


def handlers() -> Mapping[str, Handler]:
    """By kind: the provider's list follows, letters were dispatched, the monthly check, silence that is
    over, a complaint that was not passed on in time."""
    return {
        FOLLOW: _follow,
        TOLD: _told,
        dpia.CHECK: _check,
        disclosures.SILENCE_OVER: _silence_over,
        complaints.FORWARD_DUE: _forward_due,
    }


def _follow(work: Work) -> None:
    write(work.payload, customer_id=tenancy.current().id)


def _told(work: Work) -> None:
    if work.payload["state"] == "sent":
        word, _, record = str(work.payload["key"]).partition(":")
        _TOLD[word](UUID(record), datetime.now(UTC))


def _check(work: Work) -> None:
    dpia.regular_check(at=max(work.due, datetime.now(UTC)), once=bool(work.payload.get("once")))


def _forward_due(work: Work) -> None:
    complaints.forward_due(UUID(work.payload["complaint"]), at=max(work.due, datetime.now(UTC)))


def _silence_over(work: Work) -> None:
    disclosures.silence_over(UUID(work.payload["disclosure"]), at=max(work.due, datetime.now(UTC)))
