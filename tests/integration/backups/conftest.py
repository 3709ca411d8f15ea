"""A customer with recordings, a log and a place for backups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.installation import settings
from tests.support.logs import countersign, integrate_all
from tests.support.spooled import Spooler

from parley.recordings.api import finalize
from parley.storage.api import ObjectStore, open_store
from parley.tenancy import api as tenancy


@dataclass(frozen=True, kw_only=True)
class Office:
    """A customer that records, with where its objects and its backups lie."""

    customer: tenancy.Customer
    spooler: Spooler
    live: ObjectStore
    backups: ObjectStore

    def record(self, count: int = 1) -> list[UUID]:
        """The ids of recordings that were made just now; the log is integrated after them."""
        made = [finalize(self.spooler.close(), store=self.live, now=datetime.now(UTC)) for _ in range(count)]
        integrate_all(self.customer)
        countersign(self.customer, at=datetime.now(UTC))
        return made

    def file(self, key: str) -> Path:
        """Where a file of the backup store is."""
        return Path(settings.PARLEY_BACKUP_URL.removeprefix("file://")) / key


OfficeOf = Callable[[tenancy.Customer], Office]


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def office_of(tmp_path: Path, unblocked: None) -> OfficeOf:
    def make(customer: tenancy.Customer) -> Office:
        return Office(
            customer=customer,
            spooler=Spooler(tmp_path / "spool", customer),
            live=open_store(settings.PARLEY_STORE_URL),
            backups=open_store(settings.PARLEY_BACKUP_URL),
        )

    return make


@pytest.fixture
def office(customer: tenancy.Customer, office_of: OfficeOf) -> Office:
    made = office_of(customer)
    made.record(3)
    return made
