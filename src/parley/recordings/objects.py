"""The store that this installation keeps recordings in."""

from functools import cache

from django.conf import settings

from parley.storage.api import ObjectStore, open_store


@cache
def installed_store() -> ObjectStore:
    """The store at `settings.PARLEY_STORE_URL`, opened once per process."""
    return open_store(settings.PARLEY_STORE_URL)
