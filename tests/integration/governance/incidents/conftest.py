"""A mail server of the test's own, customers with data, and the worker's turns over all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.smtp_sink import Sink, sink


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sink]:
    with sink(tmp_path / "keys") as running:
        yield running


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
