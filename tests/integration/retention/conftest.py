"""A customer with recorded calls, whose nights can be made to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.recorded_rows import add_recording

from parley.inventory.api import Held
from parley.obligations.api import run_due
from parley.recordings.models import Recording
from parley.retention import api as retention
from parley.tenancy import api as tenancy

ANNA, BERT = "+4930111111", "+4930222222"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """The customer, somebody of its staff, and deeds that tests repeat."""

    customer: tenancy.Customer
    by: UUID

    def call(self, *, days: int, number: str = ANNA) -> Held:
        at = NOW - timedelta(days=days)
        return Held(store="recordings", kind="recording", id=add_recording(at=at, numbers=[number]), at=at)

    def calls(self, *days: int, number: str = ANNA) -> list[Held]:
        return [self.call(days=one, number=number) for one in days]

    def night(self, at: datetime = NOW) -> datetime:
        """Let the next night after `at` pass, with all that it opens."""
        begins = retention.next_night(at)
        handlers = {**retention.handlers(), **retention.long_handlers()}
        outcome = run_due(self.customer, handlers=handlers, now=begins)
        assert outcome.failed == 0
        return begins


@pytest.fixture
def house(customer: tenancy.Customer) -> Iterator[House]:
    yield House(customer=customer, by=uuid4())


def left() -> set[UUID]:
    return set(Recording.objects.values_list("id", flat=True))
