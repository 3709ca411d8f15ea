"""A customer with a spool and a store of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.support.object_server import ObjectServer
from tests.support.spooled import Spooler

from parley.obligations.api import Outcome, run_due
from parley.recordings.api import RENDER, finalize, render_recording
from parley.storage.api import ObjectStore, open_store
from parley.tenancy import api as tenancy


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A viewer who sees everything, or the recordings of some numbers."""

    number_indexes: frozenset[bytes] | None = None
    role: str = "compliance"
    user_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Everything that recordings of one customer go through."""

    customer: tenancy.Customer
    spooler: Spooler
    store: ObjectStore
    scratch: Path
    url: str

    @property
    def spool(self) -> Path:
        return self.spooler.spool

    @property
    def objects(self) -> Path:
        """The directory of a store of files; of another store a place where nothing is."""
        return Path(self.url.removeprefix("file://"))

    def content(self, key: str) -> bytes:
        """All of a stored object."""
        return self.store.get_range(key, 0, self.store.head(key).size)

    def finalize(self, directory: Path) -> UUID:
        return finalize(directory, store=self.store, now=datetime.now(UTC))

    def render(self) -> Outcome:
        handler = partial(render_recording, store=self.store, scratch=self.scratch)
        return run_due(self.customer, handlers={RENDER: handler}, now=datetime.now(UTC))

    def recorded(self, **given: object) -> UUID:
        """The id of a finalised recording."""
        return self.finalize(self.spooler.close(**given))  # type: ignore[arg-type]


PlaceFor = Callable[[tenancy.Customer], Place]


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.soak)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where objects are kept: files always, a real S3 server in the full run."""
    if request.param == "file":
        return f"file://{tmp_path / 'objects'}"
    server: ObjectServer = request.getfixturevalue("object_server")
    return server.url(f"recordings-{uuid4().hex[:12]}")


@pytest.fixture
def place_for(tmp_path: Path, store_url: str, unblocked: None) -> PlaceFor:
    def make(customer: tenancy.Customer) -> Place:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Place(
            customer=customer,
            spooler=Spooler(tmp_path / "spool", customer),
            store=open_store(store_url),
            scratch=scratch,
            url=store_url,
        )

    return make


@pytest.fixture
def place(customer: tenancy.Customer, place_for: PlaceFor) -> Place:
    return place_for(customer)


@pytest.fixture
def everybody() -> Somebody:
    return Somebody()
