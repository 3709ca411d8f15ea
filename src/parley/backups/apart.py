"""Work that needs other databases than the caller's transaction is in: in a thread, with connections of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import connections

_T = TypeVar("_T")


def apart(work: Callable[[], _T]) -> _T:
    """What `work` returns or raises, done outside the caller's transaction; the scope is the caller's.

    It does not see what the caller has not committed, and stays when the caller's transaction does not.
    """

    def done() -> _T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="backups") as own:
        return own.submit(copy_context().run, done).result()
