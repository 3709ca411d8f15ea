"""For clauses that are exercised with a customer's own database."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_databases(cluster: Path, django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
