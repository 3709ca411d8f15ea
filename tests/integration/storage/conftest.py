"""The installation's objects as files, or on a real S3 server."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from parley.recordings.api import installed_store
from parley.storage.api import ObjectStore


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: object) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(params=["file", "s3"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """The store of this installation, whichever kind it is."""
    from django.conf import settings

    if request.param == "s3":
        server = request.getfixturevalue("object_server")
        monkeypatch.setattr(settings, "PARLEY_STORE_URL", server.url(f"cell-{uuid4().hex[:8]}"))
    installed_store.cache_clear()
    yield installed_store()
    installed_store.cache_clear()
