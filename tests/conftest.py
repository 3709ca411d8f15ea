"""What every test may use: a real PostgreSQL of its own, customers in it, the full size when asked.

Django must be configured before test modules import models, so the settings are made here, at import; the server starts
only when the first test asks for `cluster`.
"""

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
sys.path.insert(0, str(Path(__file__).parent))

from parley.tenancy.keys import root_key  # noqa: E402

# Before the settings are read: they derive the key of sessions from it, as do the processes that a test starts.
root_key(_BASE / "data" / "keys" / "root.key", create=True)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from parley.tenancy import api as tenancy  # noqa: E402

MakeCustomer = Callable[..., tenancy.Customer]


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> str:
    """ "full" in the variant marked soak, else "small": the same test at two sizes."""
    return "full" if request.node.get_closest_marker("soak") else "small"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The installation's data directory in this test run; as `settings.PARLEY_DATA_DIR`."""
    path: Path = settings.PARLEY_DATA_DIR
    path.chmod(0o711)
    return path


@pytest.fixture(scope="session")
def cluster(data_dir: Path, django_db_blocker: object) -> Iterator[Path]:
    """A running embedded PostgreSQL with template and provider; yields the data directory."""
    server = tenancy.embedded()
    child = server.start()
    try:
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            tenancy.prepare()
            yield data_dir
    finally:
        server.stop(child)


@pytest.fixture(scope="session")
def make_customer(cluster: Path) -> MakeCustomer:
    """A factory of customers: `make_customer(handle=..., custody=..., agreement=..., ...)`, all optional.

    A `customer-held` customer without `recipients` gets two fresh ones, whose identities nobody keeps.
    """
    from parley.sealing.api import generate_identity

    def make(
        *, handle: str = "", custody: str = "local", agreement: str = "imagicle-dpa", **more: object
    ) -> tenancy.Customer:
        handle = handle or f"customer-{secrets.token_hex(4)}"
        if custody == "customer-held" and "recipients" not in more:
            more["recipients"] = tuple(generate_identity().recipient for _ in range(2))
        given = {"handle": handle, "name": handle.title(), "region": "eu", "custody": custody, "agreement": agreement}
        return tenancy.create_customer(**given | more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """A fresh customer with local keys, in scope."""
    made = make_customer()
    with tenancy.scope(made):
        yield made
