"""What every test may use: a real PostgreSQL of its own, customers in it, the full size when asked.

`tests.support.installation` configures Django at import, before test modules import models; the server starts only when
the first test asks for `cluster`.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from tests.support.installation import MakeCustomer, settings, tenancy
from tests.support.object_server import ACCESS, SECRET, ObjectServer

hypothesis_settings.register_profile("suite", deadline=None)  # a machine that has other work is no finding
hypothesis_settings.load_profile("suite")
_running: list[bool] = []
"""Not empty while the server of this test run is up."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """The processes that share the tests inherit nothing of this one's installation: each makes its own."""
    for name in ("DJANGO_SETTINGS_MODULE", "PARLEY_DATA_DIR"):
        os.environ.pop(name, None)


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
            _running.append(True)
            yield data_dir
    finally:
        _running.clear()
        server.stop(child)


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A running S3 server, one for all tests of this process; its credentials are in the environment."""
    server = ObjectServer(tmp_path_factory.mktemp("s3"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        server.start()
        yield server
    server.kill()


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


@pytest.fixture(scope="module", autouse=True)
def own_provider(request: pytest.FixtureRequest) -> None:
    """Each module of tests meets a provider without customers: what is done for all of them is done for its own.

    Those of the modules before are hidden, their databases dropped, and what the provider had still to do for them too.
    A customer is therefore never shared by more than a module.
    """
    if not _running:
        return
    from django.db.models import F

    from parley.obligations.models import Deadline
    from parley.tenancy import databases, models

    blocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock():
        left = models.Customer.objects.filter(kind="customer", state="active")
        gone = list(left.values_list("database", flat=True))
        left.update(state="creating", created_at=datetime.now(UTC) + timedelta(days=3650), handle=F("database"))
        with databases.administration() as admin:
            for database in gone:
                databases.forget_connections(database)
                databases.drop(database=database, admin=admin)
        models.Wake.objects.all().delete()
        models.TrunkSource.objects.all().delete()  # an address is one customer's at a time
        with tenancy.scope(tenancy.provider()):
            Deadline.objects.filter(done_at__isnull=True, failed_at__isnull=True).delete()


@pytest.fixture
def customer(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    """A fresh customer with local keys, in scope."""
    made = make_customer()
    with tenancy.scope(made):
        yield made
