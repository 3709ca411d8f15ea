"""A register, a mail server, and the worker's turns, as the parts that run them do it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.support.smtp_sink import Sink, sink


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sink]:
    with sink(tmp_path / "keys") as running:
        yield running


@pytest.fixture
def turn(server: Sink) -> Callable[..., None]:
    """Does what is due for the provider, then for the customers given, until nothing is."""
    from tests.support.subprocessors import work_off

    def run(*customers: object, at: datetime | None = None) -> None:
        work_off(*customers, courier=server.courier(), at=at)  # type: ignore[arg-type]

    return run
