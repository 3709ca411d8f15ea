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

_ROOM = 4 << 30  # bytes: what the largest module's customers take (12 MB each), with a wide margin


def _place() -> str:
    """In memory where there is room and programs may run from there: a database is copied there in a fifth of the time.

    Short (a socket path is short). The data survive killed processes there as on a disk; no test cuts the power of it.
    """
    memory = Path("/dev/shm")
    try:
        found = os.statvfs(memory)
        free = int(Path("/proc/meminfo").read_text(encoding="ascii").split("MemAvailable:")[1].split()[0]) << 10
    except (OSError, IndexError, ValueError):
        return "/tmp"
    roomy = min(found.f_bavail * found.f_frsize, free) >= _ROOM * (2 if "PYTEST_XDIST_WORKER" in os.environ else 1)
    return str(memory) if roomy and not found.f_flag & os.ST_NOEXEC and os.access(memory, os.W_OK) else "/tmp"


def _forget_killed(place: Path) -> None:
    """Take away what test runs left that were killed: memory has no other end for it."""
    for left in place.glob("parley-test-*-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)


# Open to pass: as root the server runs under another account.
_BASE = Path(tempfile.mkdtemp(prefix=f"parley-test-{os.getpid()}-", dir=_place()))
_forget_killed(_BASE.parent)
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

from parley.people.hashers import Argon2  # noqa: E402
from parley.tenancy import api as tenancy  # noqa: E402

PRODUCTION_MEMORY_COST = Argon2.memory_cost
# Hundreds of tests sign somebody in, and an hour of an attacker is worth nothing to them: 1 ms in place of 84.
Argon2.memory_cost = 512

MakeCustomer = Callable[..., tenancy.Customer]

__all__ = ["PRODUCTION_MEMORY_COST", "MakeCustomer", "settings", "tenancy"]
