"""A customer with recordings, and what makes its exports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.spooled import Spooler

from parley.exports import api as exports
from parley.inventory.api import ExportOptions
from parley.obligations.api import Outcome, run_due
from parley.recordings.api import RENDER, finalize, installed_store, render_recording
from parley.tenancy import api as tenancy


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where exports of one customer are asked for and made."""

    customer: tenancy.Customer
    spooler: Spooler
    scratch: Path

    def recorded(self, *, render: bool = True, **given: object) -> UUID:
        """A finalised recording, audible if asked."""
        made = finalize(self.spooler.close(**given), store=installed_store(), now=datetime.now(UTC))  # type: ignore[arg-type]
        if render:
            handler = partial(render_recording, store=installed_store(), scratch=self.scratch)
            assert run_due(self.customer, handlers={RENDER: handler}, now=datetime.now(UTC)).done == 1
        return made

    def ask(self, **given: object) -> UUID:
        """An export of everything, unless `given` says otherwise."""
        asked: dict[str, object] = {
            "title": "All that we have", "reason": "everything", "options": ExportOptions(), "by": UUID(int=7),
            "at": datetime.now(UTC), "key": f"test:{datetime.now(UTC).timestamp()}",
        }  # fmt: skip
        return exports.start(**asked | given)  # type: ignore[arg-type]

    def make(self) -> Outcome:
        """What the worker's long thread does now."""
        return run_due(self.customer, handlers=exports.long_handlers(), now=datetime.now(UTC))

    def later(self, *, days: int) -> Outcome:
        """What the worker does with deadlines after so many days."""
        return run_due(self.customer, handlers=exports.handlers(), now=datetime.now(UTC) + timedelta(days=days))

    def objects(self) -> list[str]:
        """The keys of all stored packages."""
        return [head.key for head in installed_store().list(f"{self.customer.id}/exports/")]


DeskFor = Callable[[tenancy.Customer], Desk]


@pytest.fixture
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def desk_for(tmp_path: Path, unblocked: None) -> DeskFor:
    def make(customer: tenancy.Customer) -> Desk:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Desk(customer=customer, spooler=Spooler(tmp_path / "spool", customer), scratch=scratch)

    return make


@pytest.fixture
def desk(customer: tenancy.Customer, desk_for: DeskFor) -> Desk:
    return desk_for(customer)
