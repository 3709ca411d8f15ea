"""The installation that this test run is: a data directory of its own, and Django configured for it.

A module of its own because it may be executed once only: pytest may load a conftest twice, and two directories in one
run are two installations.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

# Short (a socket path is short) and open to pass (as root the server runs under another account).
_BASE = Path(tempfile.mkdtemp(prefix="parley-test-", dir="/tmp"))
_BASE.chmod(0o711)
atexit.register(shutil.rmtree, _BASE, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith("PARLEY_") and name != "PARLEY_FUZZ_SECONDS"]:
    del os.environ[_name]
os.environ |= {
    "PARLEY_DATA_DIR": str(_BASE / "data"),
    "PARLEY_DATABASE_DURABLE": "false",
    "PARLEY_CONFIG": "/dev/null",
    "DJANGO_SETTINGS_MODULE": "parley.project.settings",
}
from parley.tenancy.keys import root_key  # noqa: E402

# Before the settings are read: they derive the key of sessions from it, as do the processes that a test starts.
root_key(_BASE / "data" / "keys" / "root.key", create=True)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from parley.tenancy import api as tenancy  # noqa: E402

MakeCustomer = Callable[..., tenancy.Customer]

__all__ = ["MakeCustomer", "settings", "tenancy"]
