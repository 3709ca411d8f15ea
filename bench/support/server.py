"""The installation that a benchmark runs against: a PostgreSQL of its own in a temporary directory; plain SQL on it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any


@contextmanager
def server() -> Iterator[ModuleType]:
    """A PostgreSQL that syncs, prepared for customers, in a temporary directory; yields the package `tenancy`."""
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-", dir="/tmp"))
    folder.chmod(0o711)
    os.environ |= {
        "PARLEY_DATA_DIR": str(folder),
        "PARLEY_CONFIG": "/dev/null",
        "DJANGO_SETTINGS_MODULE": "parley.project.settings",
    }
    from parley.tenancy.keys import root_key

    root_key(folder / "keys" / "root.key", create=True)
    import django

    django.setup()
    from parley.foundation.memory import collect_seldom

    collect_seldom()  # as each of Parley's processes does
    from parley.tenancy import api as tenancy

    running = tenancy.embedded()
    child = running.start()
    try:
        tenancy.prepare()
        yield tenancy
    finally:
        running.stop(child)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def plainly(customer: Any) -> Iterator[Any]:
    """A connection for plain SQL to the database of a customer; an administrator's, which may make tables."""
    import psycopg

    from parley.tenancy.selection import administrator

    with psycopg.connect(**administrator(dbname=customer.database).parameters(), autocommit=True) as connection:
        yield connection
