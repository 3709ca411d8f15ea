"""A customer under any agreement, in scope; a mail server; the worker's turns."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.installation import MakeCustomer, tenancy
from tests.support.smtp_sink import Sink, sink
from tests.support.subprocessors import work_off

Under = Callable[..., AbstractContextManager[tenancy.Customer]]


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def under(make_customer: MakeCustomer) -> Under:
    """`with under("kavkom-dpa") as customer:` a fresh customer that signed it, in scope, in Rome."""
    from parley.governance.contract import api as contract

    @contextmanager
    def entered(agreement: str, **more: object) -> Iterator[tenancy.Customer]:
        made = make_customer(agreement=agreement, **more)
        with tenancy.scope(made):
            contract.change_order(
                by="test", at=datetime.now(UTC), zone="Europe/Rome", notice_addresses=(f"office@{made.handle}.example",)
            )
            yield made

    return entered


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sink]:
    with sink(tmp_path / "keys") as running:
        yield running


@pytest.fixture
def turn(server: Sink) -> Callable[..., None]:
    """Does what is due for the provider and for the customers given, sending mail for real."""

    def run(*customers: tenancy.Customer, at: datetime | None = None) -> None:
        work_off(*customers, courier=server.courier(), at=at)

    return run
