"""The store that this installation keeps recordings in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from django.conf import settings

from parley.storage.api import ObjectStore, open_store

_instead: ContextVar[ObjectStore | None] = ContextVar("parley_recordings_store", default=None)


@cache
def installed_store() -> ObjectStore:
    """The store at `settings.PARLEY_STORE_URL` and PARLEY_STORE_COLD_URL, opened once per process; what is to be kept
    is locked as PARLEY_STORE_LOCK says."""
    return open_store(settings.PARLEY_STORE_URL, cold=settings.PARLEY_STORE_COLD_URL, lock=settings.PARLEY_STORE_LOCK)


def store_in_use() -> ObjectStore:
    """The installed store, or the one that `using_store` names."""
    return _instead.get() or installed_store()


@contextmanager
def using_store(store: ObjectStore) -> Iterator[None]:
    """Within the block, recordings are found, written and erased in `store`: that of a backup, say."""
    token = _instead.set(store)
    try:
        yield
    finally:
        _instead.reset(token)
