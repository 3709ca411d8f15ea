"""The servers of the journeys serve these tests too."""

from collections.abc import Iterator

import pytest
from tests.journeys.conftest import servers

__all__ = ["servers"]


@pytest.fixture(autouse=True)
def unblocked_everywhere(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
