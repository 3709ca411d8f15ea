"""The kinds of work that access leaves to the worker."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from parley.governance.access.requests import FOLLOW, settle
from parley.governance.access.reviews import HEARD, TELL, hear, tell_all
from parley.obligations.api import Handler, Work


def handlers() -> Mapping[str, Handler]:
    """By kind: an access ends or lapses, a staff review is told to all customers, and heard by each."""
    return {FOLLOW: _follow, TELL: _tell, HEARD: _hear}


def _follow(work: Work) -> None:
    settle(UUID(work.payload["request"]), at=max(work.due, datetime.now(UTC)))


def _tell(work: Work) -> None:
    tell_all(UUID(work.payload["review"]), at=datetime.now(UTC))


def _hear(work: Work) -> None:
    hear(UUID(work.payload["review"]), at=datetime.now(UTC))
