"""The database is ours: django's own guard steps aside."""

import pytest


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker):
    with django_db_blocker.unblock():
        yield
